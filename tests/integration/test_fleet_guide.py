"""The simulator's guide, block by block: each has a test here that says the same in Python or on the command line.

| block of the guide                    | test                                                                       |
|---------------------------------------|----------------------------------------------------------------------------|
| installation                          | the imports of this module; tests/integration/test_package.py               |
| step 1: the manifest                  | `guide` runs it unchanged; test_every_prompt_goes_to_every_provider_…      |
| step 2: execute, in two languages     | test_the_handle_is_there_at_once; test_the_awaited_client_…                |
| step 3: wait, or retrieve later       | test_results_are_waited_for_and_read_later; test_the_awaited_client_…      |
| complete simulator                    | test_the_simulator_of_the_examples_collects_three_scenarios                |
| CLI integration                       | tests/integration/test_fleet_commands.py                                   |
| features 1, 4: async and sync mode    | test_the_handle_is_there_at_once; test_sync_mode_…                         |
| feature 2: run ids                    | test_the_handle_is_there_at_once                                           |
| feature 3: known places               | test_expected_artifacts_are_the_files_that_come                            |
| practices 1, 5: unique id, metadata   | test_runs_are_listed_and_cancelled; test_sync_mode_…                       |
| practice 2: concurrency               | test_the_manifests_concurrency_wins_over_the_clients                       |
| practice 3: cost                      | test_costs_are_told; test_sync_mode_…                                      |
| practice 4: list, archive             | test_runs_are_listed_and_cancelled                                         |
| error handling                        | test_time_that_runs_out_…; test_a_run_that_fails_…                         |
| FAQ: parallel, done, partial results  | the simulator; test_a_run_that_fails_…                                     |

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
from tests.integration.api_client import Api, Json, fresh
from tests.integration.fleet_project import make_project, work
from tests.integration.test_api_fleets import Attempt
from tests.providers import Behaviour, Providers, Rule, serving

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
PRICES = (
    '[providers.anthropic.price]\ninput_mtok = "1000"\noutput_mtok = "2000"\n'  # seven tokens in, two out: USD 0.011
)


@dataclass
class Guide:
    """A project's folder, and the guide's manifest run in it: one prompt was refused by one provider."""

    emulator: Emulator
    folder: Path
    provider: Providers
    key: str
    handle: Handle
    results: Json

    def client(self, output: Path | str = "fleet-results", **options: Any) -> FleetBenchmark:
        return FleetBenchmark(self.folder / output, **self.options(**options))

    def options(self, **more: Any) -> dict[str, Any]:
        ready = self.emulator.ready
        return {"config_path": self.folder / "fleet.toml", "url": ready.api_url, "api_key": ready.keys.admin, **more}

    def manifest(self, name: str, **changes: object) -> Path:
        """The guide's, changed, beside it."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({**json.loads((self.folder / "fleet-manifest.json").read_text()), **changes}))
        return path


