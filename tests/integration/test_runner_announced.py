"""Runners that announce themselves: tasks that demand a model go to those that have it, and on when one of them dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import prepared_start
from tests.integration.api_client import Api, fresh, run_body
from tests.integration.emulator_process import Start
from tests.integration.executor_processes import CATALOG, ENDS_S, OURS, ROOT, events, until
from tests.integration.runner_server import ControlPlane, Reply, control_plane

pytestmark = pytest.mark.system

LEASE = {
    "heartbeat_interval_s": 60,
    "stale_after_s": 180,
    "removal_after_s": 600,
    "lease_expires_at": 0,
    "removal_at": 0,
}
ANNOUNCED = {
    "executor_id": "host", "generation": 7, "catalog_version": 1, "accepted_models": 0, "server_time": 0.0,
    "registry_revision": 1, "lease": LEASE,
}  # fmt: skip


@contextmanager
def runner(url: str, key: str, folder: Path, *flags: str) -> Iterator["subprocess.Popen[bytes]"]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    where = ["--orchestrator-url", url, "--provider", "local", "--instance-type", "docker", "--work-root", str(folder)]
    argv = [sys.executable, "-m", "runner_image", *where, "--isolation", "process", "--announce", *flags]
    told = {"BENCHFLEET_API_KEY": key, "HEARTBEAT_INTERVAL": "1", "XDG_CACHE_HOME": str(folder)}
    with prepared_start.Popen(argv, cwd=ROOT, env={**clean, **told}, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def config(folder: Path, model: str) -> str:
    path = folder / f"{model}.toml"
    path.write_text(CATALOG.format(model=model))
    return str(path)


@pytest.mark.proof
def test_a_run_that_demands_a_model_goes_on_where_it_is_when_its_executor_dies(api: Api, tmp_path: Path) -> None:
    model, other, names = fresh("model"), fresh("other"), [fresh("host") for _ in range(3)]
    run_id = api.create(
        workload="mock", workload_options={"steps": 1, "step_s": 4}, model={"model_id": model}, max_attempts=3
    )["run_id"]

    def flags(name: str, has: str) -> list[str]:
        return ["--run-id", run_id, "--executor-id", name, "--executor-config", config(tmp_path, has)]

    def task() -> Any:
        return api("GET", f"/runs/{run_id}/tasks").json()["tasks"][0]

    url, key = api.ready.api_url, api.ready.keys.runner
    with (
        runner(url, key, tmp_path, *flags(names[0], other)),
        runner(url, key, tmp_path, *flags(names[1], model)) as dies,
    ):
        until(lambda: task()["status"] == "running")
        with runner(url, key, tmp_path, *flags(names[2], model)) as takes_over:
            until(lambda: api("GET", f"/executors/{names[2]}").status_code == 200)
            dies.send_signal(signal.SIGKILL)
            api("DELETE", f"/executors/{names[1]}")  # what the sweep does ten intervals later
            until(lambda: task()["status"] == "completed")
            assert takes_over.wait(ENDS_S) == 0
    assert task()["attempt"] == 2
    assert events(api, names[1])[0] == "announced"
    assert events(api, names[2])[-1] == "removed"
    assert api("GET", f"/executors/{names[0]}").json()["executor"]["active"] == 0


@pytest.mark.proof
def test_a_control_plane_that_is_away_for_five_intervals_costs_nothing(start: Start, tmp_path: Path) -> None:
    model, name = fresh("model"), fresh("host")
    kept = ("--state", str(tmp_path / "state"), "--sweep-every", "1")
    before = start(*kept)
    port = before.ready["api_url"].rsplit(":", 1)[1]
    body = run_body(workload="mock", workload_options={"steps": 1, "step_s": 8}, model={"model_id": model})
    with before.api() as api:
        assert api.post("/runs", json=body).status_code == 201
    flags = ["--run-id", body["run_id"], "--executor-id", name, "--executor-config", config(tmp_path, model)]
    with runner(before.ready["api_url"], before.ready["keys"]["runner"], tmp_path, *flags) as working:
        tasks = f"/runs/{body['run_id']}/tasks"
        until(lambda: before.get(tasks)["tasks"][0]["status"] == "running")
        generation = before.get(f"/executors/{name}")["executor"]["generation"]
        before.end()
        before.ready_path.unlink(missing_ok=True)
        time.sleep(5)
        after = start(*kept, "--port", port)
        until(lambda: after.get(tasks)["tasks"][0]["status"] == "completed")
        assert working.wait(ENDS_S) == 0
        found = after.get(f"/executors/{name}/events")["events"]
    assert after.get(tasks)["tasks"][0]["attempt"] == 1
    assert {event["generation"] for event in found} == {generation}
    assert "expired" not in {event["type"] for event in found}


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        plane.script["executors"] = [Reply(status=201, body=ANNOUNCED)]
        yield plane


def test_claims_heartbeats_and_results_name_the_executor_and_one_heartbeat_serves_both(
    plane: ControlPlane, tmp_path: Path
) -> None:
    plane.script["claim"] = [plane.assigned(), Reply(body={"status": "done"})]
    with runner(plane.url, "k", tmp_path, "--mock", "--executor-id", "host") as started:
        assert started.wait(ENDS_S) == 0
    claim, complete = plane.of("claim")[0].body, (plane.of("complete") + plane.of("fail"))[0].body
    assert (claim["executor_id"], claim["generation"], claim["active"]) == ("host", 7, 0)
    assert (complete["executor_id"], complete["generation"]) == ("host", 7)
    beats = [call for call in plane.of("heartbeat") if "/tasks/" in call.path]
    riding = [call.body["heartbeat"] for call in beats if "heartbeat" in call.body]
    assert [(one["generation"], one["load"]["active"]) for one in riding] == [(7, 1)]
    assert [call for call in plane.of("heartbeat") if "/executors/" in call.path] == []
    assert len(plane.of("drain")) == 1
    assert plane.of("executors")[0].body["labels"] == {"provider": "local", "instance_type": "docker"}


def test_taken_over_it_drops_what_it_has_and_ends_with_75(plane: ControlPlane, tmp_path: Path) -> None:
    fenced = Reply(status=409, body={"error": "taken over", "code": 2006, "name": "fenced", "generation": 8})
    plane.script |= {"claim": [plane.assigned(), plane.assigned()], "heartbeat": [fenced]}
    with runner(plane.url, "k", tmp_path, "--mock", "--executor-id", "host") as started:
        assert started.wait(ENDS_S) == 75
    assert plane.of("complete") + plane.of("fail") == []
    assert len(plane.of("claim")) == 1


def test_full_or_draining_it_waits_and_asks_again(plane: ControlPlane, tmp_path: Path) -> None:
    full = Reply(status=409, body={"error": "full", "code": 1002, "name": "not_selectable"})
    plane.script["claim"] = [full, Reply(body={"status": "done"})]
    with runner(plane.url, "k", tmp_path, "--mock", "--executor-id", "host") as started:
        assert started.wait(ENDS_S) == 0
    assert len(plane.of("claim")) == 2
