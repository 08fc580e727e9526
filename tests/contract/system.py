"""The services over a store and a bucket in this process, with time, queue and stream moved by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.archive.build import ArchiveBuilder
from chalicelib.archive.results import ResultReader
from chalicelib.archive.s3 import Objects
from chalicelib.archive.storage import Storage
from chalicelib.domain.contention import Windows
from chalicelib.domain.counting import Counts, Tally, recount
from chalicelib.domain.metering import Meter
from chalicelib.domain.records import Run, Task
from chalicelib.services.provisioning.advance import AdvanceFleet
from chalicelib.services.provisioning.clouds import Clouds
from chalicelib.services.provisioning.ending import EndMachines
from chalicelib.services.provisioning.giving_up import GiveUp
from chalicelib.services.provisioning.launching import LaunchMachines
from chalicelib.services.provisioning.read_launches import ReadLaunches
from chalicelib.services.provisioning.report_launch import ReportLaunch
from chalicelib.services.provisioning.strays import EndStrays
from chalicelib.services.provisioning.watching import WatchMachines
from chalicelib.services.runs.build_archive import BuildArchive
from chalicelib.services.runs.collect_leftovers import CollectLeftovers
from chalicelib.services.runs.count_changes import CountChanges
from chalicelib.services.runs.create_run import CreateRun
from chalicelib.services.runs.delete_run import DeleteRun
from chalicelib.services.runs.judge_precision import JudgePrecision
from chalicelib.services.runs.read_runs import ReadRuns
from chalicelib.services.runs.release_builds import ReleaseBuilds
from chalicelib.services.runs.remove_run import RemoveRun
from chalicelib.services.runs.stop_run import EndOpenTasks, StopRun
from chalicelib.services.runs.sweep import Sweep
from chalicelib.services.tasks.claim_once import ClaimOnce
from chalicelib.services.tasks.claim_task import ClaimAny, ClaimTask
from chalicelib.services.tasks.finish_task import FinishTask
from chalicelib.services.tasks.note_runners import NoteRunners
from chalicelib.services.tasks.read_runners import ReadRunners
from chalicelib.services.tasks.renew_lease import RenewLease
from chalicelib.services.tasks.sign_uploads import SignUploads
from chalicelib.store.deletions import DeletionStore
from chalicelib.store.launches import LaunchStore
from chalicelib.store.leftovers import LeftoverStore
from chalicelib.store.measured import MeasuredStore
from chalicelib.store.runners import RunnerStore
from chalicelib.store.runs import RunStore
from chalicelib.store.stream import changes_of
from chalicelib.store.table import Table
from chalicelib.store.tasks import TaskStore
from tests.contract.answered import AnsweredOnce, answered
from tests.contract.in_process import Engine, client, new_bucket
from tests.contract.machines import REGIONS, HandPrices, MemoryCloud, places_in
from tests.contract.records import NOW_MS

BODY: Mapping[str, Any] = {
    "run_id": "r", "workload": "mock", "per_instance_type": {"tasks": 2}, "max_attempts": 2,
    "local": [{"instance_type": "docker", "alias": "box"}],
}  # fmt: skip


class HandClock:
    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms

    def pass_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


class Outbox:
    """The finalize queue as lists of run ids, each as often as it was sent: `sent` to be finalized, `deletions`, `judgements`,
    `collections`."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.deletions: list[str] = []
        self.judgements: list[str] = []
        self.collections: list[str] = []

    def send(self, run_id: str) -> None:
        self.sent.append(run_id)

    def send_deletion(self, run_id: str) -> None:
        self.deletions.append(run_id)

    def send_collection(self, run_id: str) -> None:
        self.collections.append(run_id)

    def send_judgement(self, run_id: str) -> None:
        self.judgements.append(run_id)


class ProvisionOutbox:
    """The provision queue: (from when on it is delivered, run id; None stands for strays)."""

    def __init__(self, clock: HandClock) -> None:
        self._clock = clock
        self.messages: list[tuple[int, str | None]] = []

    def send(self, run_id: str, *, delay_s: int = 0) -> None:
        self.messages.append((self._clock() + delay_s * 1000, run_id))

    def send_strays(self) -> None:
        self.messages.append((self._clock(), None))

    def due(self) -> list[str | None]:
        """Takes what may be delivered by now."""
        due = [run_id for at_ms, run_id in self.messages if at_ms <= self._clock()]
        self.messages = [each for each in self.messages if each[0] > self._clock()]
        return due


class Killed(Exception):
    """The process has died."""


@dataclass
class Mortal:
    """A DynamoDB client whose process dies before its write number `after` + 1, and stays dead. None: it lives."""

    client: Any
    after: int | None = None
    writes: int = 0

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            self.writes += operation in ("put_item", "update_item", "delete_item", "batch_write_item")
            if self.after is not None and self.writes > self.after:
                raise Killed
            return getattr(self.client, operation)(**arguments)

        return call


@dataclass
class Clients:
    """Making them costs more than a test."""

    engine: Engine = field(default_factory=Engine)
    s3: Any = field(default_factory=lambda: client("s3"))