@pytest.fixture(scope="module")
def guide(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    refused = Rule(model="gpt", prompt="say hello 2", behaviour=Behaviour(status=400, message="no such thing"))
    root = tmp_path_factory.mktemp("guide")
    with serving(Providers(default=Behaviour(pieces=("well, ", "hello there")), rules=[refused])) as provider:
        found = Guide(emulator, make_project(root / "project", provider), provider, fresh("night"), None, {})  # type: ignore[arg-type]
        with (found.folder / "fleet.toml").open("a") as config:
            config.write(f'{PRICES}[providers.vllm]\nbase_url = "{provider.url}/v1"\n')
        with found.client() as fleet:
            found.handle = fleet.execute_fleet(found.folder / "fleet-manifest.json", idempotency_key=found.key)
            with pytest.raises(ResultsNotReady):
                fleet.get_fleet_results(found.handle.run_id)
            work(emulator, found.handle.run_id, root)
            found.results = fleet.wait_for_completion(found.handle.run_id)
            fleet.fetch_artifacts(found.handle.run_id)
        yield found


def test_the_handle_is_there_at_once(guide: Guide) -> None:
    """`guide` saw no results yet when it had the handle; nobody had worked."""
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
    assert (row["fleet_id"], row["total_tests"], row["success_rate"]) == ("my-simulator-fleet", "12", "0.8333")


def test_results_are_waited_for_and_read_later(guide: Guide, tmp_path: Path) -> None:
    summary = guide.results["fleet_summary"]
    assert (summary["total_tests"], summary["total_succeeded"], summary["total_failed"]) == (12, 10, 2)
    assert summary["success_rate"] == pytest.approx(10 / 12)
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
    first = guide.results["repository_results"][0]["results"]["results"]
    assert [one["status"] for one in first] == ["success", "success", "failure"]
    assert first[2]["error"] == "400: no such thing"
    asked = [one.prompt for one in guide.provider.asked[:12]]
    assert sorted(set(asked)) == ["say hello 0", "say hello 1", "say hello 2"]
    assert all(asked.count(prompt) == 4 for prompt in asked)


def test_costs_are_told(guide: Guide) -> None:
    """Of one provider the file has a price; nobody has one of a model that is served by oneself (the run of sync mode)."""
    assert guide.results["provider_breakdown"]["anthropic"]["total_cost"] == pytest.approx(6 * 0.011)
    assert guide.results["fleet_summary"]["total_cost"] >= 6 * 0.011


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


def test_sync_mode_returns_when_everything_is_there(guide: Guide, tmp_path: Path) -> None:
    """Metadata of a repository comes back; a price that nobody knows is None."""
    (first, _) = json.loads((guide.folder / "fleet-manifest.json").read_text())["repositories"]
    repositories = [{**first, "metadata": {"team": "planning", "priority": "high"}}]
    manifest = guide.manifest("sync", fleet_id="sync-mode", providers=["vllm:m"], repositories=repositories)
    with guide.client(tmp_path / "out") as fleet, working(guide, "sync-mode", tmp_path):
        handle = fleet.execute_fleet(manifest, wait=True)
        assert all(Path(path).is_file() for path in handle.metadata.expected_artifacts)
        results = fleet.get_fleet_results(handle.run_id)
    summary, (repository,) = results["fleet_summary"], results["repository_results"]
    assert (summary["success_rate"], summary["total_cost"], summary["unpriced"]) == (1.0, None, 3)
    assert repository["repository_metadata"] == {"team": "planning", "priority": "high"}


def test_a_run_that_fails_says_so_at_once_and_what_was_collected_is_saved(guide: Guide, tmp_path: Path) -> None:
    """Its key is refused: ten minutes of waiting are not waited."""
    guide.provider.keys = {"another"}
    try:
        with guide.client(tmp_path / "out") as fleet:
            handle = fleet.execute_fleet(guide.manifest("refused", fleet_id="refused", providers=["openai"]))
            work(guide.emulator, handle.run_id, tmp_path)
            begun = time.monotonic()
            with pytest.raises(RunFailed, match=f"{handle.run_id} is failed"):
                fleet.wait_for_completion(handle.run_id, timeout_ms=600_000, poll_interval_ms=200)
            assert time.monotonic() - begun < 60
            until(lambda: fleet.get_status(handle.run_id).results_ready)
            results = json.loads((fleet.fetch_artifacts(handle.run_id) / "fleet-results.json").read_text())
    finally:
        guide.provider.keys = None
    assert (results["status"], results["fleet_summary"]["total_failed"]) == ("failed", 6)
    assert "no such key" in results["repository_results"][0]["results"]["results"][0]["error"]


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


def test_the_simulator_of_the_examples_collects_three_scenarios(guide: Guide, tmp_path: Path) -> None:
    manifest = json.loads((guide.folder / "fleet-manifest.json").read_text())
    (first, _), said = manifest["repositories"], list[str]()
    for name in ("baseline", "optimized", "experimental"):
        shutil.copytree(guide.folder / "datasets", tmp_path / "scenarios" / name / "datasets")
        small = {**manifest, "repositories": [first], "providers": ["anthropic"]}
        (tmp_path / "scenarios" / name / "fleet-manifest.json").write_text(json.dumps(small))
    with guide.client(tmp_path / "simulation-results") as fleet:
        simulator = runpy.run_path(str(EXAMPLES / "fleet_simulator.py"))["Simulator"](tmp_path, fleet, say=said.append)

        def other_work() -> None:
            assert not simulator.is_scenario_complete("baseline")
            for run_id in simulator.runs.values():
                work(guide.emulator, run_id, tmp_path)

        found = simulator.run_simulation(other_work)
        assert simulator.is_scenario_complete("baseline")
    assert len(set(simulator.runs.values())) == 3
    assert [(one["success_rate"], one["providers"]) for one in found.values()] == [(1.0, ["anthropic"])] * 3
    assert said[3].startswith("baseline: 100.00% succeeded")


@pytest.mark.proof
def test_the_nightly_gate_passes_and_fails(guide: Guide, tmp_path: Path) -> None:
    """Both take up the night's run, which `guide` has begun; ten of its twelve prompts were answered."""
    first = gate(guide, tmp_path, "0.8")
    assert first.returncode == 0, first.stderr
    assert first.stdout.endswith("gate: passed\n")
    assert "<testsuites" in (tmp_path / "fleet.xml").read_text()
    second = gate(guide, tmp_path, "0.9")
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
