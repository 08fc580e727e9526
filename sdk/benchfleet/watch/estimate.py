"""How long a run will take yet, from how long its tasks took so far."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from statistics import fmean

from benchfleet_contract.clocks import took_s
from benchfleet_contract.runs import GroupCounts, RunDetail
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task

from benchfleet.watch.groups import Demand, GroupKey, demand_of, in_flight, key_of, open_tasks

_Durations = dict[GroupKey, list[float]]


def remaining_s(run: RunDetail, tasks: Iterable[Task], *, now: datetime) -> float | None:
    """Seconds until the slowest machines are done; None without a basis.

    A group's basis is the mean duration of its own completed tasks: machines and subjects differ, so no group speaks for
    another. A demand goes on with as many tasks side by side as now, whatever their subjects.
    """
    known = list(tasks)
    durations, elapsed = _durations(known), _elapsed(known, now)
    groups: dict[Demand, list[GroupCounts]] = defaultdict(list)
    for group in run.groups:
        if open_tasks(group):
            groups[demand_of(group)].append(group)
    found = [_demand_s(mine, durations, elapsed) for mine in groups.values()]
    return max((seconds for seconds in found if seconds is not None), default=None) if None not in found else None


def _demand_s(groups: list[GroupCounts], durations: _Durations, elapsed: _Durations) -> float | None:
    """Seconds for the open tasks of one demand, a group for each subject."""
    side_by_side = sum(in_flight(group) for group in groups)
    if not side_by_side or not all(durations[key_of(group)] for group in groups):
        return None
    left_s = sum(_work_s(group, durations[key_of(group)], elapsed[key_of(group)]) for group in groups)
    return left_s / side_by_side


def _work_s(group: GroupCounts, durations: list[float], under_way: list[float]) -> float:
    """Seconds of one runner: what is left of the tasks in flight, and the whole of the others."""
    each_s = fmean(durations)
    unseen = max(0, in_flight(group) - len(under_way))
    return sum(max(0.0, each_s - seconds) for seconds in under_way) + each_s * (group.pending + unseen)


def _elapsed(tasks: Iterable[Task], now: datetime) -> _Durations:
    """Seconds since the claim, by group, of the tasks that run."""
    found: _Durations = defaultdict(list)
    for task in tasks:
        if task.status in (TaskStatus.CLAIMED, TaskStatus.RUNNING) and task.claimed_at:
            found[key_of(task)].append(max(0.0, (now - datetime.fromisoformat(task.claimed_at)).total_seconds()))
    return found


def _durations(tasks: Iterable[Task]) -> _Durations:
    """Seconds from claim to end, by group, of the tasks that completed."""
    found: _Durations = defaultdict(list)
    for task in tasks:
        seconds = took_s(task.claimed_at, task.ended_at)
        if task.status == TaskStatus.COMPLETED and seconds is not None and seconds >= 0:  # else a clock was set back
            found[key_of(task)].append(max(1.0, seconds))  # times have whole seconds
    return found
