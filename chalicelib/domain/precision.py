"""Which groups of a run with a goal have measured enough, and which of their tasks are not needed. Pure.

Subjects that take turns on a machine stop together, as their samples are compared pair by pair; those that come one after
the other stop one by one. A repeat that has begun is finished: what is left of it belongs to what was measured already.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchfleet_contract.states import StopReason, TaskStatus
from benchfleet_results.statistics.sequential import LEAST_INSTANCES, Execution, Precision, common, precision, reached
from benchfleet_results.summary import Board, deciding

from chalicelib.domain.ports import Measured
from chalicelib.domain.records import Goal, Run, Stop, Task
from chalicelib.domain.transitions import OPEN

Cell = tuple[int, str | None]  # a group's ordinal and an alias: what a report tells apart
_WEIGHTS = {StopReason.PRECISION: 0, StopReason.TASKS: 1, StopReason.TIME: 2}


def stops(run: Run, tasks: Sequence[Task], measured: Iterable[Measured], *, now_ms: int) -> dict[int, Stop]:
    """Of the groups that have none yet, those that need no more tasks, by ordinal. Empty for a run without a goal.

    `tasks` are all of the run's. What was measured by another attempt than the accepted one counts for nothing.
    """
    if run.goal is None:
        return {}
    known = _Known(run, tasks, measured)
    found: dict[int, Stop] = {}
    for groups in _together(run):
        fresh = [group for group in groups if group not in run.stops]
        states = {group: known.of(group) for group in groups} if fresh else {}
        if reason := _reason(run, run.goal, states, known, now_ms=now_ms) if fresh else None:
            found |= {group: replace(states[group], reason=reason, at_ms=now_ms) for group in fresh}
    return found


def not_needed(run: Run, tasks: Sequence[Task]) -> list[tuple[Task, StopReason]]:
    """The pending tasks of groups that have stopped, but for those of repeats that have begun; the last ones first."""
    begun = {_repeat(run, task) for task in tasks if task.status not in (TaskStatus.PENDING, TaskStatus.CANCELLED)}
    return [
        (task, run.stops[task.group].reason)
        for task in reversed(tasks)
        if task.status is TaskStatus.PENDING and task.group in run.stops and _repeat(run, task) not in begun
    ]


def why(run: Run) -> StopReason | None:
    """Why the run as a whole took no more tasks: the reason of the group that got least of what was asked for."""
    return max((stop.reason for stop in run.stops.values()), key=_WEIGHTS.__getitem__, default=None)


@dataclass(frozen=True)
class _State(Stop):
    """What is known of a group now. `precise`: is every interval of it narrow enough?"""

    precise: bool = False


class _Known:
    """What was measured, sorted out."""

    def __init__(self, run: Run, tasks: Sequence[Task], measured: Iterable[Measured]) -> None:
        self._goal = run.goal
        by_attempt = {(one.number, one.attempt): one for one in measured if one.boards}
        self.open = Counter(task.group for task in tasks if task.status in OPEN)
        self.pending = Counter(task.group for task in tasks if task.status is TaskStatus.PENDING)
        cells: dict[Cell, list[dict[Board, Execution]]] = defaultdict(list)
        runners: dict[Cell, list[str | None]] = defaultdict(list)
        for cell, parts in _executions(run, tasks):
            found = [by_attempt[key] for task in parts if (key := (task.number, task.attempt)) in by_attempt]
            if found:
                cells[cell].append(_pooled(found))
                runners[cell].append(parts[0].runner_id)
        self._cells = {cell: _placed(found, runners[cell]) for cell, found in cells.items()}
        boards = deciding(board for cell in self._cells.values() for one in cell for board in one)
        self._shared = {board: self._common(board) for board in boards}

    def of(self, group: int) -> _State:
        """Of the widest interval that a report will have of the group."""
        cells = [cell for (ordinal, _), cell in sorted(self._cells.items(), key=repr) if ordinal == group]
        found = [one for cell in cells for one in self._precisions(cell)]
        widths = [one.half_width for one in found]
        known = [width for width in widths if width is not None]
        whole = bool(found) and len(known) == len(widths)
        precise = whole and self._goal is not None and all(
            reached(one, target=self._goal.target, pilot=self._goal.pilot) for one in found
        )  # fmt: skip
        tasks = min(map(len, cells), default=0)
        return _State(StopReason.TASKS, 0, tasks, max(known) if whole else None, precise=precise)

    def _precisions(self, cell: Sequence[Mapping[Board, Execution]]) -> Iterator[Precision]:
        for board, shared in self._shared.items():
            executions = [one[board] for one in cell if board in one]
            if executions and shared:
                yield precision(executions, sorted(shared))

    def _common(self, board: Board) -> frozenset[str]:
        """The benchmarks that a ranking goes by: those that all cells have which have any."""
        sets = [
            common(executions)
            for cell in self._cells.values()
            if (executions := [one[board] for one in cell if board in one])
        ]
        return frozenset.intersection(*sets) if sets else frozenset()


def _reason(run: Run, goal: Goal, states: Mapping[int, _State], known: _Known, *, now_ms: int) -> StopReason | None:
    """Why these groups stop now, if they do."""
    if all(state.precise for state in states.values()):
        return StopReason.PRECISION
    if not any(known.open[group] for group in states):
        return StopReason.TASKS
    over = goal.max_time_s is not None and now_ms >= run.created_ms + goal.max_time_s * 1000
    return StopReason.TIME if over and any(known.pending[group] for group in states) else None


def _together(run: Run) -> list[list[int]]:
    """The ordinals of groups that stop at once: those of a machine where its subjects take turns."""
    if run.order == "grouped":
        return [[ordinal] for ordinal in range(len(run.groups))]
    return [[ordinal for ordinal, _ in run.groups_of(demand)] for demand in run.demands]


def _repeat(run: Run, task: Task) -> Hashable:
    """The repeat that the task is part of. An instance that is listed twice has two of each number."""
    subjects = len({group.subject for group in run.groups})
    position = (task.number - 1) // (run.tasks_per_instance * run.shards * subjects)
    return position, task.run_number, task.subject if run.order == "grouped" else None


def _executions(run: Run, tasks: Iterable[Task]) -> Iterator[tuple[Cell, list[Task]]]:
    """The completed tasks of each execution of which all parts have ended; a task that was not split is one by itself."""
    found: dict[Hashable, list[Task]] = defaultdict(list)
    for task in tasks:
        key = (_repeat(run, task), task.group) if task.part is not None else task.number
        found[key].append(task)
    for parts in found.values():
        completed = [task for task in parts if task.status is TaskStatus.COMPLETED]
        if completed and not any(task.status in OPEN for task in parts):
            yield (parts[0].group, parts[0].alias), completed


def _pooled(parts: Sequence[Measured]) -> dict[Board, Execution]:
    """What the parts of one execution measured, together. Parts on several instances are of none."""
    instances = {one.instance for one in parts}
    instance = instances.pop() if len(instances) == 1 else None
    costs: dict[Board, dict[str, float]] = defaultdict(dict)
    steps: dict[Board, dict[str, float]] = defaultdict(dict)
    for one in parts:
        for board, values in one.boards.items():
            costs[Board(*board)] |= values
            steps[Board(*board)] |= one.steps.get(board, {})
    return {board: Execution(instance, values, steps[board]) for board, values in costs.items()}


def _placed(found: list[dict[Board, Execution]], runners: Sequence[str | None]) -> list[dict[Board, Execution]]:
    """Where fewer than two instances are known, a runner that does not tell its own stands for one.

    A report would take the tasks of such runners for independent; a run must not end by that. Beside two that are known,
    all that is unknown is one more, as in a report: runners may share an instance, and more of them would be a pretence.
    """
    known = {execution.instance for one in found for execution in one.values()} - {None}
    if len(known) >= LEAST_INSTANCES:
        return found
    return [
        {board: execution._replace(instance=execution.instance or runner) for board, execution in one.items()}
        for one, runner in zip(found, runners, strict=True)
    ]
