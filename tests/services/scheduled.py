"""The services of schedules over tables in this process: EventBridge is a set of names, the queue two lists."""

from collections.abc import Mapping
from typing import Any

from benchfleet_contract.schedules import ScheduleDetail

from chalicelib.archive.schedule_bodies import ScheduleBodies
from chalicelib.domain.errors import InvalidSchedule, ScheduleNotFound
from chalicelib.domain.schedule_ports import Delivery, NotDelivered
from chalicelib.domain.scheduling import Schedule, Target
from chalicelib.services.runs.create_run import check_run
from chalicelib.services.schedules.advance_schedule import AdvanceSchedule
from chalicelib.services.schedules.create_schedule import CreateSchedule, Made
from chalicelib.services.schedules.delete_schedule import DeleteSchedule, RemoveSchedule
from chalicelib.services.schedules.deliver import Deliver
from chalicelib.services.schedules.fire_schedule import FireSchedule
from chalicelib.services.schedules.judge_regression import JudgeRegression
from chalicelib.services.schedules.read_schedules import ReadSchedules
from chalicelib.services.schedules.sweep_schedules import SweepSchedules
from chalicelib.store import keys
from chalicelib.store.schedules import BodyItems, FiringStore, ScheduleStore
from chalicelib.store.table import Table
from tests.contract.system import Clients, Killed, System

STACK = "benchfleet-test"
RUN: Mapping[str, Any] = {
    "workload": "mock", "per_instance_type": {"tasks": 2}, "local": [{"instance_type": "docker"}],
}  # fmt: skip


class Timers:
    """EventBridge Scheduler. `refuses`: for good. `dies`: after it has made the schedule, the caller is dead."""

    def __init__(self) -> None:
        self.made: set[str] = set()
        self.refuses = False
        self.dies = False

    def create(self, schedule: Schedule) -> None:
        if self.refuses:
            raise InvalidSchedule("EventBridge Scheduler refuses the schedule")
        self.made.add(schedule.key)
        if self.dies:
            raise Killed

    def delete(self, schedule: Schedule) -> None:
        self.made.discard(schedule.key)


class Secrets:
    below = f"/{STACK}/webhooks/"

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def make(self, name: str) -> str:
        self.kept[name] = f"whsec_{len(self.kept)}"
        return self.kept[name]

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


class Queue:
    def __init__(self) -> None:
        self.names: list[str] = []
        self.deliveries: list[tuple[Delivery, int]] = []

    def advance(self, name: str) -> None:
        self.names.append(name)

    def deliver(self, delivery: Delivery, *, delay_s: int = 0) -> None:
        self.deliveries.append((delivery, delay_s))


class Post:
    """What was sent, by address; `problem` is what is said instead of taking a message."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str, bytes]] = []
        self.problem: NotDelivered | None = None

    def send(self, target: Target, *, delivery_id: str, subject: str, body: bytes) -> None:
        if self.problem:
            raise self.problem
        self.sent.append((target.address, delivery_id, subject, body))


class Scheduled(System):
    def __init__(self, clients: Clients) -> None:
        self.timers, self.secrets, self.queue, self.post = Timers(), Secrets(), Queue(), Post()
        super().__init__(clients)

    def connect(self, dynamodb: Any) -> None:
        super().connect(dynamodb)
        table = Table(dynamodb, self.table_name)
        self.schedules, self.firings = ScheduleStore(table), FiringStore(table)
        self.bodies = ScheduleBodies(lambda: self.objects, BodyItems(table))
        self.create = CreateSchedule(
            self.schedules, self.bodies, self.timers, self.secrets, self.queue, check_run, STACK, self.clock
        )
        self.fire = FireSchedule(self.schedules, self.firings, self.queue, self.clock)
        remove = RemoveSchedule(self.schedules, self.firings, self.bodies, self.timers, self.secrets)
        judge = JudgeRegression(self.storage)
        self.advance_schedule = AdvanceSchedule(
            self.schedules, self.firings, self.bodies, self.runs, self.create_run, judge, remove, self.queue, self.clock
        )
        self.deliver = Deliver(self.schedules, self.firings, self.post, self.queue)
        self.delete = DeleteSchedule(self.schedules, self.queue)
        self.read = ReadSchedules(self.schedules, self.firings, self.bodies, self.clock)
        self.sweep_schedules = SweepSchedules(self.schedules, self.queue, self.clock)

    def make(self, **changes: Any) -> Made:
        return self.create(self.body(**changes))

    def body(self, **changes: Any) -> dict[str, Any]:
        return {"name": "nightly", "expression": "rate(1 hour)", "run": dict(RUN), **changes}

    def turn(self) -> None:
        """Delivers every message about schedules that is there, once."""
        names, self.queue.names = self.queue.names, []
        for name in names:
            self.advance_schedule(name)

    def post_all(self) -> list[int]:
        """Delivers every notification that is there, once; the delays of these."""
        due, self.queue.deliveries = self.queue.deliveries, []
        for delivery, _ in due:
            self.deliver(delivery)
        return [delay for _, delay in due]

    def fire_at(self, seconds: int) -> None:
        self.fire("nightly", self.at(seconds))

    def at(self, seconds: int) -> int:
        return self.began_ms + seconds * 1000

    @property
    def began_ms(self) -> int:
        return self.clock.now_ms // 10_000_000 * 10_000_000

    def shown(self, name: str = "nightly") -> ScheduleDetail | None:
        try:
            return self.read.detail(name)
        except ScheduleNotFound:
            return None

    def states(self) -> list[str]:
        """Of the firings, oldest first."""
        shown = self.shown()
        return [firing.state for firing in reversed(shown.firings)] if shown else []

    def end_run(self, run_id: str) -> None:
        """Stops it, and has its archive built."""
        self.stop_run(run_id)
        self.build_archive(run_id)
        self.drain()

    def table_item(self, run_id: str) -> dict[str, Any]:
        key = {"pk": {"S": keys.run_pk(run_id)}, "sk": {"S": keys.RUN}}
        item: dict[str, Any] = self.dynamodb.get_item(TableName=self.table_name, Key=key)["Item"]
        return item

    def left(self) -> list[dict[str, Any]]:
        """What the table holds of schedules."""
        found = self.dynamodb.scan(TableName=self.table_name)["Items"]
        return [item for item in found if item["pk"]["S"].startswith("SCHEDULE")]
