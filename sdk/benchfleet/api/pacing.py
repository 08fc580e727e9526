"""When to look at a run again: soon after a change, then ever more seldom, up to a bound."""

from collections.abc import Callable

from benchfleet_contract.runs import RunDetail

FIRST_PAUSE_S = 0.5  # after a change another one is near: claimed and running, the last task and the archive
GROWTH = 1.5
STEADY_PAUSE_S = 2.0  # so late at most is the end of a run seen that has changed within two minutes
LONGEST_PAUSE_S = 5.0
SHARE = 60  # of longer times a sixtieth: an hour's run is not bothered by a look each two seconds
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
        """Seconds to the next look, after one that showed `run`; None: it got no answer."""
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
