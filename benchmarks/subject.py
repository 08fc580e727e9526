"""The system under measurement: a quiet emulator, its API, and a meter on every DynamoDB client of the app.

Quiet: sweeps and finalizations do not run by themselves, so that what is counted belongs to what is measured.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3
import httpx
from benchfleet_contract.tasks import ClaimReply

from benchmarks.metering import Meter
from benchmarks.table_stream import Change, changes
from benchmarks.write_units import indexes_of, write_units
from chalicelib.store.schema import table_definition
from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator

NEVER_S = 1_000_000.0
PROVIDER, INSTANCE_TYPE = "local", "docker"
TIMEOUT_S = 120.0
HEAVY = {"image": "registry.example/benchfleet/runner:2026-11", "words": "x" * 4_000}
QUIET = EmulatorConfig(sweep_every_s=NEVER_S, queue_every_s=NEVER_S, schedules_every_s=NEVER_S, stream_every_s=NEVER_S)


def run_of(*, tasks: int, heavy: bool = False) -> dict[str, Any]:
    """The body of a run of one instance type. `heavy`: of two subjects, with 4 KB of options for each of its tasks."""
    body: dict[str, Any] = {PROVIDER: [{"instance_type": INSTANCE_TYPE, "alias": "bench"}], "workload": "mock"}
    body |= {"workload": "heavy", "subjects": [HEAVY | {"name": name} for name in "ab"]} if heavy else {}
    return body | {"per_instance_type": {"tasks": tasks // 2 if heavy else tasks}}


@dataclass(frozen=True)
class Subject:
    """`http` is a client of the API with the admin key."""

    http: httpx.Client
    meter: Meter
    streams: Any
    stream_arn: str

    def create_run(self, *, tasks: int, heavy: bool = False) -> str:
        """The id of a run like `run_of`."""
        reply = self.http.post("/runs", json=run_of(tasks=tasks, heavy=heavy) | {"lease_s": 3600}).raise_for_status()
        return str(reply.json()["run_id"])

    def claim(self, run_id: str, *, runner: str, token: str) -> ClaimReply:
        body = {"provider": PROVIDER, "instance_type": INSTANCE_TYPE, "runner_id": runner, "claim_token": token}
        reply = self.http.post(f"/runs/{run_id}/tasks/claim", json=body).raise_for_status()
        return ClaimReply.model_validate(reply.json())

    def heartbeat(self, claim: ClaimReply, *, runner: str) -> None:
        assert claim.task
        body = {"runner_id": runner, "status": "running", "attempt": claim.task.attempt, "progress_pct": 50}
        self.http.post(f"/tasks/{claim.task.id}/heartbeat", json=body).raise_for_status()

    def complete(self, claim: ClaimReply, *, runner: str) -> None:
        assert claim.task
        assert claim.presigned_urls
        key = claim.presigned_urls.result_key
        body = {"runner_id": runner, "attempt": claim.task.attempt, "s3_result_key": key}
        self.http.post(f"/tasks/{claim.task.id}/complete", json=body).raise_for_status()

    def written(self) -> list[Change]:
        """Every change of the table since it was made."""
        return list(changes(self.streams, stream_arn=self.stream_arn))


@contextmanager
def subject(*, stream_every_s: float = NEVER_S) -> Iterator[Subject]:
    """`stream_every_s`: how often the counters take a batch from the stream, as a batching window does on AWS."""
    config = replace(QUIET, stream_every_s=stream_every_s)
    with Emulator(config) as emulator, _client(emulator.ready) as http, _streams(emulator.ready) as streams:
        arn = streams.list_streams(TableName=emulator.ready.table)["Streams"][0]["StreamArn"]
        yield Subject(http, _meter(), streams, arn)


def _meter() -> Meter:
    """Watches the app's clients: they are made on first use, by boto3's default session, and inherit it from there."""
    meter = Meter()
    assert boto3.DEFAULT_SESSION is not None
    meter.watch(boto3.DEFAULT_SESSION.events)
    return meter


def _client(ready: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {ready.keys.admin}"}
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=64)
    return httpx.Client(base_url=ready.api_url, headers=headers, timeout=TIMEOUT_S, limits=limits)


@contextmanager
def _streams(ready: Any) -> Iterator[Any]:
    """A client of its own session, so that looking is not counted."""
    session = boto3.Session(ready.aws_access_key_id, ready.aws_secret_access_key, region_name=ready.region)
    client = session.client("dynamodbstreams", endpoint_url=ready.aws_endpoint_url)
    try:
        yield client
    finally:
        client.close()


def units(written: Sequence[Change]) -> int:
    """Write units of the changes, those of the indexes included."""
    indexes = indexes_of(table_definition("any"))
    return sum(write_units(old, new, indexes=indexes).total for old, new in written)
