"""What is known when a judgement is made, and the few questions that are asked of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchfleet_contract.limits import HEARTBEAT_EVERY_S
from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import LogTail

GroupKey = tuple[str, str]  # provider, instance type
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

    def ago(self, at: str) -> str:
        """`4 min ago`; a clock that is ahead of the server's says `just now`."""
        seconds = self.seconds_since(at)
        return f"{span(seconds)} ago" if seconds >= 1 else "just now"

    def seconds_since(self, at: str) -> float:
        return (self.now - datetime.fromisoformat(at)).total_seconds()

    def fitting(self, key: GroupKey) -> list[RunnerSeen]:
        """Runners of this kind, live or not."""
        return [runner for runner in self.runners if (runner.provider, runner.instance_type) == key]

    def pending(self) -> dict[GroupKey, int]:
        """Pending tasks of each kind: of a run that was looked at in part, the counters know more than that part."""
        found = Counter(key_of(task) for task in self.tasks if task.status == "pending")
        if self.sampled:
            for group in self.run.groups:
                key = (group.provider, group.instance_type)
                found[key] = max(found[key], group.pending)
        return {key: number for key, number in found.items() if number}

    def last_seen(self, key: GroupKey) -> str | None:
        """When a runner of this kind was last heard of, as far as runners and tasks tell."""
        beats = [task.heartbeat_at or task.ended_at for task in self.tasks if key_of(task) == key and task.runner_id]
        seen = [runner.seen_at for runner in self.fitting(key)]
        return max((at for at in (*beats, *seen) if at), default=None)

    @property
    def beat_every(self) -> timedelta:
        return timedelta(seconds=min(float(HEARTBEAT_EVERY_S), self.run.lease_s / 4))

    @property
    def silence_s(self) -> float:
        """From when on a runner counts as silent: two beats are missing, and whole seconds on the wire are forgiven."""
        return 2 * self.beat_every.total_seconds() + 2


def key_of(task: Task) -> GroupKey:
    return task.provider, task.instance_type


def kind_name(key: GroupKey) -> str:
    return "/".join(key)


def number(task_id: str) -> int:
    return int(task_id.rpartition(".")[2])


def first_ids(tasks: Iterable[Task]) -> list[str]:
    return sorted((task.id for task in tasks), key=number)[:_SHOWN]


def count(amount: int, what: str) -> str:
    return f"{amount:,} {what}{'' if amount == 1 else 's'}"


def verb(amount: int, one: str, many: str) -> str:
    return one if amount == 1 else many


def span(seconds: float) -> str:
    """`95 s`, `12 min`, `3 h`, `2 d`: two minutes are still told in seconds, as leases are."""
    for size, name in ((172_800, "d"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{int(seconds // {'d': 86_400, 'h': 3_600, 'min': 60}[name])} {name}"
    return f"{max(0, int(seconds))} s"
