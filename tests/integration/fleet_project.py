"""A folder with the guide's manifest and two datasets, its providers at a loopback server, and runners that work at its runs."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchfleet.fleet import FleetBenchmark

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.providers import Providers

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
KEYS = {"OPENAI_API_KEY": "k1", "ANTHROPIC_API_KEY": "k2"}


@dataclass(frozen=True)
class Project:
    """A folder, and a run of its manifest that has ended: a third of its prompts was refused. `key` is its idempotency key."""

    folder: Path
    run_id: str
    key: str


def client(emulator: Emulator, folder: Path, *, collects: bool = False) -> FleetBenchmark:
    ready = emulator.ready
    return FleetBenchmark(
        folder / "fleet-results", config_path=folder / "fleet.toml", url=ready.api_url, api_key=ready.keys.admin,
        collects=collects,
    )  # fmt: skip


def begin(emulator: Emulator, folder: Path, key: str | None = None) -> str:
    """A run of the folder's manifest, that nobody works at; its id."""
    with client(emulator, folder) as fleet:
        return fleet.execute_fleet(folder / "fleet-manifest.json", idempotency_key=key).run_id


def make_project(folder: Path, providers: Providers | None = None) -> Path:
    """Three prompts in each of two datasets, `say hello 0` to `2`; answers have to hold `hello`."""
    (folder / "datasets").mkdir(parents=True)
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
        (folder / "datasets" / f"repo{number}.json").write_text(json.dumps(dataset))
    (folder / "fleet-manifest.json").write_text(MANIFEST)
    if providers is not None:
        tables = (f'[providers.{name}]\nbase_url = "{providers.url}/v1"\n' for name in ("openai", "anthropic"))
        (folder / "fleet.toml").write_text("".join(tables))
    return folder


def work(emulator: Emulator, run_id: str, folder: Path) -> None:
    """A runner works at the run until nothing is left."""
    keeps = ("PATH", "HOME", *prepared_start.READ_AT_START)  # with another locale it would be started truly
    keep = {name: value for name, value in os.environ.items() if name.startswith(keeps)}
    argv = [
        sys.executable, "-m", "runner_image", "--orchestrator-url", emulator.ready.api_url, "--provider", "local",
        "--instance-type", "fleet", "--run-id", run_id, "--isolation", "process", "--work-root", str(folder),
    ]  # fmt: skip
    done = prepared_start.run(
        argv, env={**keep, **KEYS, "BENCHFLEET_API_KEY": emulator.ready.keys.runner}, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
