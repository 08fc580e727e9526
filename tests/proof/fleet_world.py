"""Fleet runs in a proof's world: made, worked at by real runner processes, and their results read as a user reads them."""

import gzip
import itertools
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from benchfleet_contract.fleets.outcomes import best, read_journal

from local_emulator.config import Ready
from tests import prepared_start
from tests.proof.storm import wait_until
from tests.providers import Providers
from tests.providers.behaviour import Asked

Json = dict[str, Any]
PRICE = {"input_mtok": "1000", "output_mtok": "2000"}
EACH_USD = 0.015  # of an answer of 7 + 4 tokens
LEASE_S, PATIENCE_S = 20, 60
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Fleet:
    """One run of one shard; tests are `t0`, `t1`, … with prompts that no other fleet has."""

    ready: Ready
    providers: Providers
    run_id: str
    name: str
    tests: int

    def get(self, path: str) -> Json:
        headers = {"Authorization": f"Bearer {self.ready.keys.admin}"}
        found: Json = (
            httpx.get(self.ready.api_url + path, headers=headers, trust_env=False, timeout=PATIENCE_S)
            .raise_for_status()
            .json()
        )
        return found

    def stop(self) -> None:
        headers = {"Authorization": f"Bearer {self.ready.keys.admin}"}
        url = f"{self.ready.api_url}/fleets/runs/{self.run_id}/stop"
        httpx.post(url, headers=headers, trust_env=False, timeout=PATIENCE_S).raise_for_status()

    @property
    def shown(self) -> Json:
        return self.get(f"/fleets/runs/{self.run_id}")

    def kept(self, s3: Any) -> set[str]:
        """Keys of tests that are in the journal now."""
        prefix = f"runs/{self.run_id}/fleet/journal/1/"
        listed = s3.list_objects_v2(Bucket=self.ready.bucket, Prefix=prefix).get("Contents", [])
        bodies = [s3.get_object(Bucket=self.ready.bucket, Key=one["Key"])["Body"].read() for one in listed]
        lines = [line for body in bodies for line in read_journal(gzip.decompress(body).decode())]
        return set(best(lines))

    @property
    def asked(self) -> list[tuple[str, Asked]]:
        """Each request that came to the provider, with the test that it is of."""
        mine = f"{self.name}:"
        return [(e.prompt.removeprefix(mine), e) for e in list(self.providers.asked) if e.prompt.startswith(mine)]

    def sent(self) -> Counter[str]:
        """How often each test was sent to the provider."""
        return Counter(key for key, _ in self.asked)

    def results(self, within_s: float = 60) -> Json:
        assert wait_until(lambda: bool(self.shown["results_ready"]), within_s=within_s), self.shown
        url = self.get(f"/fleets/runs/{self.run_id}/results")["url"]
        found: Json = httpx.get(url, trust_env=False, timeout=PATIENCE_S).json()
        return found


def begin(ready: Ready, providers: Providers, *, tests: int, concurrency: int, **changes: Any) -> Fleet:
    name = f"fleet-{next(_numbers)}"
    cases = [{"id": f"t{n}", "prompt": f"{name}:t{n}", "config": {"max_tokens": 16}} for n in range(tests)]
    body = {
        "manifest": {
            "fleet_id": name,
            "repositories": [{"id": "repo-1", "name": "R", "dataset_path": "./d.json"}],
            "providers": ["loop:m"],
            "config": {"concurrency": concurrency},
            "settings": {"max_cost": 100.0},
        },
        "datasets": {"./d.json": {"name": "d", "version": "1.0.0", "test_cases": cases}},
        "providers": {"loop": {"type": "openai-compatible", "base_url": f"{providers.url}/v1", "price": PRICE}},
        "lease_s": LEASE_S,
        **changes,
    }
    headers = {"Authorization": f"Bearer {ready.keys.admin}"}
    reply = httpx.post(f"{ready.api_url}/fleets/runs", json=body, headers=headers, trust_env=False, timeout=PATIENCE_S)
    assert reply.status_code == 202, reply.text
    return Fleet(ready, providers, str(reply.json()["run_id"]), name, tests)


@contextmanager
def fleet_runner(
    ready: Ready, run_id: str | None, folder: Path, *, api_url: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A runner process at work for one run, or for all; dead when the block ends. What it says is in `folder/log`."""
    where = ["--provider", "local", "--instance-type", "fleet", *(["--run-id", run_id] if run_id else [])]
    how = ["--slots", "1", "--isolation", "process", "--work-root", str(folder)]
    command = [sys.executable, "-m", "runner_image", "--orchestrator-url", api_url or ready.api_url, *where, *how]
    environment = {**os.environ, "BENCHFLEET_API_KEY": ready.keys.runner}
    folder.mkdir(exist_ok=True)
    with (
        (folder / "log").open("wb") as said,
        prepared_start.Popen(command, env=environment, stdout=said, stderr=said) as it,
    ):
        try:
            yield it
        finally:
            with suppress(ProcessLookupError):
                it.kill()


def assert_right(fleet: Fleet, whole: Json, *, skipped: int = 0) -> None:
    """Each test has exactly one result, and every total is of these."""
    (one,) = whole["repository_results"]
    tests = one["results"]["results"]
    assert [test["test_id"] for test in tests] == [f"t{n}" for n in range(fleet.tests)]
    counts = Counter(test["status"] for test in tests)
    assert counts == Counter({"success": fleet.tests - skipped, "skipped": skipped})
    summary, shown = whole["fleet_summary"], fleet.shown
    assert (summary["total_tests"], summary["total_succeeded"], summary["total_skipped"]) == (
        fleet.tests, fleet.tests - skipped, skipped,
    )  # fmt: skip
    spent = (fleet.tests - skipped) * EACH_USD
    assert abs(summary["total_cost"] - spent) < 1e-6
    assert abs(shown["cost_usd"] - spent) < 1e-6
    assert (shown["tests"]["success"], shown["tests"]["skipped"]) == (fleet.tests - skipped, skipped)
