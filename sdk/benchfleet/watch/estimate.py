"""How long a run will take yet, from how long its tasks took so far."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import fmean

from benchfleet_contract.clocks import took_s
from benchfleet_contract.runs import GroupCounts, RunDetail
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

_Durations = dict[tuple[str, str], list[float]]


def remaining_s(run: RunDetail, tasks: Iterable[Task], *, now: datetime) -> float | None:
    """Seconds until the slowest group is done; None without a basis.

    A group's basis is the mean duration of its own completed tasks: machines differ, so no group speaks for another. It
    goes on with as many tasks side by side as now.
    """
    known = list(tasks)
    durations = _durations(known)
    open_groups = [group for group in run.groups if group.pending + group.claimed + group.running]
    found = [_group_s(group, durations[_key(group)], _elapsed(known, now)) for group in open_groups]
    return max((seconds for seconds in found if seconds is not None), default=None) if None not in found else None


def _group_s(group: GroupCounts, durations: list[float], elapsed: _Durations) -> float | None:
    side_by_side = group.running + group.claimed
    if not durations or not side_by_side:
        return None
    each_s = fmean(durations)
    under_way = elapsed[_key(group)]
    unseen = max(0, side_by_side - len(under_way))
    left_s = sum(max(0.0, each_s - seconds) for seconds in under_way) + each_s * (group.pending + unseen)
    return left_s / side_by_side


def _elapsed(tasks: Iterable[Task], now: datetime) -> _Durations:
    """Seconds since the claim, by group, of the tasks that run."""
    found: _Durations = defaultdict(list)
    for task in tasks:
        if task.status in (TaskStatus.CLAIMED, TaskStatus.RUNNING) and task.claimed_at:
            found[_key(task)].append(max(0.0, (now - datetime.fromisoformat(task.claimed_at)).total_seconds()))
    return found


def _durations(tasks: Iterable[Task]) -> _Durations:
    """Seconds from claim to end, by group, of the tasks that completed."""
    found: _Durations = defaultdict(list)
    for task in tasks:
        seconds = took_s(task.claimed_at, task.ended_at)
        if task.status == TaskStatus.COMPLETED and seconds is not None and seconds >= 0:  # else a clock was set back
            found[_key(task)].append(max(1.0, seconds))  # times have whole seconds
    return found


def _key(of: GroupCounts | Task) -> tuple[str, str]:
    return of.provider, of.instance_type
