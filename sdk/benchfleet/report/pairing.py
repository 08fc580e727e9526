"""Which repeats of a run had all of its subjects on one instance. Claims do not promise it, so it is counted."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchfleet_results.boards.dimensions import machine
from benchfleet_results.boards.tasks import HAS_RESULTS, Task

from benchfleet.report.dataset import Run


@dataclass(frozen=True)
class Paired:
    """Of one machine: repeats in which every subject has a result, and those of them that ran on one known instance."""

    machine: str
    complete: int
    on_one_instance: int


def paired(tasks: Iterable[Task]) -> list[Paired]:
    """Of each machine that measured several subjects."""
    found: dict[str, dict[tuple[str, int | None], list[Task]]] = defaultdict(lambda: defaultdict(list))
    for task in (task for task in tasks if task.outcome in HAS_RESULTS):
        found[machine(task.provider, task.group.name)][task.run_id, task.repeat].append(task)
    return [one for name, repeats in found.items() if (one := _paired(name, list(repeats.values()))).complete]


def _paired(name: str, repeats: Sequence[Sequence[Task]]) -> Paired:
    subjects = {task.subject for tasks in repeats for task in tasks}
    complete = [
        {task.host for task in tasks}
        for tasks in repeats
        if len(subjects) > 1 and {task.subject for task in tasks} == subjects
    ]
    return Paired(name, len(complete), sum(len(hosts) == 1 and None not in hosts for hosts in complete))


def apart(runs: Sequence[Run], tasks: Sequence[Task]) -> Iterator[str]:
    """Of runs whose order is made for pairs: how many repeats are none."""
    mine = {run.run_id for run in runs if run.about.get("order") == "abba"}
    for one in paired(task for task in tasks if task.run_id in mine):
        if one.on_one_instance < one.complete:
            yield (
                f"{one.machine}: {one.on_one_instance} of {one.complete} repeats measured all subjects on one instance; "
                "in the others a difference may be one between instances. One runner for each instance type keeps them "
                "together (per_instance_type.instances: 1)."
            )
