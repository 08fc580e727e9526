"""Why tasks of a run wait."""

from collections.abc import Callable
from datetime import UTC, datetime

from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.runs import GroupCounts

from benchfleet.watch.look import GroupKey, Look, is_waiting

WORTH_SAYING_S = 10.0  # a runner that has just been started needs a moment


def utc_now() -> datetime:
    return datetime.now(UTC)


class Waiting:
    """Remembers since when each group waits. `now` gives an aware time."""

    def __init__(self, *, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now
        self._since: dict[GroupKey, datetime] = {}

    def reasons(self, look: Look) -> list[str]:
        """One line for each instance type whose tasks wait for long enough to be worth saying."""
        now = self._now()
        waiting = [group for group in look.run.groups if is_waiting(group)]
        keys = [(group.provider, group.instance_type) for group in waiting]
        self._since = {key: self._since.get(key, now) for key in keys}
        return [
            _reason(group, look.runners, since=self._since[key])
            for group, key in zip(waiting, keys, strict=True)
            if (now - self._since[key]).total_seconds() >= WORTH_SAYING_S
        ]


def _reason(group: GroupCounts, runners: tuple[RunnerSeen, ...] | None, *, since: datetime) -> str:
    name, at = f"{group.provider}/{group.instance_type}", clock_time(since)
    if runners is None:
        return f"{name}: nobody has taken a task since {at}"
    of_kind = [r for r in runners if (r.provider, r.instance_type) == (group.provider, group.instance_type)]
    live = sum(runner.live for runner in of_kind)
    if live:
        return f"{name}: {live} live runner{'s' if live > 1 else ''}, but no task taken since {at}"
    if of_kind:
        last = max(datetime.fromisoformat(runner.seen_at) for runner in of_kind)
        return f"{name}: no runner is live; the last one was seen at {clock_time(last)}"
    return f"{name}: no runner has come since {at}"


def clock_time(at: datetime) -> str:
    """As a person's clock says it."""
    return at.astimezone().strftime("%H:%M:%S")
