"""A fleet from its manifest to its results: the guide's manifest unchanged, a runner process, a loopback provider."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchfleet.fleet.client import FleetBenchmark

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.providers import Behaviour, Providers, Rule, serving

MANIFEST = """{
  "fleet_id": "my-simulator-fleet",
  "description": "My simulator fleet benchmarks",
  "repositories": [
    {"id": "repo-1", "name": "Repository 1", "dataset_path": "./datasets/repo1.json"},
    {"id": "repo-2", "name": "Repository 2", "dataset_path": "./datasets/repo2.json"}
  ],
  "providers": ["openai", "anthropic"],
  "config": {"concurrency": 10}
}"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "datasets").mkdir()
    for number in (1, 2):
        cases = [
            {
                "id": f"t{each}",
                "prompt": f"say {{{{word}}}} {each}",
                "variables": {"word": "hello"},
                "expected": "hello",
            }
            for each in range(3)
        ]
        dataset = {"name": f"set {number}", "version": "1.0.0", "test_cases": cases}
        (tmp_path / "datasets" / f"repo{number}.json").write_text(json.dumps(dataset))
    (tmp_path / "fleet-manifest.json").write_text(MANIFEST)
    return tmp_path


def work(emulator: Emulator, run_id: str, tmp_path: Path) -> None:
    """A runner works at the run until nothing is left."""
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    keys = {"OPENAI_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2", "BENCHFLEET_API_KEY": emulator.ready.keys.runner}
    argv = [
        sys.executable, "-m", "runner_image", "--orchestrator-url", emulator.ready.api_url, "--provider", "local",
        "--instance-type", "fleet", "--run-id", run_id, "--isolation", "process", "--work-root", str(tmp_path),
    ]  # fmt: skip
    done = prepared_start.run(
        argv, env=keep | keys, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_the_guides_manifest_runs_unchanged(emulator: Emulator, project: Path, tmp_path: Path) -> None:
    """One prompt of one repository is refused: right status, right totals, everything else is kept."""
    refused = Rule(prompt="say hello 2", behaviour=Behaviour(status=400, message="no such thing"))
    with serving(Providers(default=Behaviour(pieces=("well, ", "hello there")), rules=[refused])) as providers:
        config = project / "fleet.toml"
        config.write_text(
            f'[providers.openai]\nbase_url = "{providers.url}/v1"\n[providers.anthropic]\nbase_url = "{providers.url}/v1"\n'
        )
        fleet = FleetBenchmark(
            tmp_path / "out", config_path=config, url=emulator.ready.api_url, api_key=emulator.ready.keys.admin
        )
        with fleet:
            handle = fleet.execute_fleet(project / "fleet-manifest.json")
            assert handle.run_id.startswith("my-simulator-fleet-")
            work(emulator, handle.run_id, tmp_path)
            results = fleet.wait_for_completion(handle.run_id, timeout_ms=60_000, poll_interval_ms=200)
            folder = fleet.fetch_artifacts(handle.run_id)
    summary = results["fleet_summary"]
    assert (summary["total_tests"], summary["total_succeeded"], summary["total_failed"]) == (12, 8, 4)
    assert set(results["provider_breakdown"]) == {"openai", "anthropic"}
    assert results["total_repositories"] == 2
    assert len(providers.served) == 8
    assert all("{{" not in asked.prompt for asked in providers.asked)
    assert (folder / "fleet-results.json").is_file()
    assert (folder / "fleet-summary.csv").read_text().startswith("fleet_id,")
    first = results["repository_results"][0]
    assert first["repository_id"] == "repo-1"
    assert [one["status"] for one in first["results"]["results"]] == ["success", "success", "failure"]
