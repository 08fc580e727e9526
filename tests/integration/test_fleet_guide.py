"""The simulator's guide, block by block: each has a test here that says the same in Python or on the command line.

| block of the guide                    | test                                                                       |
|---------------------------------------|----------------------------------------------------------------------------|
| installation                          | the imports of this module; tests/integration/test_package.py               |
| step 1: the manifest                  | `fleet` runs it unchanged; test_every_prompt_goes_to_every_provider_…      |
| step 2: execute, in two languages     | test_the_handle_is_there_at_once; test_the_awaited_client_…                |
| step 3: wait, or retrieve later       | test_results_are_waited_for_and_read_later; test_the_awaited_client_…      |
| complete simulator                    | test_the_simulator_of_the_examples_collects_three_scenarios                |
| CLI integration                       | test_fleet_collecting.py: test_the_artifacts_come_though_nobody_waits      |
| features 1, 4: async and sync mode    | test_the_handle_is_there_at_once; test_sync_mode_…                         |
| feature 2: run ids                    | test_the_handle_is_there_at_once                                           |
| feature 3: known places               | test_expected_artifacts_are_the_files_that_come                            |
| practices 1, 5: unique id, metadata   | test_runs_are_listed_and_cancelled; test_sync_mode_…                       |
| practice 2: concurrency               | test_the_manifests_concurrency_wins_over_the_clients                       |
| practice 3: cost                      | test_sync_mode_…                                                           |
| practice 4: list, archive             | test_runs_are_listed_and_cancelled                                         |
| error handling                        | test_time_that_runs_out_…; test_a_run_that_fails_…                         |
| FAQ: parallel, done, partial results  | the simulator; test_fleet_collecting.py; test_a_run_that_fails_…           |

Of the manifest's fields: tests/unit/test_fleet_manifest.py (what is required, the manifest wins over the client),
tests/unit/test_fleet_reading.py (JSON and YAML, where datasets and the file of providers are looked for). Two runs in a second:
test_api_fleets.py. Files of a fleet: tests/unit/test_fleet_artifacts.py; repositories are counted once: test_fleet_aggregate.py.
"""

import asyncio
import csv
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from benchfleet.exceptions import RunFailed
from benchfleet.fleet import AsyncFleetBenchmark, FleetBenchmark, Handle, ResultsNotReady, RunNotFound, WaitTimeout

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, Json
from tests.integration.fleet_project import Project, client, make_project, work
from tests.integration.test_api_fleets import Attempt
from tests.providers import Providers

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PRICES = (
    '[providers.anthropic.price]\ninput_mtok = "1000"\noutput_mtok = "2000"\n'  # seven tokens in, two out: USD 0.011
)


