"""One execution of the work: a task, or the tasks that did the parts of one repeat."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task, by_execution
from benchfleet_results.pooling import executions
from benchfleet_results.series import Samples, Series


@dataclass(frozen=True)
class Peers:
    """The executions of a group that have a result and were to measure a series, whether or not they did, and the known instances
    of those.
    """

    executions: int
    instances: frozenset[str]

    def __add__(self, other: "Peers") -> "Peers":
        """Of two runs."""
        return Peers(self.executions + other.executions, self.instances | other.instances)


@dataclass(frozen=True)
class Execution:
    """`task` is the first of its parts. `instances`: where each series was measured; None where that is not recorded.

    `peers`: of its run. Executions of one `moment` ran beside each other or in turns: the repeat of a run on a machine.
    """

    task: Task
    samples: tuple[Samples, ...]
    instances: Mapping[Series, str | None]
    peers: Mapping[Series, Peers]
    again: int = 0  # executions of the same repeat before it

    @property
    def moment(self) -> Hashable:
        """Without a known instance nothing says that two tasks shared anything: then it is the execution's own."""
        task = self.task
        if task.repeat is None or task.host is None:
            return task.run_id, task.number, task.folder
        return task.run_id, task.provider, task.group.name, task.repeat, self.again


def whole_executions(tasks: Iterable[Task]) -> list[Execution]:
    """One for each execution with a result: what its parts measured is put together."""
    kept = list(by_execution(task for task in tasks if task.outcome in HAS_RESULTS))
    first = {key: task for key, task in reversed(kept)}
    places: dict[Hashable, dict[Series, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    for key, task in kept:
        for one in task.samples:
            places[key][one.series].append(task.host)
    peers = _peers(kept)
    pooled = executions((key, task.samples) for key, task in kept)
    seen: Counter[Hashable] = Counter()
    found: list[Execution] = []
    for key, samples in pooled.items():
        where = {series: _place(hosts) for series, hosts in places[key].items()}
        group = first[key].run_id, first[key].group
        repeat = *group, first[key].repeat
        found.append(Execution(first[key], samples, where, peers[group], again=seen[repeat]))
        seen[repeat] += 1
    return found


def _peers(kept: Sequence[tuple[Hashable, Task]]) -> dict[tuple[str, GroupKey], dict[Series, Peers]]:
    """Of each group of a run. What any task measured, all tasks of the group were to measure that do the same part."""
    doing: dict[tuple[str, GroupKey], dict[str | None, list[tuple[Hashable, Task]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for key, task in kept:
        doing[task.run_id, task.group][task.part].append((key, task))
    return {group: _of_parts(parts) for group, parts in doing.items()}


def _of_parts(parts: Mapping[str | None, Sequence[tuple[Hashable, Task]]]) -> dict[Series, Peers]:
    """The same object for all series of the same parts: where each task has benchmarks of its own, there are many."""
    having: dict[Series, tuple[str | None, ...]] = defaultdict(tuple)
    for part, mine in parts.items():
        for series in {one.series for _, task in mine for one in task.samples}:
            having[series] += (part,)
    found = {which: _peers_of([one for part in which for one in parts[part]]) for which in set(having.values())}
    return {series: found[which] for series, which in having.items()}


def _peers_of(kept: Sequence[tuple[Hashable, Task]]) -> Peers:
    return Peers(len({key for key, _ in kept}), frozenset(task.host for _, task in kept if task.host is not None))


def _place(found: list[str | None]) -> str | None:
    """Where parts of one series ran on several instances, those together are its place."""
    names = [name for name in dict.fromkeys(found) if name is not None]
    return " + ".join(names) if len(names) == len(set(found)) else None
