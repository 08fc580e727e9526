"""Faults of providers end to end: control plane, runner, loopback provider. Each test's status, and every total, is right."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, Json, fresh
from tests.integration.test_api_fleets import body
from tests.integration.test_fleet_runner import KEY, results, worked
from tests.providers import Behaviour, Providers, Rule, serving

PRICE = {
    "input_mtok": "1000",
    "output_mtok": "2000",
}  # USD 0.001 and 0.002 a token: an answer of 7 + 4 tokens costs 0.015
PLAIN_USD = 0.015


@dataclass(frozen=True)
class Fault:
    """`tests` of them; the provider is asked `requests` times for all of these together."""

    status: str
    kind: str | None
    requests: int
    rule: Rule | None = None
    tests: int = 1


def table() -> dict[str, Fault]:
    megabyte = Behaviour(pieces=("x" * 65536,) * 16, completion_tokens=4)
    return {
        "plain": Fault("success", None, 3, tests=3),
        "half": Fault("success", None, 12, Rule(Behaviour(status=503), every=2, times=4), tests=8),
        "storm": Fault("success", None, 6, Rule(Behaviour(status=429, headers={"Retry-After": "1"}), times=3), tests=3),
        "exhausted": Fault("failure", "rate_limited", 3, Rule(Behaviour(status=429, headers={"retry-after-ms": "5"}))),
        "down": Fault("failure", "server", 3, Rule(Behaviour(status=529))),
        "cut": Fault("failure", "cut", 1, Rule(Behaviour(cut_after=2))),
        "malformed": Fault("failure", "malformed", 1, Rule(Behaviour(malformed_at=1))),
        "empty": Fault("failure", "empty", 1, Rule(Behaviour(pieces=()))),
        "megabyte": Fault("success", None, 1, Rule(megabyte)),
        "slow": Fault("timeout", "timeout", 1, Rule(Behaviour(itl_s=30))),
    }


@pytest.fixture
def provider() -> Iterator[Providers]:
    with serving(Providers(keys={KEY})) as server:
        yield server


def made(api: Api, provider: Providers, prompts: list[str], names: dict[str, str], **settings: object) -> str:
    """`names`: provider → the variable of its key."""
    cases = [{"id": f"t{n}", "prompt": prompt, "config": {"max_tokens": 16}} for n, prompt in enumerate(prompts)]
    loop = {"type": "openai-compatible", "base_url": f"{provider.url}/v1", "price": PRICE}
    asked = body(
        fresh("faults"),
        manifest={
            "repositories": [{"id": "repo-1", "name": "R", "dataset_path": "./d.json"}],
            "providers": [f"{name}:m" for name in names],
            "config": {"concurrency": 8},
            "settings": {"max_retries": 2, **settings},
        },
        datasets={"./d.json": {"name": "d", "version": "1.0.0", "test_cases": cases}},
        providers={name: {**loop, "api_key_env": key} for name, key in names.items()},
    )
    reply = api("POST", "/fleets/runs", asked)
    assert reply.status_code == 202, reply.text
    return str(reply.json()["run_id"])


def artifact(api: Api, run_id: str, path: str) -> str:
    return httpx.get(
        api("GET", f"/fleets/runs/{run_id}/artifacts/{path}").json()["url"], trust_env=False, verify=authorities({})
    ).text


def told(api: Api, run_id: str, whole: Json) -> tuple[Counter[str], float]:
    """Tests by status and what they cost, once every place that tells it is found to agree."""
    tests = [test for one in whole["repository_results"] for test in one["results"]["results"]]
    found = Counter(test["status"] for test in tests)
    cost = sum(test.get("cost_usd") or 0 for test in tests)
    names = {"success": "succeeded", "failure": "failed", "timeout": "timeout", "skipped": "skipped"}
    (row,) = csv.DictReader(io.StringIO(artifact(api, run_id, "fleet-summary.csv")))
    for said in (whole["fleet_summary"], row):
        assert {status: int(said[f"total_{name}"]) for status, name in names.items()} == {s: found[s] for s in names}
        assert int(said["total_tests"]) == len(tests)
        assert float(said["total_cost"]) == pytest.approx(cost, abs=1e-6)
    shown = api("GET", f"/fleets/runs/{run_id}").json()
    assert {status: shown["tests"][status] for status in names} == {s: found[s] for s in names}
    assert shown["cost_usd"] == pytest.approx(cost)
    return found, cost


@pytest.mark.proof
def test_every_fault_has_its_status_and_all_totals_agree(
    api: Api, emulator: Emulator, provider: Providers, tmp_path: Path
) -> None:
    faults = table()
    for name, fault in faults.items():
        if fault.rule:
            fault.rule.prompt = f"<{name}>"
            provider.rules.append(fault.rule)
    prompts = [f"<{name}> {n}" for name, fault in faults.items() for n in range(fault.tests)]
    run_id = made(api, provider, prompts, {"loop": "LOOP_KEY", "refused": "HOME"}, test_timeout_s=3)
    assert worked(api, emulator, run_id, tmp_path)["status"] == "partial"
    whole = results(api, run_id)
    good, refused = (one["results"]["results"] for one in whole["repository_results"])
    outcomes = list(zip(prompts, good, strict=True))
    for name, fault in faults.items():
        mine = [test for prompt, test in outcomes if f"<{name}>" in prompt]
        assert [(test["status"], test.get("error_kind")) for test in mine] == [
            (fault.status, fault.kind)
        ] * fault.tests, name
        asked = [each for each in provider.asked if f"<{name}>" in each.prompt and each.status != 401]
        assert len(asked) == fault.requests, name
    assert {(test["status"], test["error_kind"]) for test in refused} == {("failure", "authentication")}
    assert sum(each.status == 401 for each in provider.asked) == len(prompts)
    found, cost = told(api, run_id, whole)
    succeeded = sum(fault.tests for fault in faults.values() if fault.status == "success")
    assert found == {"success": succeeded, "failure": 5 + len(prompts), "timeout": 1}
    assert cost == pytest.approx(succeeded * PLAIN_USD)


@pytest.mark.proof
def test_a_budget_that_runs_out_is_never_passed(
    api: Api, emulator: Emulator, provider: Providers, tmp_path: Path
) -> None:
    """A test may cost less than 0.15 at most and costs 0.015."""
    run_id = made(api, provider, [f"p{n}" for n in range(24)], {"loop": "LOOP_KEY"}, max_cost=0.3)
    assert worked(api, emulator, run_id, tmp_path)["status"] == "partial"
    whole = results(api, run_id)
    found, cost = told(api, run_id, whole)
    assert found["success"] + found["skipped"] == 24
    assert found["success"] == len(provider.asked)
    assert 0.15 < cost <= 0.3
    skipped = [test for test in whole["repository_results"][0]["results"]["results"] if test["status"] == "skipped"]
    assert {test["error_kind"] for test in skipped} == {"budget"}
