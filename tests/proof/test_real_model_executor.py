"""An executor beside a real model server: found by asking, announced, called through the registry, gone with its server."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchfleet.fleet.client import FleetBenchmark

from local_emulator.model.serving import NAME, Server
from local_emulator.stack import Emulator
from tests import prepared_start
from tests.integration.api_client import Api, fresh
from tests.integration.executor_processes import ENDS_S, OURS, ROOT, events, executor, until
from tests.proof.real_model import real_model, work

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def api(emulator: Emulator) -> Iterator[Api]:
    client = Api(emulator.ready)
    yield client
    client.close()


@dataclass(frozen=True)
class Host:
    """A machine with a model server and an executor that was told its address, and nothing of its models."""

    api: Api
    server: Server
    executor_id: str

    def query(self) -> tuple[int, Json]:
        """Exit code and document of `benchfleet models query`."""
        ready = self.api.ready
        argv = [sys.executable, "-m", "benchfleet.cli.main", "models", "query", NAME, "--json"]
        environment = {**_clean(), "BENCHFLEET_URL": ready.api_url, "BENCHFLEET_API_KEY": ready.keys.reader}
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else {}

    def ids(self) -> list[str]:
        return [one["executor_id"] for one in self.query()[1].get("executors", [])]


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


def backends(url: str, folder: Path) -> Path:
    path = folder / "executor.toml"
    path.write_text(f'[[backends]]\nname = "llm"\nbase_url = "{url}"\n')
    return path


@pytest.fixture
def host(api: Api, tmp_path: Path) -> Iterator[Host]:
    with ExitStack() as held:
        server = held.enter_context(real_model(log=tmp_path / "model.log"))
        name = fresh("model-host")
        told = {
            "CONFIG_FILE": str(backends(server.url, tmp_path)), "EXECUTOR_ID": name, "DISCOVERY_INTERVAL": "1",
            "ADVERTISE_ENDPOINT": server.url,
        }  # fmt: skip
        process = held.enter_context(executor(api.ready.api_url, api.ready.keys.runner, **told))
        assert process.announced()["models"] == 1
        yield Host(api, server, name)
        assert process.end(signal.SIGTERM) == 0


def test_it_is_found_by_asking_and_gone_with_its_server(host: Host, tmp_path: Path) -> None:
    shown = host.api("GET", f"/executors/{host.executor_id}").json()
    (model,) = shown["models"]
    assert (model["model_id"], model["backend_type"], model["source"]) == (NAME, "openai_compatible", "discovered")
    assert model["capabilities"]["max_context_length"] == 8192
    assert (host.query()[0], host.ids()) == (0, [host.executor_id])
    port = int(host.server.url.rsplit(":", 1)[1])
    host.server.process.kill()
    until(lambda: host.query()[0] == 3)
    assert host.api("GET", f"/executors/{host.executor_id}").json()["executor"]["status"] == "unavailable"
    with real_model(log=tmp_path / "again.log", port=port):
        until(lambda: host.ids() == [host.executor_id])
    assert events(host.api, host.executor_id)[0] == "announced"


def test_a_fleet_asks_the_registry_who_serves_the_model(host: Host, emulator: Emulator, tmp_path: Path) -> None:
    """No address stands in the manifest or in a file of providers."""
    cases = [{"id": f"t{each}", "prompt": f"What is {each} plus {each}?"} for each in (1, 2, 3)]
    (tmp_path / "sums.json").write_text(json.dumps({"name": "sums", "version": "1.0.0", "test_cases": cases}))
    manifest = {
        "fleet_id": fresh("by-registry"),
        "repositories": [{"id": "sums", "name": "Sums", "dataset_path": "./sums.json"}],
        "providers": [f"executor:{NAME}"],
        "settings": {"max_tokens": 16},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    ready = emulator.ready
    with FleetBenchmark(tmp_path / "out", url=ready.api_url, api_key=ready.keys.admin) as fleet:
        handle = fleet.execute_fleet(tmp_path / "manifest.json")
        work(emulator, handle.run_id, tmp_path)
        results = fleet.wait_for_completion(handle.run_id, timeout_ms=60_000, poll_interval_ms=200)
    summary = results["fleet_summary"]
    assert (summary["total_tests"], summary["total_succeeded"]) == (3, 3), results
    tests = results["repository_results"][0]["results"]["results"]
    assert {test["response"]["model"] for test in tests} == {NAME}
    assert all(test["ttft_ms"] > 0 and test["usage_source"] == "reported" for test in tests)


def test_a_run_that_demands_the_model_goes_to_the_runner_that_found_it(host: Host, tmp_path: Path) -> None:
    """Two runners, one of which was told the server's address: it gets the task, the other one nothing."""
    api, names = host.api, [fresh("without"), fresh("with")]
    body = {"workload": "mock", "workload_options": {"steps": 1, "step_s": 0}, "model": {"model_id": NAME}}
    run_id = api.create(**body)["run_id"]
    (tmp_path / "none.toml").write_text("")
    files = [tmp_path / "none.toml", backends(host.server.url, tmp_path)]
    with ExitStack() as held:
        for name, file in zip(names, files, strict=True):
            flags = ["--run-id", run_id, "--name", name, "--executor-id", name, "--executor-config", str(file)]
            runner = held.enter_context(_runner(api, tmp_path, flags))
            held.callback(runner.kill)
            until(lambda name=name: api("GET", f"/executors/{name}").status_code == 200)  # type: ignore[misc]
        done = until(lambda: [task for task in _tasks(api, run_id) if task["status"] == "completed"])
        assert runner.wait(ENDS_S) == 0
    assert [task["runner_id"].startswith(names[1]) for task in done] == [True]


def _tasks(api: Api, run_id: str) -> list[Json]:
    tasks: list[Json] = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    return tasks


def _runner(api: Api, folder: Path, flags: list[str]) -> "subprocess.Popen[bytes]":
    where = ["--provider", "local", "--instance-type", "docker", "--work-root", str(folder), "--isolation", "process"]
    argv = [sys.executable, "-m", "runner_image", "--orchestrator-url", api.ready.api_url, *where, "--announce", *flags]
    told = {"BENCHFLEET_API_KEY": api.ready.keys.runner, "HEARTBEAT_INTERVAL": "1", "XDG_CACHE_HOME": str(folder)}
    return prepared_start.Popen(argv, cwd=ROOT, env={**_clean(), **told}, stderr=subprocess.DEVNULL)
