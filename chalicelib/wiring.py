"""Builds the services once per container, on first use: importing this touches nothing."""

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from chalicelib.domain.contention import Windows
from chalicelib.domain.counting import Change
from chalicelib.services.keyring import Keyring
from chalicelib.services.runs.build_archive import BuildArchive
from chalicelib.services.runs.count_changes import CountChanges
from chalicelib.services.runs.create_run import CreateRun
from chalicelib.services.runs.delete_run import DeleteRun
from chalicelib.services.runs.read_runs import ReadRuns
from chalicelib.services.runs.release_builds import ReleaseBuilds
from chalicelib.services.runs.remove_run import RemoveRun
from chalicelib.services.runs.stop_run import EndOpenTasks, StopRun
from chalicelib.services.runs.sweep import Sweep
from chalicelib.services.tasks.claim_once import ClaimOnce
from chalicelib.services.tasks.claim_task import ClaimAny, ClaimRequests, ClaimTask
from chalicelib.services.tasks.finish_task import FinishTask
from chalicelib.services.tasks.note_runners import NoteRunners
from chalicelib.services.tasks.read_runners import ReadRunners
from chalicelib.services.tasks.refusals import CheckOwner
from chalicelib.services.tasks.renew_lease import RenewLease
from chalicelib.services.tasks.sign_uploads import SignUploads
from chalicelib.settings import Settings, from_environment

KEYS_CACHED_S = 60


def now_ms() -> int:
    """Server time, the only one that counts."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Services:
    """Everything a handler may call. `clock` gives milliseconds; clients are built when they are first used."""

    settings: Settings
    clock: Any = now_ms
    dynamodb: Any = None

    @cached_property
    def runs(self) -> Any:
        from chalicelib.store.runs import RunStore

        return RunStore(self._table)

    @cached_property
    def tasks(self) -> Any:
        from chalicelib.store.tasks import TaskStore

        return TaskStore(self._table)

    @cached_property
    def deletions(self) -> Any:
        from chalicelib.store.deletions import DeletionStore

        return DeletionStore(self._table)

    @cached_property
    def runners(self) -> Any:
        from chalicelib.store.runners import RunnerStore

        return RunnerStore(self._table)

    @cached_property
    def storage(self) -> Any:
        from chalicelib.archive.storage import Storage

        return Storage(lambda: self._objects, clock=self.clock)

    @cached_property
    def queue(self) -> Any:
        from chalicelib.queues import SqsFinalizeQueue

        return SqsFinalizeQueue(lambda: _client("sqs"), self.settings.finalize_queue)

    @cached_property
    def keyring(self) -> Keyring:
        return Keyring(self._key_digests)

    @cached_property
    def create_run(self) -> CreateRun:
        return CreateRun(self.runs, self.tasks, self.storage, self.clock, lambda: secrets.token_hex(3))

    @cached_property
    def claim_requests(self) -> ClaimRequests:
        return ClaimRequests(self.clock, lambda: secrets.token_urlsafe(16), lambda: secrets.token_urlsafe(12))

    @cached_property
    def claim_task(self) -> ClaimTask:
        return ClaimTask(self.runs, self.tasks, self.storage, Windows(secrets.randbelow))

    @cached_property
    def claim_any(self) -> ClaimAny:
        return ClaimAny(self.runs, self.claim_task)

    @cached_property
    def claim_once(self) -> ClaimOnce:
        return ClaimOnce(self.tasks, self.storage, self.claim_task, self.claim_any)

    @cached_property
    def note_runners(self) -> NoteRunners:
        return NoteRunners(self.runners)

    @cached_property
    def read_runners(self) -> ReadRunners:
        return ReadRunners(self.runs, self.tasks, self.runners, self.clock)

    @cached_property
    def renew_lease(self) -> RenewLease:
        return RenewLease(self.tasks)

    @cached_property
    def finish_task(self) -> FinishTask:
        return FinishTask(self.tasks, self.storage)

    @cached_property
    def check_owner(self) -> CheckOwner:
        return CheckOwner(self.tasks)

    @cached_property
    def sign_uploads(self) -> SignUploads:
        return SignUploads(self.tasks, self.storage)

    @cached_property
    def read_runs(self) -> ReadRuns:
        return ReadRuns(self.runs, self.tasks, self.storage)

    @cached_property
    def end_open(self) -> EndOpenTasks:
        return EndOpenTasks(self.tasks, self.clock)

    @cached_property
    def release_builds(self) -> ReleaseBuilds:
        return ReleaseBuilds(self.runs, self.queue)

    @cached_property
    def stop_run(self) -> StopRun:
        return StopRun(self.runs, self.tasks, self.end_open, self.queue)

    @cached_property
    def delete_run(self) -> DeleteRun:
        return DeleteRun(self.runs, self.deletions, self.queue, self.clock)

    @cached_property
    def remove_run(self) -> RemoveRun:
        return RemoveRun(self.deletions, self.tasks, self.runners, self.storage, self.clock)

    @cached_property
    def count_changes(self) -> CountChanges:
        return CountChanges(self.runs, self.queue, self.clock)

    def changes_of(self, records: Iterable[Mapping[str, Any]]) -> dict[str, list[Change]]:
        from chalicelib.store.stream import changes_of

        return changes_of(records)

    @cached_property
    def sweep(self) -> Sweep:
        return Sweep(self.runs, self.tasks, self.deletions, self.queue, self.clock)

    @cached_property
    def build_archive(self) -> BuildArchive:
        from chalicelib.archive.builder import Builder

        builder = Builder(lambda: self._objects)
        return BuildArchive(self.runs, self.tasks, builder, self.end_open, self.queue, self.clock)

    @cached_property
    def _table(self) -> Any:
        from chalicelib.store.table import Table

        return Table(self.dynamodb or _client("dynamodb"), self.settings.table)

    @cached_property
    def _objects(self) -> Any:
        from chalicelib.archive.s3 import Objects, connect

        return Objects(connect(), bucket=self.settings.bucket)

    @cached_property
    def _parameters(self) -> Any:
        """A provider of our own, not the module's: what it has cached must not outlive these services."""
        from aws_lambda_powertools.utilities.parameters import SSMProvider

        return SSMProvider(boto3_client=_client("ssm"))

    def _key_digests(self) -> str:
        return str(self._parameters.get(self.settings.keys_parameter, max_age=KEYS_CACHED_S, decrypt=True))


@cache
def services() -> Services:
    """This container's services, from its environment."""
    return Services(from_environment())


def _client(name: str) -> Any:
    """Few attempts and short timeouts: what stays busy is told to the caller, who knows how long it may wait."""
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "max_attempts": 3}
    config = Config(retries=retries, connect_timeout=3, read_timeout=10, max_pool_connections=64)
    connect: Any = boto3.client
    return connect(name, config=config)
