"""Watches a run until there is nothing more to wait for."""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus
from benchfleet_contract.tasks import Task

from benchfleet.client import Client
from benchfleet.exceptions import TimedOut

POLL_EVERY_S = 1.0  # seldom: the machine that is watched may be the one that measures
_ARCHIVE_SETTLED = frozenset({ArchiveState.READY, ArchiveState.FAILED})


class Display(Protocol):
    """Where progress is shown."""

    def note(self, text: str) -> None: ...

    def show(self, run: RunDetail, tasks: Sequence[Task]) -> None: ...


def follow(
    client: Client,
    run_id: str,
    *,
    display: Display,
    check: Callable[[], None],
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> RunDetail:
    """Returns the run once it has ended and its archive is ready or has failed.

    `check` is called before each look and may raise: a runner that died, say. Raises TimedOut after `timeout_s`, and
    what the client raises.
    """
    until = clock() + timeout_s
    while True:
        check()
        run = client.run(run_id)
        display.show(run, list(client.tasks(run_id)))
        if run.status != RunStatus.RUNNING and run.archive.state in _ARCHIVE_SETTLED:
            return run
        if clock() >= until:
            raise TimedOut(f"run {run_id} is {run.status}, its archive {run.archive.state}, after {timeout_s:g} s")
        sleep(POLL_EVERY_S)
