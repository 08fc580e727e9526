"""One execution of the work: a task, or the tasks that did the parts of one repeat."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

from benchfleet_results.boards.tasks import HAS_RESULTS, Task, by_execution
from benchfleet_results.pooling import executions
from benchfleet_results.series import Samples, Series


@dataclass(frozen=True)
class Execution:
    """`task` is the first of its parts. `instances`: where each series was measured; None where that is not recorded.

    Executions of one `moment` ran beside each other or in turns: the repeat of a run on a machine.
    """

    task: Task
    samples: tuple[Samples, ...]
    instances: Mapping[Series, str | None]
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
    pooled = executions((key, task.samples) for key, task in kept)
    seen: Counter[Hashable] = Counter()
    found: list[Execution] = []
    for key, samples in pooled.items():
        where = {series: _place(hosts) for series, hosts in places[key].items()}
        repeat = first[key].run_id, first[key].group, first[key].repeat
        found.append(Execution(first[key], samples, where, again=seen[repeat]))
        seen[repeat] += 1
    return found


def _place(found: list[str | None]) -> str | None:
    """Where parts of one series ran on several instances, those together are its place."""
    names = [name for name in dict.fromkeys(found) if name is not None]
    return " + ".join(names) if len(names) == len(set(found)) else None
