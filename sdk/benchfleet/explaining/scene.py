"""What is known when a judgement is made, and the few questions that are asked of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchfleet_contract.launches import LaunchView
from benchfleet_contract.limits import HEARTBEAT_EVERY_S
from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import LogTail
from benchfleet.watch.durations import span
from benchfleet.watch.groups import Demand, demand_of
from benchfleet.watch.waiting import Wait

_SHOWN = 20  # task ids of a finding


@dataclass(frozen=True)
class Scene:
    """`now` is aware. `tails` are logs by task id. `api_url` goes into the commands that are proposed."""

    run: RunDetail
    tasks: Sequence[Task]
    runners: Sequence[RunnerSeen]
    now: datetime
    tails: Mapping[str, LogTail] = field(default_factory=dict)
    api_url: str | None = None
    some_runners: bool = False  # the API knows more runners than it told of
    sampled: bool = False  # `tasks` are a part of the run's
    launches: Sequence[LaunchView] = ()  # machines that the control plane brings

    def ago(self, at: str) -> str:
        """`4 min ago`; a clock that is ahead of the server's says `just now`."""
        seconds = self.seconds_since(at)
        return f"{span(seconds)} ago" if seconds >= 1 else "just now"

    def seconds_since(self, at: str) -> float:
        return (self.now - datetime.fromisoformat(at)).total_seconds()

    def waits(self) -> list[Wait]:
        """One for each demand with pending tasks: of a run that was read in part, the counters know more than that part."""
        found = Counter(demand_of(task) for task in self.tasks if task.status == "pending")
        if self.sampled:
            counted: Counter[Demand] = Counter()
            for group in self.run.groups:
                counted[demand_of(group)] += group.pending
            found |= counted  # the larger number of both
        return [Wait.of(demand, number, self.runners) for demand, number in found.items() if number]

    def last_seen(self, wait: Wait) -> str | None:
        """When a runner that fits was last heard of, as far as runners and tasks tell."""
        mine = [task for task in self.tasks if demand_of(task) == wait.demand and task.runner_id]
        return max(
            (at for at in (*(task.heartbeat_at or task.ended_at for task in mine), wait.last_seen) if at), default=None
        )

    @property
    def beat_every(self) -> timedelta:
        return timedelta(seconds=min(float(HEARTBEAT_EVERY_S), self.run.lease_s / 4))

    @property
    def silence_s(self) -> float:
        """From when on a runner counts as silent: two beats are missing, and whole seconds on the wire are forgiven."""
        return 2 * self.beat_every.total_seconds() + 2


def number(task_id: str) -> int:
    return int(task_id.rpartition(".")[2])


def first_ids(tasks: Iterable[Task]) -> list[str]:
    return sorted((task.id for task in tasks), key=number)[:_SHOWN]


def count(amount: int, what: str) -> str:
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def verb(amount: int, one: str, many: str) -> str:
    return one if amount == 1 else many


def subjects_of(tasks: Iterable[Task]) -> list[str]:
    """In order of their names; empty in a run that names none."""
    return sorted({task.subject for task in tasks if task.subject})


def of_subjects(tasks: Sequence[Task]) -> str:
    """` of ruby-3.4`, ` of 2 subjects`, or nothing: in words that follow a number of tasks."""
    names = subjects_of(tasks)
    return f" of {names[0]}" if len(names) == 1 else f" of {len(names)} subjects" if names else ""
