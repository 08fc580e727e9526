"""Polls a run until there is nothing more to wait for, shows what it sees, and rides out a control plane that is silent."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from benchfleet_contract.runs import RunDetail

from benchfleet.api.pacing import PollSchedule, is_done
from benchfleet.exceptions import BenchfleetError, ServerError, Unreachable
from benchfleet.watch.poller import Api, RunPoller, Snapshot
from benchfleet.watch.waiting import WaitReasons, clock_time, utc_now

TOLD_AFTER_S = 2.0  # of silence: a single failed poll is not reported
SILENCE_S = 600.0  # how long a control plane may not respond


class Display(Protocol):
    """Where progress is shown."""

    def note(self, text: str) -> None: ...

    def show(self, snapshot: Snapshot, reasons: Sequence[str]) -> None:
        """`reasons`: why some tasks wait, a line each."""


@dataclass(frozen=True)
class Clocks:
    """`clock` gives seconds, `now` the time of day, `random` 0 to 1."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now
    random: Callable[[], float] = random.random


def watch_run(
    api: Api, run_id: str, *, display: Display, timeout_s: float | None = None, clocks: Clocks | None = None
) -> RunDetail:
    """As `poll_until_done`, with polls as light as the run's size asks for."""
    clocks = clocks or Clocks()
    poller = RunPoller(api, run_id, clock=clocks.clock)
    return poll_until_done(run_id, poller.poll, display=display, timeout_s=timeout_s, clocks=clocks)


def poll_until_done(
    run_id: str,
    poll: Callable[[], Snapshot],
    *,
    display: Display,
    check: Callable[[Snapshot | None], None] = lambda snapshot: None,
    timeout_s: float | None = None,
    silence_s: float = SILENCE_S,
    clocks: Clocks | None = None,
) -> RunDetail:
    """Returns the run once it has ended and its archive is ready or has failed.

    `check` is called after each poll that did not end it (with None if it failed) and may raise: a runner that died, say.
    A control plane that does not respond is polled on, ever more seldom. Raises TimedOut after `timeout_s` (None: never),
    Unreachable after `silence_s` seconds without a response, and what the client raises.
    """
    clocks = clocks or Clocks()
    schedule = PollSchedule(run_id, timeout_s=timeout_s, clock=clocks.clock, random=clocks.random)
    silence, reasons = _Silence(display, clocks, longest_s=silence_s), WaitReasons(now=clocks.now)
    run: RunDetail | None = None
    while True:
        snapshot, problem = silence.over(poll)
        if snapshot is not None:
            run = snapshot.run
            display.show(snapshot, reasons.of(snapshot))
            if is_done(run):
                return run
        check(snapshot)
        clocks.sleep(schedule.pause_s(run, problem))


class _Silence:
    """How long the control plane has not responded. Says so once, after a while, and when it is over."""

    def __init__(self, display: Display, clocks: Clocks, *, longest_s: float) -> None:
        self._display, self._clocks, self._longest_s = display, clocks, longest_s
        self._since_s: float | None = None
        self._since = ""
        self._told = False

    def over(self, poll: Callable[[], Snapshot]) -> tuple[Snapshot | None, BenchfleetError | None]:
        """What `poll` gives, or why it failed. Raises Unreachable when the silence is too long."""
        asked_at, asked_s = self._clocks.now(), self._clocks.clock()
        try:
            snapshot = poll()
        except (Unreachable, ServerError) as error:
            self._goes_on(error, asked_at, asked_s)
            return None, error
        if self._told and self._since_s is not None:
            self._display.note(f"The control plane responds again, after {asked_s - self._since_s:.0f} s")
        self._since_s, self._told = None, False
        return snapshot, None

    def _goes_on(self, error: BenchfleetError, asked_at: datetime, asked_s: float) -> None:
        if self._since_s is None:
            self._since_s, self._since = asked_s, clock_time(asked_at)
        silent_s = self._clocks.clock() - self._since_s
        if silent_s >= TOLD_AFTER_S and not self._told:
            self._told = True
            self._display.note(f"No response from the control plane since {self._since}, still trying ({error})")
        if silent_s >= self._longest_s:
            raise Unreachable(f"no answer from the control plane for {silent_s / 60:.0f} min: {error}") from error