@dataclass
class Guide:
    """A folder like that of `fleet`, whose run has ended: its handle and results. Two thirds of the prompts were answered."""

    emulator: Emulator
    folder: Path
    key: str
    handle: Handle
    results: Json

    def client(self, output: Path | str = "fleet-results", **options: Any) -> FleetBenchmark:
        return FleetBenchmark(self.folder / output, **self.options(**options))

    def options(self, **more: Any) -> dict[str, Any]:
        ready = self.emulator.ready
        own = {
            "config_path": self.folder / "own.toml",
            "url": ready.api_url,
            "api_key": ready.keys.admin,
            "collects": False,
        }
        return {**own, **more}

    def manifest(self, name: str, **changes: Any) -> Path:
        """The guide's, changed, beside it."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({**json.loads((self.folder / "fleet-manifest.json").read_text()), **changes}))
        return path

    @property
    def first(self) -> Json:
        """Its first repository."""
        repository: Json = json.loads((self.folder / "fleet-manifest.json").read_text())["repositories"][0]
        return repository


@pytest.fixture(scope="module")
def guide(emulator: Emulator, fleet: Project, providers: Providers, tmp_path_factory: pytest.TempPathFactory) -> Guide:
    """The key gives the run that `fleet` has begun, and its handle again."""
    folder = make_project(tmp_path_factory.mktemp("guide") / "project", providers)
    own = f'{PRICES}[providers.vllm]\nbase_url = "{providers.url}/v1"\n'
    (folder / "own.toml").write_text((folder / "fleet.toml").read_text() + own)
    with client(emulator, folder) as made:
        handle = made.execute_fleet(folder / "fleet-manifest.json", idempotency_key=fleet.key)
        results = made.wait_for_completion(handle.run_id)
        made.fetch_artifacts(handle.run_id)
    return Guide(emulator, folder, fleet.key, handle, results)


def test_the_handle_is_there_at_once(guide: Guide) -> None:
    """Nobody works at the new run, and nothing is waited for."""
    with guide.client() as fleet:
        assert fleet.execute_fleet(guide.manifest("new", fleet_id="new")).run_id.startswith("new-")
        with pytest.raises(ResultsNotReady):
            fleet.get_fleet_results(fleet.list_runs(fleet_id="new")[0])
    handle, metadata = guide.handle, guide.handle.metadata
    assert re.fullmatch(r"my-simulator-fleet-\d{8}-\d{6}(-\d+)?", handle.run_id)
    assert handle.artifact_base_dir == guide.folder / "fleet-results" / handle.run_id
    assert handle.status_url.endswith(f"/fleets/runs/{handle.run_id}")
    assert (metadata.fleet_id, metadata.repository_count) == ("my-simulator-fleet", 2)
    assert metadata.providers == ["openai", "anthropic"]
    assert metadata.started_at.endswith("Z")


def test_expected_artifacts_are_the_files_that_come(guide: Guide) -> None:
    expected = [Path(path) for path in guide.handle.metadata.expected_artifacts]
    assert [path.name for path in expected[:2]] == ["fleet-results.json", "fleet-summary.csv"]
    assert len(expected) == 2 + 2 * 2 * 2
    assert all(path.is_file() for path in expected)
    (row,) = csv.DictReader((guide.handle.artifact_base_dir / "fleet-summary.csv").read_text().splitlines())
    assert (row["fleet_id"], row["total_tests"], row["success_rate"]) == ("my-simulator-fleet", "12", "0.6667")


def test_results_are_waited_for_and_read_later(guide: Guide, tmp_path: Path) -> None:
    summary = guide.results["fleet_summary"]
    assert (summary["total_tests"], summary["total_succeeded"], summary["total_failed"]) == (12, 8, 4)
    assert summary["success_rate"] == pytest.approx(8 / 12)
    assert summary["avg_duration_ms"] > 0
    assert (guide.results["total_repositories"], sorted(guide.results["provider_breakdown"])) == (
        2,
        ["anthropic", "openai"],
    )
    with guide.client(tmp_path) as elsewhere:
        assert elsewhere.get_fleet_results(guide.handle.run_id) == guide.results
        with pytest.raises(RunNotFound, match="my-simulator-fleet-20231231-123456"):
            elsewhere.get_fleet_results("my-simulator-fleet-20231231-123456")
    assert json.loads((guide.handle.artifact_base_dir / "fleet-results.json").read_text()) == guide.results


def test_every_prompt_goes_to_every_provider_with_its_variables_filled_in(guide: Guide) -> None:
    told = [one["results"]["results"] for one in guide.results["repository_results"]]
    assert [[test["prompt"] for test in tests] for tests in told] == [["say hello 0", "say hello 1", "say hello 2"]] * 4
    assert [[test["status"] for test in tests] for tests in told] == [["success", "success", "failure"]] * 4
    assert told[0][2]["error"] == "400: no such thing"


def test_the_manifests_concurrency_wins_over_the_clients(guide: Guide, api: Api) -> None:
    def concurrency(**changes: object) -> int:
        with guide.client(default_concurrency=7) as fleet:
            handle = fleet.execute_fleet(guide.manifest("concurrency", fleet_id="concurrency", **changes))
            shard = Attempt(api, handle.run_id)("GET").json()["shard"]
            fleet.cancel(handle.run_id)
        return int(shard["load"]["concurrency"])

    assert concurrency() == 10
    assert concurrency(config={}) == 7


def test_runs_are_listed_and_cancelled(guide: Guide) -> None:
    with guide.client() as fleet:
        handle = fleet.execute_fleet(guide.manifest("cancelled", fleet_id="my-sim-v2-prod"))
        assert fleet.get_status(handle.run_id).status == "queued"
        assert fleet.list_runs(fleet_id="my-sim-v2-prod") == [handle.run_id]
        assert {handle.run_id, guide.handle.run_id} <= set(fleet.list_runs())
        fleet.cancel(handle.run_id)
        assert fleet.get_status(handle.run_id).status == "cancelled"
        with pytest.raises(RunFailed, match="cancelled"):
            fleet.wait_for_completion(handle.run_id, timeout_ms=600_000)
        with pytest.raises(RunNotFound):
            fleet.cancel("nobodys-20231231-123456")


def test_time_that_runs_out_is_an_error_of_its_own_and_the_run_goes_on(guide: Guide) -> None:
    with guide.client() as fleet:
        handle = fleet.execute_fleet(guide.manifest("slow", fleet_id="slow"))
        with pytest.raises(WaitTimeout, match=rf"{handle.run_id} is queued after 300 ms \(0 of 12 tests done\)"):
            fleet.wait_for_completion(handle.run_id, timeout_ms=300, poll_interval_ms=100)
        assert fleet.get_status(handle.run_id).status == "queued"
        fleet.cancel(handle.run_id)


@pytest.mark.proof
def test_sync_mode_returns_when_everything_is_there(guide: Guide, tmp_path: Path) -> None:
    """Metadata of a repository comes back; costs are what the file says, and None where nobody knows a price."""
    first = {**guide.first, "metadata": {"team": "planning", "priority": "high"}}
    manifest = guide.manifest("sync", fleet_id="sync-mode", providers=["vllm:m", "anthropic"], repositories=[first])
    with guide.client(tmp_path / "out") as fleet, working(guide, "sync-mode", tmp_path):
        handle = fleet.execute_fleet(manifest, wait=True)
        assert all(Path(path).is_file() for path in handle.metadata.expected_artifacts)
        results = fleet.get_fleet_results(handle.run_id)
    costs = {name: one["total_cost"] for name, one in results["provider_breakdown"].items()}
    assert costs == {"vllm": None, "anthropic": pytest.approx(2 * 0.011)}
    assert (results["fleet_summary"]["total_cost"], results["fleet_summary"]["unpriced"]) == (costs["anthropic"], 2)
    assert results["repository_results"][0]["repository_metadata"] == {"team": "planning", "priority": "high"}


@pytest.mark.proof
def test_a_run_that_fails_says_so_at_once_and_what_was_collected_is_saved(
    guide: Guide, providers: Providers, tmp_path: Path
) -> None:
    """Its key is refused: ten minutes of waiting are not waited."""
    providers.keys = {"another"}
    try:
        with guide.client(tmp_path / "out") as fleet:
            handle = fleet.execute_fleet(
                guide.manifest("refused", fleet_id="refused", providers=["openai"], repositories=[guide.first])
            )
            work(guide.emulator, handle.run_id, tmp_path)
            begun = time.monotonic()
            with pytest.raises(RunFailed, match=f"{handle.run_id} is failed"):
                fleet.wait_for_completion(handle.run_id, timeout_ms=600_000, poll_interval_ms=200)
            assert time.monotonic() - begun < 60
            until(lambda: fleet.get_status(handle.run_id).results_ready)
            results = json.loads((fleet.fetch_artifacts(handle.run_id) / "fleet-results.json").read_text())
    finally:
        providers.keys = None
    assert (results["status"], results["fleet_summary"]["total_failed"]) == ("failed", 3)
    assert "no such key" in results["repository_results"][0]["results"]["results"][0]["error"]


@pytest.mark.proof
def test_the_awaited_client_keeps_the_same_promises(guide: Guide, tmp_path: Path) -> None:
    async def all_of_it() -> None:
        async with AsyncFleetBenchmark(tmp_path, **guide.options()) as fleet:
            assert await fleet.get_fleet_results(guide.handle.run_id) == guide.results
            assert await fleet.wait_for_completion(guide.handle.run_id, timeout_ms=5_000) == guide.results
            first, second = await asyncio.gather(
                *(fleet.execute_fleet(guide.manifest("awaited", fleet_id="awaited")) for _ in range(2))
            )
            assert first.run_id != second.run_id
            assert set(await fleet.list_runs(fleet_id="awaited")) == {first.run_id, second.run_id}
            for handle in (first, second):
                await fleet.cancel(handle.run_id)
                assert (await fleet.get_status(handle.run_id)).status == "cancelled"
            assert (await fleet.fetch_artifacts(guide.handle.run_id) / "fleet-summary.csv").is_file()

    asyncio.run(all_of_it())


@pytest.mark.proof
def test_the_simulator_of_the_examples_collects_three_scenarios(guide: Guide, tmp_path: Path) -> None:
    small, said = guide.manifest("small", repositories=[guide.first], providers=["anthropic"]), list[str]()
    for name in ("baseline", "optimized", "experimental"):
        shutil.copytree(guide.folder / "datasets", tmp_path / "scenarios" / name / "datasets")
        shutil.copy(small, tmp_path / "scenarios" / name / "fleet-manifest.json")
    with guide.client(tmp_path / "simulation-results") as fleet:
        simulator = runpy.run_path(str(EXAMPLES / "fleet_simulator.py"))["Simulator"](tmp_path, fleet, say=said.append)

        def other_work() -> None:
            assert not simulator.is_scenario_complete("baseline")
            for run_id in simulator.runs.values():
                work(guide.emulator, run_id, tmp_path)

        found = simulator.run_simulation(other_work)
        assert simulator.is_scenario_complete("baseline")
    assert len(set(simulator.runs.values())) == 3
    assert [one["providers"] for one in found.values()] == [["anthropic"]] * 3
    assert said[3].startswith("baseline: 66.67% succeeded")
    assert said[3].endswith("cost $0.0220")


@pytest.mark.proof
def test_the_nightly_gate_passes_and_fails(guide: Guide, tmp_path: Path) -> None:
    """Both take up the night's run, which `fleet` has begun; two thirds of its prompts were answered."""
    first = gate(guide, tmp_path, "0.6")
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith("gate: passed\n")
    assert "<testsuites" in (tmp_path / "fleet.xml").read_text()
    second = gate(guide, tmp_path, "0.7")
    assert (second.returncode, "gate: the models are not good enough" in second.stderr) == (7, True)


