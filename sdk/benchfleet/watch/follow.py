"""Watches a run until there is nothing more to wait for."""

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus

from benchfleet.api.pacing import Pace
from benchfleet.api.waiting import asked_s, standing
from benchfleet.exceptions import BenchfleetError, ServerError, TimedOut, Unreachable
from benchfleet.watch.look import Api, Look, Looker
from benchfleet.watch.waiting import Waiting, clock_time, utc_now

TOLD_AFTER_S = 2.0  # of silence: one look that failed is no news
SILENCE_S = 600.0  # how long a control plane may give no answer
_ARCHIVE_SETTLED = frozenset({ArchiveState.READY, ArchiveState.FAILED})


class Display(Protocol):
    """Where progress is shown."""

    def note(self, text: str) -> None: ...

    def show(self, look: Look, reasons: Sequence[str]) -> None:
        """`reasons`: why some tasks wait, a line each."""


@dataclass(frozen=True)
class Clocks:
    """`clock` gives seconds, `now` the time of day, `random` 0 to 1."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = utc_now
    random: Callable[[], float] = random.random


def follow(
    api: Api,
    run_id: str,
    *,
    display: Display,
    check: Callable[[], None],
    timeout_s: float = math.inf,
    clocks: Clocks | None = None,
) -> RunDetail:
    """As `follow_looks`, with looks as light as the run's size asks for, and a `check` that needs none."""
    clocks = clocks or Clocks()
    look = Looker(api, run_id, clock=clocks.clock)
    return follow_looks(look, display=display, check=lambda _: check(), timeout_s=timeout_s, clocks=clocks)


def follow_looks(
    look: Callable[[], Look],
    *,
    display: Display,
    check: Callable[[Look | None], None],
    timeout_s: float = math.inf,
    silence_s: float = SILENCE_S,
    clocks: Clocks | None = None,
) -> RunDetail:
    """Returns the run once it has ended and its archive is ready or has failed.

    `check` is called after each look that did not end it (with None if there was no answer) and may raise: a runner
    that died, say. A control plane that does not answer is asked again, ever more seldom. Raises TimedOut after
    `timeout_s`, Unreachable after `silence_s` seconds without an answer, and what the client raises.
    """
    clocks = clocks or Clocks()
    started, last = clocks.clock(), "is not known"
    patient = _Patient(look, display=display, clocks=clocks, silence_s=silence_s)
    waiting = Waiting(now=clocks.now)
    while True:
        found = patient()
        if found is not None:
            display.show(found, waiting.reasons(found))
            last = f"{found.run.run_id} {standing(found.run)}"
            if _settled(found.run):
                return found.run
        check(found)
        elapsed = clocks.clock() - started
        if elapsed >= timeout_s:
            raise TimedOut(f"run {last}, after {timeout_s:g} s")
        clocks.sleep(min(patient.pause_s, timeout_s - elapsed))


def _settled(run: RunDetail) -> bool:
    return run.status != RunStatus.RUNNING and run.archive.state in _ARCHIVE_SETTLED


class _Patient:
    """Looks; None while the control plane gives no answer."""

    def __init__(self, look: Callable[[], Look], *, display: Display, clocks: Clocks, silence_s: float) -> None:
        self._look, self._display, self._clocks = look, display, clocks
        self._silence_s = silence_s
        self._silent_since: float | None = None
        self._told = False
        self._pace = Pace(clock=clocks.clock, random=clocks.random)
        self.pause_s = 0.0  # until the next look

    def __call__(self) -> Look | None:
        asked_at, asked = self._clocks.now(), self._clocks.clock()
        try:
            found = self._look()
        except (Unreachable, ServerError) as error:
            self._silent(error, asked_at, asked)
            return None
        if self._told and self._silent_since is not None:
            self._display.note(f"The control plane answers again, after {asked - self._silent_since:.0f} s")
        self._silent_since, self._told = None, False
        self.pause_s = self._pace.after(found.run)
        return found

    def _silent(self, error: BenchfleetError, asked_at: datetime, asked: float) -> None:
        """Says so once, after a while, and raises Unreachable when patience is out."""
        if self._silent_since is None:
            self._silent_since, self._since = asked, clock_time(asked_at)
        silent_s = self._clocks.clock() - self._silent_since
        if silent_s >= TOLD_AFTER_S and not self._told:
            self._told = True
            self._display.note(f"No answer from the control plane since {self._since}, still trying ({error})")
        if silent_s >= self._silence_s:
            raise Unreachable(f"no answer from the control plane for {silent_s / 60:.0f} min: {error}") from error
        self.pause_s = max(self._pace.after(None), asked_s(error))
