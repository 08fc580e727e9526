"""When to poll a run again, and when to give up: for the loop that is awaited and for the one that blocks.

Soon after a change, then ever more seldom, up to a bound. Nothing here sends or sleeps.
"""

import math
from collections.abc import Callable

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState

from benchfleet.exceptions import BenchfleetError, ServerError, TimedOut

FIRST_PAUSE_S = 0.5  # after a change another one is near: claimed and running, the last task and the archive
GROWTH = 1.5
STEADY_PAUSE_S = 2.0  # so late at most is the end of a run seen that has changed within two minutes
LONGEST_PAUSE_S = 5.0
SHARE = 60  # of longer times a sixtieth: an hour's run is not bothered by a poll each two seconds
LONGEST_ASKED_PAUSE_S = 300.0  # a server, or a proxy in front of it, may ask for years: no poll waits for so long
SILENT_PAUSE_S = 15.0  # the longest while no answer comes
JITTER = 0.2  # up to so much shorter is each pause: those that began together, or were refused together, part
_FIRST_SILENT_PAUSE_S = 1.0


class Pace:
    """Knows what was seen last, and when that changed. `clock` gives seconds, `random` 0 to 1."""

    def __init__(self, *, clock: Callable[[], float], random: Callable[[], float]) -> None:
        self._clock, self._random = clock, random
        self._began_s = self._changed_s = clock()
        self._seen: object = None
        self._pause_s, self._silent_s = FIRST_PAUSE_S, _FIRST_SILENT_PAUSE_S

    def after(self, run: RunDetail | None) -> float:
        """Seconds to the next poll, after one that showed `run`; None: it got no response."""
        pause_s = self._after_silence() if run is None else self._after_answer(run)
        return pause_s * (1 - JITTER + JITTER * self._random())

    def _after_silence(self) -> float:
        pause_s, self._silent_s = self._silent_s, min(self._silent_s * 2, SILENT_PAUSE_S)
        return pause_s

    def _after_answer(self, run: RunDetail) -> float:
        now_s, seen = self._clock(), (run.status, run.archive.state, run.tasks, run.groups)
        self._silent_s = _FIRST_SILENT_PAUSE_S
        self._pause_s = min(self._pause_s * GROWTH, LONGEST_PAUSE_S)
        if seen != self._seen:
            self._seen, self._changed_s, self._pause_s = seen, now_s, FIRST_PAUSE_S
        age_s = now_s - self._began_s
        still_s = age_s if run.tasks.pending else now_s - self._changed_s  # the end is far while tasks are to be had
        longest_s = min(max(STEADY_PAUSE_S, still_s / SHARE), LONGEST_PAUSE_S)
        return min(max(self._pause_s, age_s / SHARE), longest_s)


class PollSchedule:
    """Begins now. `timeout_s` None: without an end."""

    def __init__(
        self, run_id: str, *, timeout_s: float | None, clock: Callable[[], float], random: Callable[[], float]
    ) -> None:
        self._run_id = run_id
        self._timeout_s = math.inf if timeout_s is None else timeout_s
        self._clock, self._began_s = clock, clock()
        self._pace = Pace(clock=clock, random=random)

    @property
    def waited_s(self) -> float:
        return self._clock() - self._began_s

    @property
    def left_s(self) -> float:
        return self._timeout_s - self.waited_s

    def pause_s(self, run: RunDetail | None, problem: BenchfleetError | None) -> float:
        """Seconds to the next poll, after one that failed with `problem`, or showed `run` (else the last one known).

        At least as many as the server asked for (up to five minutes), at most as many as are left. Raises TimedOut when
        none are.
        """
        left_s = self.left_s
        if left_s <= 0:
            raise self._timed_out(run, problem)
        pause_s = self._pace.after(None if problem else run)
        asked_s = problem.retry_after_s if isinstance(problem, ServerError) else None
        return min(max(pause_s, min(asked_s or 0.0, LONGEST_ASKED_PAUSE_S)), left_s)

    def _timed_out(self, run: RunDetail | None, problem: BenchfleetError | None) -> TimedOut:
        state = _standing(run) if run else "could not be read"
        trouble = f"; the last poll failed: {problem}" if problem else ""
        return TimedOut(f"run {self._run_id} {state}, after {self._timeout_s:g} s{trouble}")


def is_done(run: RunDetail) -> bool:
    """Nothing more will come: the run has ended, and its archive is ready or has failed."""
    return run.status.is_over and run.archive.state.is_settled


def _standing(run: RunDetail) -> str:
    """How a run is, in words that follow its name."""
    archive = "has no archive yet" if run.archive.state == ArchiveState.NONE else f"its archive is {run.archive.state}"
    return f"is {run.status} and {archive}"