class System:
    def __init__(self, clients: Clients, *, bucket: Objects | None = None) -> None:
        self.clock, self.outbox = HandClock(), Outbox()
        self.provision = ProvisionOutbox(self.clock)
        self.cloud, self.prices, self.places = MemoryCloud(self.clock), HandPrices(), places_in(*REGIONS)
        self.engine, self.dynamodb = clients.engine, clients.engine.quick
        self.table_name = self.engine.new_table()
        self.objects = bucket or new_bucket(clients.s3)
        self.storage = Storage(lambda: self.objects, clock=self.clock)
        self._told = 0
        self.connect(self.dynamodb)

    def connect(self, dynamodb: Any) -> None:
        """Builds all services anew, as a fresh process does, over this client of the same table."""
        table = Table(dynamodb, self.table_name)
        self.runs, self.tasks = RunStore(table), TaskStore(table)
        clock, queue = self.clock, self.outbox
        self.launches, self.leftovers, self.meter = LaunchStore(table), LeftoverStore(table), Meter()
        self.create_run = CreateRun(self.runs, self.tasks, self.storage, self.provision, clock, lambda: "x1")
        self.claims = ClaimTask(self.runs, self.tasks, Windows(lambda below: below - 1), meter=self.meter)
        self.claims_of_any = ClaimAny(self.runs, self.claims)
        self.claim_task = answered(self.claims, self.storage)
        self.claim_any = answered(self.claims_of_any, self.storage)
        self.claim_once = AnsweredOnce(ClaimOnce(self.tasks, self.claims, self.claims_of_any), self.storage)
        self.runners = RunnerStore(table)
        self.note_runners = NoteRunners(self.runners)
        self.read_runs = ReadRuns(self.runs, self.tasks, self.launches, self.storage)
        self.read_runners = ReadRunners(self.runs, self.tasks, self.runners, clock)
        self.renew_lease = RenewLease(self.tasks)
        self.finish_task = FinishTask(self.tasks, self.storage)
        self.sign_uploads = SignUploads(self.tasks, self.storage)
        end_open = EndOpenTasks(self.tasks, clock)
        self.stop_run = StopRun(self.runs, self.tasks, end_open, queue, self.launches, self.provision)
        self.deletions = DeletionStore(table)
        self.delete_run = DeleteRun(self.runs, self.deletions, queue, clock)
        self.measurements = MeasuredStore(table)
        self.remove_run = RemoveRun(
            self.deletions, self.tasks, self.runners, self.measurements, self.launches, self.storage, clock
        )
        results = ResultReader(lambda: self.objects)
        self.judge = JudgePrecision(self.runs, self.tasks, self.measurements, results, clock)
        self.sweep = Sweep(
            self.runs,
            self.tasks,
            self.deletions,
            self.launches,
            self.leftovers,
            queue,
            self.provision,
            clock,
            self.meter,
        )
        self._connect_machines()
        self.release_builds = ReleaseBuilds(self.runs, queue)
        self.count_changes = CountChanges(self.runs, queue, clock, self.meter)
        self.build_archive = BuildArchive(
            self.runs, self.tasks, self.leftovers, ArchiveBuilder(lambda: self.objects), end_open, self.judge, queue, clock,
            meter=self.meter,
        )  # fmt: skip
        self.collect = CollectLeftovers(self.runs, self.tasks, self.leftovers, self.storage)

    def _connect_machines(self) -> None:
        clouds = Clouds(lambda: self.places, lambda: {"aws-ec2": self.cloud}, self.prices)
        self.advance = AdvanceFleet(
            self.runs, self.tasks, self.runners, self.launches, WatchMachines(clouds), EndMachines(clouds),
            LaunchMachines(self.launches, clouds, self.meter), GiveUp(self.tasks), self.provision, self.clock,
        )  # fmt: skip
        self.end_strays = EndStrays(self.runs, self.launches, clouds, self.clock)
        self.report_launch = ReportLaunch(self.launches, self.clock)
        self.read_launches = ReadLaunches(self.runs, self.launches, self.clock)

    def die_after(self, writes: int) -> None:
        """The next process dies before its write number `writes` + 1."""
        self.connect(Mortal(self.dynamodb, after=writes))

    def revive(self) -> None:
        self.connect(self.dynamodb)

    def drain(self, *, again: int = 0) -> None:
        """Counts what the stream has told since the last time, and the `again` records before that once more."""
        records = self.engine.stream_records(self.table_name)
        fresh = records[max(0, self._told - again) :]
        self._told = len(records)
        self.count_changes(changes_of(fresh))

    def finalize(self) -> None:
        """Delivers every message of the queue once."""
        while self.outbox.sent:
            self.build_archive(self.outbox.sent.pop(0))

    def remove(self) -> None:
        """Delivers every message about a deletion once."""
        while self.outbox.deletions:
            self.remove_run(self.outbox.deletions.pop(0))

    def collect_all(self) -> None:
        """Delivers every message about uploads that no task names once."""
        while self.outbox.collections:
            self.collect(self.outbox.collections.pop(0))

    def judge_all(self) -> None:
        """Delivers every message about a judgement once."""
        while self.outbox.judgements:
            self.judge(self.outbox.judgements.pop(0))

    def bring(self) -> None:
        """Delivers every message about machines that is due, once."""
        for run_id in self.provision.due():
            if run_id is None:
                self.end_strays()
            else:
                self.advance(run_id)

    def run(self, run_id: str = "r") -> Run:
        return self.found(run_id)[0]

    def found(self, run_id: str = "r") -> tuple[Run, Counts]:
        found = self.runs.get(run_id)
        assert found
        return found

    def all(self, run_id: str = "r") -> list[Task]:
        return list(self.tasks.all(self.run(run_id)))

    def recounted(self, run_id: str = "r") -> Tally:
        return recount(self.all(run_id))
