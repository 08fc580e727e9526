"""What failed in a run and not in its baseline: benchmarks of tasks that gave a result, and whole tasks."""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.grouping import BoardKey
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
    return sorted(f"{identity(*group[:3])}: {lost[group]} of {all_of[group]} tasks" for group in found)
