"""One emulator with what proofs need of it: its API, its bucket, its functions, and runners as real processes."""

import hashlib
import importlib
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.tasks import ClaimReply, Task, TaskList

from chalicelib.archive.layout import archive_key
from local_emulator.config import EmulatorConfig, Ready
from local_emulator.functions import Functions
from local_emulator.stack import Emulator
from tests.proof.events import FinalTask
from tests.proof.history import Fault, check
from tests.proof.storm import INSTANCE_TYPE, PROVIDER, Target, final_tasks, run_detail, wait_until

NEVER_S = 1_000_000.0  # for pumps that a proof drives by hand
QUIET = EmulatorConfig(sweep_every_s=NEVER_S, queue_every_s=NEVER_S, schedules_every_s=NEVER_S)


@dataclass(frozen=True)
class World:
    ready: Ready
    s3: Any

    @property
    def target(self) -> Target:
        return Target(self.ready.api_url, self.ready.keys.admin)

    def call(self, function: str, event: dict[str, Any]) -> Any:
        """Runs one Lambda function in this thread."""
        return Functions(importlib.import_module("app").app).call(function, event)

    def sweep(self) -> None:
        self.call(
            "sweep",
            {
                "id": "1",
                "time": "",
                "region": "",
                "resources": [],
                "detail": {},
                "source": "",
                "account": "",
                "detail-type": "",
                "version": "0",
            },
        )

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        with self.target.client() as http:
            return http.post(path, json=body)

    def claim(self, run_id: str, runner: str) -> ClaimReply:
        body = {"provider": PROVIDER, "instance_type": INSTANCE_TYPE, "runner_id": runner, "claim_token": runner}
        reply = self.post(f"/runs/{run_id}/tasks/claim", body)
        return ClaimReply.model_validate(reply.raise_for_status().json())

    def complete(self, claim: ClaimReply, runner: str) -> httpx.Response:
        assert claim.task
        assert claim.presigned_urls
        key = claim.presigned_urls.result_key
        body = {"runner_id": runner, "s3_result_key": key, "attempt": claim.task.attempt}
        return self.post(f"/tasks/{claim.task.id}/complete", body)

    def work(self, run_id: str, runner: str) -> bytes:
        """Claims one task, uploads a result that tells of the runner, completes it; what `output.json` says."""
        claim = self.claim(run_id, runner)
        assert claim.presigned_urls
        content = json.dumps({"runner": runner}).encode()
        upload = httpx.put(claim.presigned_urls.result_upload_url, content=packed({"output.json": content}))
        upload.raise_for_status()
        self.complete(claim, runner).raise_for_status()
        return content

    def tasks(self, run_id: str) -> list[Task]:
        with self.target.client() as http:
            return TaskList.model_validate(http.get(f"/runs/{run_id}/tasks").raise_for_status().json()).tasks

    def detail(self, run_id: str) -> RunDetail:
        return run_detail(self.target, run_id=run_id)

    def final(self, run_id: str) -> list[FinalTask]:
        return final_tasks(self.target, run_id=run_id)

    def keys(self, run_id: str) -> list[str]:
        """Every object of the run in the bucket."""
        listed = self.s3.list_objects_v2(Bucket=self.ready.bucket, Prefix=f"runs/{run_id}/")
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def unfinished_uploads(self) -> list[str]:
        listed = self.s3.list_multipart_uploads(Bucket=self.ready.bucket)
        return [upload["Key"] for upload in listed.get("Uploads", [])]

    def object(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.ready.bucket, Key=key)["Body"].read()
        return body

    def archive(self, run_id: str) -> dict[str, bytes]:
        """The files of the run's one archive, after its checksum, size and signed URL were found right."""
        told = self.detail(run_id).archive
        assert told.key == archive_key(run_id)
        assert told.url
        raw = httpx.get(told.url).raise_for_status().content
        assert (hashlib.sha256(raw).hexdigest(), len(raw)) == (told.sha256, told.size_bytes)
        assert [key for key in self.keys(run_id) if key.endswith("results.tar.gz")] == [told.key]
        return unpacked(raw)

    def agrees(self, run_id: str) -> bool:
        """Counters equal a recount; they come from the stream, so a moment later."""

        def equal() -> bool:
            found = check([], self.final(run_id), self.detail(run_id).tasks.model_dump())
            return not any(violation.fault is Fault.COUNTERS for violation in found)

        return wait_until(equal, within_s=10)


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def unpacked(raw: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        files = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


@contextmanager
def world(config: EmulatorConfig) -> Iterator[World]:
    with Emulator(config) as emulator:
        ready = emulator.ready
        session = boto3.Session(ready.aws_access_key_id, ready.aws_secret_access_key, region_name=ready.region)
        s3 = session.client("s3", endpoint_url=ready.aws_endpoint_url)
        try:
            yield World(ready, s3)
        finally:
            s3.close()


@contextmanager
def runner(world: World, *, run_id: str, work_root: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real runner process with one slot; it and its work are dead when the block ends. `log` gets what it says."""
    where = ["--provider", PROVIDER, "--instance-type", INSTANCE_TYPE, "--run-id", run_id]
    how = ["--slots", "1", "--isolation", "process", "--work-root", str(work_root)]
    command = [sys.executable, "-m", "runner_image", "--orchestrator-url", world.ready.api_url, *where, *how]
    environment = {**os.environ, "BENCHFLEET_API_KEY": world.ready.keys.runner}
    work_root.mkdir(exist_ok=True)
    with log.open("wb") as said, subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
