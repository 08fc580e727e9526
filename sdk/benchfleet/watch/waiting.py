"""Why tasks of a run wait: the one judgement that live progress and `runs explain` share, and its words for progress."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from benchfleet_contract.runners import RunnerSeen

from benchfleet.watch.groups import Demand, demand_of, untouched
from benchfleet.watch.machines import is_coming
from benchfleet.watch.poller import Snapshot

WORTH_SAYING_S = 10.0  # a runner that has just been started needs a moment


class Cause(StrEnum):
    NO_RUNNER = "no_runner"  # none that fits is live
    BUSY = "busy"  # those that fit have other tasks
    SOON = "soon"  # one that fits is free, and will ask


@dataclass(frozen=True)
class Wait:
    """Pending tasks of one demand, of all subjects, and the runners that fit it, live or not."""

    demand: Demand
    pending: int
    fitting: tuple[RunnerSeen, ...]

    @classmethod
    def of(cls, demand: Demand, pending: int, runners: Iterable[RunnerSeen]) -> "Wait":
        return cls(demand, pending, tuple(runner for runner in runners if demand_of(runner) == demand))

    @property
    def live(self) -> list[RunnerSeen]:
        return [runner for runner in self.fitting if runner.live]

    @property
    def idle(self) -> list[RunnerSeen]:
        return [runner for runner in self.live if not runner.task_ids]

    @property
    def cause(self) -> Cause:
        if not self.live:
            return Cause.NO_RUNNER
        return Cause.SOON if self.idle else Cause.BUSY

    @property
    def last_seen(self) -> str | None:
        """ISO 8601: when the last fitting runner was heard of."""
        return max((runner.seen_at for runner in self.fitting), default=None)


def utc_now() -> datetime:
    return datetime.now(UTC)


class WaitReasons:
    """Remembers since when each demand waits. `now` gives an aware time."""

    def __init__(self, *, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._since: dict[Demand, datetime] = {}

    def of(self, snapshot: Snapshot) -> list[str]:
        """One line for each instance type whose tasks wait for long enough to be worth saying."""
        now, waiting = self._now(), untouched(snapshot.run.groups)
        self._since = {demand: self._since.get(demand, now) for demand in waiting}
        return [
            _reason(demand, pending, snapshot.runners, since=self._since[demand])
            for demand, pending in waiting.items()
            if (now - self._since[demand]).total_seconds() >= WORTH_SAYING_S and not _is_coming(demand, snapshot)
        ]


def _is_coming(demand: Demand, snapshot: Snapshot) -> bool:
    """Is a machine for it on its way? That is told of the machine itself."""
    return any(demand_of(each) == demand and is_coming(each) for each in snapshot.launches)


def _reason(demand: Demand, pending: int, runners: tuple[RunnerSeen, ...] | None, *, since: datetime) -> str:
    at = clock_time(since)
    if runners is None:
        return f"{demand}: nobody has taken a task since {at}"
    wait = Wait.of(demand, pending, runners)
    if live := len(wait.live):
        return f"{demand}: {live} live runner{'s' if live > 1 else ''}, but no task taken since {at}"
    if wait.last_seen:
        last = datetime.fromisoformat(wait.last_seen)
        return f"{demand}: no runner is live; the last one was seen at {clock_time(last)}"
    return f"{demand}: no runner has come since {at}"


def clock_time(at: datetime) -> str:
    """As a person's clock says it."""
    return at.astimezone().strftime("%H:%M:%S")
