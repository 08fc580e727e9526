"""What was read from results folders, before anything is computed."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from benchfleet_results.series import Failure, Samples

Outcome = Literal["measured", "partial", "failed", "cancelled", "missing", "corrupt", "unreadable", "empty"]
UNKNOWN = "unknown"  # a provider that no metadata names
HAS_RESULTS: frozenset[Outcome] = frozenset({"measured", "partial"})


class GroupKey(NamedTuple):
    """What is compared: tasks of one machine (a provider, and the alias or else the instance type) and one subject.

    `subject` is None in runs without subjects. `variant` is set where variants are compared with each other.
    """

    provider: str
    name: str
    subject: str | None = None
    variant: str | None = None


@dataclass(frozen=True)
class Task:
    """`host` is the identity of the instance that it ran on; None: not recorded. `environment` is flat: name → value.

    `conditions` are numbers about the time around it (see `report/quality/reading`), without what was not recorded. `options` are
    None where no metadata has them; `pinned` are the cores that it was bound to.
    """

    run_id: str
    number: int | None
    folder: str
    provider: str
    instance_type: str
    alias: str | None
    outcome: Outcome
    reason: str | None
    samples: tuple[Samples, ...] = ()
    failures: tuple[Failure, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    clock: str | None = None  # what the runner says of its clock, where that was set back
    subject: str | None = None
    part: str | None = None  # such as `2/3`, where one execution was split over tasks
    repeat: int | None = None
    notes: tuple[str, ...] = ()  # what its result says of itself
    busy_slots: int | None = None  # of its runner, that had a task at one time: the most, this one included
    conditions: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] | None = None
    pinned: frozenset[int] | None = None
    logical_cores: int | None = None

    @property
    def group(self) -> GroupKey:
        return GroupKey(self.provider, self.alias or self.instance_type, self.subject)

    @property
    def execution(self) -> Hashable:
        """What the parts of one repeat have in common; a task that was not split is an execution of its own."""
        if self.part is None or self.repeat is None:
            return self.run_id, self.number, self.folder
        return self.run_id, self.group, self.repeat


def by_execution(tasks: Iterable[Task]) -> Iterator[tuple[Hashable, Task]]:
    """Each task with its execution. No execution has a part twice: the second one belongs to another of that name."""
    seen: Counter[tuple[Hashable, str | None]] = Counter()
    for task in tasks:
        part = task.execution, task.part
        yield (task.execution, seen[part]), task
        seen[part] += 1


def by_group(tasks: Sequence[Task]) -> dict[GroupKey, list[Task]]:
    """Those with a result, in the order of first appearance."""
    found: dict[GroupKey, list[Task]] = defaultdict(list)
    for task in (task for task in tasks if task.outcome in HAS_RESULTS):
        found[task.group].append(task)
    return found
