"""What failed in a run and not in its baseline: benchmarks of tasks with a result, whole tasks, and what was lost silently."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.grouping import BoardData, BoardKey, Measured
from benchfleet_results.boards.tasks import UNKNOWN, GroupKey, Outcome, Task
from benchfleet_results.series import Series

from benchfleet.report.printing import printable

Thing = tuple[GroupKey, BoardKey, Series]
_LOST: frozenset[Outcome] = frozenset({"failed", "cancelled", "empty"})  # of the others the gate says more


def failed_benchmarks(new: Sequence[Task], old: Sequence[Task], measured: AbstractSet[Thing]) -> list[str]:
    """Benchmarks that failed now and not before: where the baseline measured them, something broke."""
    known = {(group, series.benchmark, series.variant) for group, _, series in measured}
    now, before = (
        {(task.group, one.benchmark, one.variant) for task in side for one in task.failures} for side in (new, old)
    )
    return sorted(
        f"{identity(*group[:3])}: {printable(name)} ({printable(variant)})"
        for group, name, variant in (now - before) & known
    )


def failed_tasks(new: Sequence[Task], old: Sequence[Task], measured: AbstractSet[Thing]) -> list[str]:
    """Of each group that the baseline measured, and lost no task of: a benchmark that fails at once leaves no result at all.

    So does one that a stopped run never began. A task that does not say where it ran may be of any group.
    """
    groups = {group for group, _, _ in measured}
    all_of = Counter(task.group for task in new)
    lost = Counter(task.group for task in new if task.outcome in _LOST)
    before = {task.group for task in old if task.outcome in _LOST}
    found = {group for group in lost.keys() - before if group in groups or (groups and group.provider == UNKNOWN)}
    return sorted(f"{identity(*group[:3])}: {lost[group]} of {all_of[group]} tasks gave nothing" for group in found)


def lost_benchmarks(new: Sequence[BoardData], old: Sequence[BoardData], told: AbstractSet[str]) -> Iterator[str]:
    """What fewer tasks measured than in the baseline, though they gave a result: who crashes may tell no failure.

    It is more of them and a larger share: neither a run of other length nor one lost result each is a difference. Metrics of a
    benchmark are named where not all are lost alike. `told` failures are not told twice.
    """
    now, before = _measured(new), _measured(old)
    metrics: dict[tuple[str, str], set[str]] = defaultdict(set)
    every: dict[str, set[str]] = defaultdict(set)
    for thing in sorted(now.keys() & before.keys()):
        (group, key, series), found = thing, _fewer(now[thing], before[thing])
        name = f"{identity(*group[:3])}: {printable(series.benchmark)} ({printable(key.variant)})"
        every[name].add(key.metric)
        if found and name not in told:
            metrics[name, found].add(key.metric)
    for (name, found), lost in metrics.items():
        which = "" if lost == every[name] else f", {', '.join(map(printable, sorted(lost)))}"
        yield f"{name}{which}, {found}"


def _measured(boards: Sequence[BoardData]) -> Mapping[Thing, Measured]:
    return {
        (group, board.key, series): one
        for board in boards
        if not board.key.not_compared
        for group, data in board.groups.items()
        for series, one in data.series.items()
    }


def _fewer(new: Measured, old: Measured) -> str | None:
    (mine, all_mine), (theirs, all_theirs) = ((len(one.taken), one.peers.executions) for one in (new, old))
    more = all_mine - mine > all_theirs - theirs
    if not more or mine * all_theirs >= theirs * all_mine:
        return None
    return f"measured by {mine} of {all_mine} tasks, in the baseline by {theirs} of {all_theirs}"
