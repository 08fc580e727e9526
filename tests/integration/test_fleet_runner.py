"""A real runner works at a fleet run: shard, leases, journal and result fit the control plane; each test is sent once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.integration.api_client import Api, Json, fresh
from tests.integration.test_api_fleets import body
from tests.providers.behaviour import Behaviour, Rule
from tests.providers.server import Providers, serving

pytestmark = pytest.mark.system

KEY = "sk-loopback"


@pytest.fixture(scope="module")
def provider() -> Iterator[Providers]:
    with serving(Providers(keys={KEY})) as server:
        yield server


def made(api: Api, provider: Providers, **settings: object) -> str:
    """One repository of two tests, at one model of the loopback server."""
    manifest = {
        "repositories": [{"id": "repo-1", "name": "R", "dataset_path": "./d.json"}],
        "providers": ["loop:m"],
        "settings": settings,
    }
    loop = {"type": "openai-compatible", "base_url": f"{provider.url}/v1", "api_key_env": "LOOP_KEY", "rpm": 6000}
    asked = body(fresh("worked"), manifest=manifest, providers={"loop": {**loop, "price": PRICE}})
    reply = api("POST", "/fleets/runs", asked)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["run_id"])


PRICE = {"input_mtok": "1", "output_mtok": "2"}


def worked(api: Api, emulator: Emulator, run_id: str, folder: Path) -> Json:
    where = ["--provider", "local", "--instance-type", "fleet", "--run-id", run_id]
    how = ["--slots", "1", "--isolation", "process", "--work-root", str(folder)]
    command = [sys.executable, "-m", "runner_image", "--orchestrator-url", emulator.ready.api_url, *where, *how]
    environment = {**os.environ, "BENCHFLEET_API_KEY": emulator.ready.keys.runner, "LOOP_KEY": KEY}
    ended = prepared_start.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stdout
    return api.until(f"/fleets/runs/{run_id}", lambda told: bool(told["results_ready"]))


def results(api: Api, run_id: str) -> Json:
    found: Json = httpx.get(
        api("GET", f"/fleets/runs/{run_id}/results").json()["url"], trust_env=False, verify=authorities({})
    ).json()
    return found


def test_a_runner_does_what_a_manifest_asks(api: Api, emulator: Emulator, provider: Providers, tmp_path: Path) -> None:
    provider.rules = [Rule(Behaviour(status=400), prompt="Say 2")]
    run_id = made(api, provider, max_cost=5.0)
    told = worked(api, emulator, run_id, tmp_path)
    assert (told["status"], told["tests"]["success"], told["tests"]["failure"]) == ("partial", 1, 1), (
        told["errors"],
        provider.asked,
    )
    whole = results(api, run_id)
    tests = whole["repository_results"][0]["results"]["results"]
    assert [(test["test_id"], test["status"]) for test in tests] == [("one", "success"), ("two", "failure")]
    assert tests[0]["response"]["content"] == " w0 w1 w2 w3"
    assert tests[0]["cost_usd"] == pytest.approx(7e-6 + 4 * 2e-6)
    assert sorted(asked.prompt for asked in provider.asked) == ["Say 1", "Say 2"]


@pytest.mark.proof
def test_a_budget_that_pays_for_no_test_leaves_them_skipped_and_their_shard_done(
    api: Api, emulator: Emulator, provider: Providers, tmp_path: Path
) -> None:
    before = len(provider.asked)
    told = worked(api, emulator, made(api, provider, max_cost=1e-6, max_tokens=10), tmp_path)
    assert (told["tests"]["skipped"], told["cost_usd"], len(provider.asked)) == (2, None, before)
    assert [shard["status"] for shard in told["shards"]] == ["completed"]


@pytest.mark.proof
def test_a_judges_grades_and_their_cost_come_through_to_the_results(
    api: Api, emulator: Emulator, provider: Providers, tmp_path: Path
) -> None:
    graded = Behaviour(pieces=('{"score": 0.25, "reason": "no"}',), completion_tokens=10)
    provider.rules = [Rule(graded, model="j")]
    judge = {"target": "loop:j", "rubric": "Is it kind?"}
    told = worked(api, emulator, made(api, provider, max_cost=5.0, judge=judge), tmp_path)
    whole = results(api, told["run_id"])
    summary = whole["fleet_summary"]
    assert (told["status"], summary["quality"]["pass_rate"], summary["judging"]["answers"]) == ("completed", 0.0, 2)
    assert summary["judging"]["cost_usd"] == pytest.approx(2 * (7e-6 + 10 * 2e-6))
    assert summary["total_cost"] == pytest.approx(2 * (7e-6 + 4 * 2e-6))
    scores = [test["scores"][0] for test in whole["repository_results"][0]["results"]["results"]]
    assert [(score["score"], score["reason"]) for score in scores] == [(0.25, "no")] * 2
    assert whole["metadata"]["custom"]["price_sets"] == "providers file"
