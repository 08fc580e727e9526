"""The emulator lives long: what was handled and what was deleted takes no memory.

Its resident memory is read once the stream holds as many records as it ever keeps, and again after ten times that work.
"""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

from benchmarks.child_cpu import ROOT
from benchmarks.emulator_process import Running, running

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3_600)]

BEATS = int(os.environ.get("MEMORY_BEATS", "100000"))
RUNS = int(os.environ.get("MEMORY_RUNS", "1000"))
CLIENTS = 4
MOST_GROWTH = 1.15
POLL_S = 0.05
RUNNER = {"provider": "local", "instance_type": "docker", "runner_id": "one"}


@pytest.fixture
def emulator() -> Iterator[Running]:
    """What it logs goes nowhere: at a pipe that nobody reads it stops after some hundred runs."""
    with running([sys.executable, "-m", "local_emulator", "--port", "0"], folder=ROOT) as started:
        yield started


def admin(emulator: Running) -> httpx.Client:
    headers = {"Authorization": f"Bearer {emulator.ready['keys']['admin']}"}
    return httpx.Client(base_url=emulator.ready["api_url"], headers=headers, timeout=60)


def resident(emulator: Running) -> int:
    return int(psutil.Process(emulator.ready["pid"]).memory_info().rss)


def claimed(api: httpx.Client) -> dict[str, Any]:
    body = {
        "workload": "mock",
        "per_instance_type": {"tasks": 1},
        "local": [{"instance_type": "docker"}],
        "lease_s": 3600,
    }
    run_id = api.post("/runs", json=body).raise_for_status().json()["run_id"]
    claim = api.post(f"/runs/{run_id}/tasks/claim", json=RUNNER).raise_for_status().json()
    return {"run_id": run_id, "id": claim["task"]["id"], "attempt": claim["task"]["attempt"], **claim["presigned_urls"]}


def beat(emulator: Running, times: int) -> None:
    with admin(emulator) as api:
        task = claimed(api)
        body = {"runner_id": "one", "status": "running", "attempt": task["attempt"]}
        for number in range(times):
            asked = body | {"progress_pct": number % 100}
            api.post(f"/tasks/{task['id']}/heartbeat", json=asked).raise_for_status()


def work(emulator: Running, runs: int) -> None:
    """Each run fails its one task, is archived, and is deleted."""
    with admin(emulator) as api:
        for _ in range(runs):
            task = claimed(api)
            failed = {"runner_id": "one", "attempt": task["attempt"], "error_type": "x", "error_message": "x"}
            api.post(f"/tasks/{task['id']}/fail", json=failed).raise_for_status()
            while api.get(f"/runs/{task['run_id']}").raise_for_status().json()["status"] not in ("completed", "failed"):
                time.sleep(POLL_S)
            while api.delete(f"/runs/{task['run_id']}").status_code != 404:
                time.sleep(POLL_S)


def in_parallel(emulator: Running, job: Any, times: int) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(lambda _: job(emulator, times // CLIENTS), range(CLIENTS)))


def test_memory_is_flat_over_heartbeats(emulator: Running) -> None:
    in_parallel(emulator, beat, BEATS // 4)
    before = resident(emulator)
    in_parallel(emulator, beat, BEATS)
    assert resident(emulator) < before * MOST_GROWTH


def test_memory_is_flat_over_runs_that_were_deleted(emulator: Running) -> None:
    in_parallel(emulator, work, RUNS // 4)
    before = resident(emulator)
    in_parallel(emulator, work, RUNS)
    assert resident(emulator) < before * MOST_GROWTH