def environment(guide: Guide, home: Path) -> dict[str, str]:
    """A shell's, without what the developer has set."""
    ready = guide.emulator.ready
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {"BENCHFLEET_URL": ready.api_url, "BENCHFLEET_API_KEY": ready.keys.admin, "HOME": str(home), "PATH": path}


def gate(guide: Guide, folder: Path, rate: str) -> subprocess.CompletedProcess[str]:
    own = {**environment(guide, folder), "MIN_SUCCESS_RATE": rate, "GATE_KEY": guide.key}
    words = ["sh", str(EXAMPLES / "nightly_gate.sh"), str(guide.folder / "fleet-manifest.json")]
    options = ["--config", str(guide.folder / "fleet.toml"), "--poll", "0.2"]
    return subprocess.run(
        [*words, *options], cwd=folder, env=own, capture_output=True, text=True, timeout=240, check=False
    )


@contextmanager
def working(guide: Guide, fleet_id: str, folder: Path) -> Iterator[None]:
    """A runner comes as soon as there is a run of this fleet."""

    def come() -> None:
        with guide.client() as fleet:
            until(lambda: bool(fleet.list_runs(fleet_id=fleet_id)))
            work(guide.emulator, fleet.list_runs(fleet_id=fleet_id)[0], folder)

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come)
        yield
        coming.result()


def until(good: Callable[[], bool], *, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not good():
        assert time.monotonic() < end
        time.sleep(0.1)
