"""Each app of the project, installed and started for real, answers all that it declares rightly: `make proof`, minutes.

Where PyPI and npm can be reached, the thirteen must run: one that cannot be installed fails with its reason.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from benchfleet_contract.workloads.http import HttpOptions

from runner_image.isolation.environment import visible
from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.apps.install import built_in, install
from runner_image.workloads.http.contract.gate import verify_all
from runner_image.workloads.http.contract.schemas import APPS
from runner_image.workloads.http.contract.workloads import STREAMS, every
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.life.build import build
from runner_image.workloads.http.life.failures import ServerFailed
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.serving import server_of
from runner_image.workloads.http.source import Placed, placed
from runner_image.workloads.http.streams import gate

pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]

REGISTRY = Registry.load()
RUN_HERE = (
    "express", "fastapi", "fastapi-granian", "fastify", "flask", "hono", "hono-bun", "hyper", "litestar", "robyn",
    "sinatra", "spikard-python", "starlette",
)  # fmt: skip
ELSEWHERE = ("axum-baseline", "spikard-node", "spikard-ruby", "spikard-rust", "spikard-wasm")


@cache
def registries_are_reachable() -> bool:
    """PyPI's and npm's, by their own clients."""
    asked = (
        [sys.executable, "-m", "pip", "index", "versions", "flask", "--disable-pip-version-check"],
        ["npm", "view", "hono", "version"],
    )
    try:
        return all(subprocess.run(words, capture_output=True, timeout=60).returncode == 0 for words in asked)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


@contextmanager
def started(found: Placed, work_dir: Path) -> Iterator[Server]:
    isolation = ProcessIsolation(visible(os.environ))
    options = HttpOptions(ready_s=60)
    with isolation.open(work_dir, stop=Stop()) as slot:
        build(slot, found.framework, found.app, timeout_s=600)
        with server_of(slot, found, options, work_dir) as server:
            yield server


def found_or_told(name: str, work_dir: Path) -> Placed:
    """Skips or fails with the reason where it cannot be installed."""
    try:
        return placed(HttpOptions(framework=name), REGISTRY, work_dir)
    except ServerFailed as error:
        told = (error.kind, error.failure_class)
        why = f"{name} is unavailable: {error.remedy}"
        if name in RUN_HERE and registries_are_reachable():
            pytest.fail(f"{why}, although PyPI and npm can be reached")
    assert told == ("unavailable", "infrastructure")
    pytest.skip(why)


def test_every_app_is_either_known_to_run_here_or_known_not_to() -> None:
    assert sorted((*RUN_HERE, *ELSEWHERE)) == built_in()
    assert len(RUN_HERE) == 13


@pytest.mark.parametrize("name", [*RUN_HERE, *ELSEWHERE])
def test_an_app_answers_all_that_it_declares_rightly(name: str, tmp_path: Path) -> None:
    found = found_or_told(name, tmp_path)
    declared = found.framework.capabilities
    with started(found, tmp_path) as server:
        verdicts = verify_all(server.base_url, every(), capabilities=declared)
        streams = [gate.verify(server.port, one, capabilities=declared) for one in ("websocket", "sse")]
        command = server.command
    assert {one.workload: one.reasons for one in verdicts if one.status != "pass"} == {}
    assert {one.workload for one in streams if one.status == "pass"} == declared & set(STREAMS), streams
    assert not server.stubborn
    if name == "hono-bun":
        assert Path(command[0]).is_relative_to(found.app.folder), "its own bun, not the one of the machine"
    assert install(APPS / name).install_s is None, "the cache must have it"
