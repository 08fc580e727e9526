"""Fleet runs over HTTP, from a manifest to its artifacts, with a runner written by hand."""

import gzip
import hashlib
import json
import time
from typing import Any

import httpx
import pytest
from benchfleet_contract.authorities import authorities
from benchfleet_contract.fleets.outcomes import Outcome, Response, Usage

from tests.integration.api_client import Api, Json, fresh

DATASET = {
    "name": "d",
    "version": "1.0.0",
    "test_cases": [{"id": "one", "prompt": "Say 1"}, {"id": "two", "prompt": "Say 2"}],
}


def body(fleet_id: str, **changes: Any) -> Json:
    manifest: Json = {
        "fleet_id": fleet_id,
        "repositories": [{"id": f"repo-{n}", "name": f"R{n}", "dataset_path": "./d.json"} for n in (1, 2)],
        "providers": ["openai:m", "anthropic:n"],
        **changes.pop("manifest", {}),
    }
    return {"manifest": manifest, "datasets": {"./d.json": DATASET}, **changes}


def made(api: Api, **changes: Any) -> Json:
    reply = api("POST", "/fleets/runs", body(fresh("fleet"), **changes))
    assert reply.status_code == 202, reply.text
    document: Json = reply.json()
    return document


class Attempt:
    """Holds a shard's task, with the token of its attempt."""

    def __init__(self, api: Api, run_id: str) -> None:
        claim: Json = {"instance_type": "fleet", "attempt_token": True}
        self.api, self.run_id, self.given = api, run_id, api.claim(run_id, **claim)
        self.number = int(self.given["task"]["id"].rpartition(".")[2])
        self.path = f"/fleets/runs/{run_id}/shards/{self.number}"
        self.chunks = 0

    def __call__(self, method: str, path: str = "", said: Json | None = None) -> httpx.Response:
        token = {"Authorization": f"Bearer {self.given['attempt_token']}"}
        return self.api(method, self.path + path, said, role=None, headers=token)

    def keep(self, *outcomes: Outcome, **progress: Any) -> None:
        self.chunks += 1
        said = {"first": self.chunks, "progress": progress or None}
        url = self("POST", "/journal", said).json()["urls"][0]
        put = httpx.put(
            url,
            content=gzip.compress("".join(one.line() for one in outcomes).encode()),
            trust_env=False,
            verify=authorities({}),
        )
        assert put.status_code == 200, put.text

    def fails(self) -> None:
        task = self.given["task"]["id"]
        token = {"Authorization": f"Bearer {self.given['attempt_token']}"}
        said = {"runner_id": "runner-1", "error_type": "crashed", "error_message": "gone", "failure_class": "benchmark"}
        assert self.api("POST", f"/tasks/{task}/fail", said, role=None, headers=token).status_code == 200


def outcome(key: str, **changes: Any) -> Outcome:
    usage = Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5)
    response = Response(id="r", model="m", content="1", usage=usage, finish_reason="stop", created_at=1)
    base = Outcome(key=key, test_id=key, status="success", response=response, sent_at=1_800_000_000.0, duration_ms=50)
    return base.model_copy(update=changes)


def test_a_fleet_gets_its_id_and_the_places_of_its_artifacts_at_once(api: Api) -> None:
    handle = made(api)
    assert handle["run_id"].startswith(f"{handle['fleet_id']}-{time.strftime('%Y')}")
    assert (handle["repository_count"], handle["shards"], handle["request_count"]) == (2, 4, 8)
    assert handle["expected_artifacts"][:3] == [
        "fleet-results.json", "fleet-summary.csv", "repo-1/openai_m/results.json",
    ]  # fmt: skip
    assert len(handle["expected_artifacts"]) == 2 + 2 * 2 * 2
    shown = api("GET", handle["status_url"]).json()
    assert (shown["status"], shown["tests"]["total"], shown["tests"]["pending"]) == ("queued", 8, 8)
    assert api("GET", f"/runs/{handle['run_id']}").json()["workload"] == "llm"
    listed = api("GET", "/fleets/runs", params={"fleet_id": handle["fleet_id"]}).json()["runs"]
    assert [run["run_id"] for run in listed] == [handle["run_id"]]
    assert api("GET", f"/fleets/runs/{handle['run_id']}/results").status_code == 409


def test_two_in_one_second_have_two_ids_and_a_key_gives_one_run(api: Api) -> None:
    asked = body(fresh("twice"))
    first, second = (api("POST", "/fleets/runs", asked).json()["run_id"] for _ in range(2))
    assert first != second
    keyed = {**asked, "idempotency_key": fresh("key")}
    same = {api("POST", "/fleets/runs", keyed).json()["run_id"] for _ in range(2)}
    assert len(same) == 1
    other = api("POST", "/fleets/runs", {**keyed, "metadata": {"a": 1}})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_taken")


def test_everything_that_is_wrong_is_told_and_nothing_is_made(api: Api) -> None:
    asked = body(fresh("wrong"), manifest={"providers": [], "config": {"concurrency": 0}})
    refused = api("POST", "/fleets/runs", asked)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_fleet")
    assert len(refused.json()["problems"]) >= 2
    validated = api("POST", "/fleets/validate", asked).json()
    assert validated["plan"] is None
    assert len(validated["problems"]) == len(refused.json()["problems"])
    assert api("POST", "/fleets/validate", body("fine")).json()["plan"]["requests"] == 8


def test_a_dataset_may_be_uploaded_first(api: Api) -> None:
    raw = json.dumps({**DATASET, "description": fresh()}).encode()
    digest = hashlib.sha256(raw).hexdigest()
    asked = {**body(fresh("uploaded")), "datasets": {"./d.json": {"sha256": digest}}}
    refused = api("POST", "/fleets/runs", asked).json()
    assert "digest" in refused["problems"][0]["message"]
    said = {"sha256": digest, "size_bytes": len(raw)}
    signed = api("POST", "/fleets/uploads", said).json()
    assert (
        httpx.put(
            signed["url"], content=raw, headers=signed["required_headers"], trust_env=False, verify=authorities({})
        ).status_code
        == 200
    )
    assert api("POST", "/fleets/uploads", said).json()["url"] is None
    assert api("POST", "/fleets/runs", asked).status_code == 202


def test_the_workload_of_fleets_is_refused_elsewhere(api: Api) -> None:
    asked = {"workload": "llm", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "fleet"}]}
    refused = api("POST", "/runs", asked)
    assert (refused.status_code, refused.json()["problems"][0]["field"]) == (400, "workload")


def test_only_the_attempt_that_holds_a_shard_works_at_it(api: Api) -> None:
    mine = Attempt(api, made(api)["run_id"])
    shard = mine("GET").json()["shard"]
    assert (shard["number"], shard["repository_id"], shard["target"]["name"]) == (mine.number, "repo-1", "openai_m")
    assert [test["prompt"] for test in shard["tests"]] == ["Say 1", "Say 2"]
    assert api("GET", mine.path, role="runner").status_code == 403
    assert api("GET", mine.path, role="reader").status_code == 403
    assert api("GET", f"/fleets/runs/{mine.run_id}/shards/99").status_code == 404
    mine.fails()
    assert mine("GET").status_code == 409


def test_leases_keep_the_limit_and_the_budget(api: Api) -> None:
    run_id = made(api, manifest={"settings": {"max_cost": 0.5}})["run_id"]
    mine = Attempt(api, run_id)
    asked = {
        "provider_key": fresh("openai"), "target": "openai:m", "want": 3, "reserve_usd_each": 0.2, "sequence": 1,
        "concurrency": 4, "limits": {"rpm": 600},
    }  # fmt: skip
    first = mine("POST", "/leases", asked).json()
    assert (first["granted"], first["interval_ms"], first["concurrency"], first["stop"]) == (2, 100, 4, None)
    assert mine("POST", "/leases", asked).json() == first
    settled = [{"id": first["lease_id"], "usd": 0.25, "tokens": 5}, {"id": first["lease_id"], "usd": 0.2, "tokens": 5}]
    last = mine("POST", "/leases", {**asked, "sequence": 2, "settled": settled}).json()
    assert (last["granted"], last["stop"], round(last["budget_left_usd"], 6)) == (0, "budget", 0.05)


def test_a_run_that_is_stopped_is_no_more_worked_at(api: Api) -> None:
    mine = Attempt(api, made(api)["run_id"])
    assert api("POST", f"/fleets/runs/{mine.run_id}/stop").status_code == 200
    lease = mine("POST", "/leases", {"provider_key": "k", "target": "t", "want": 1})
    assert (lease.status_code, lease.json()["cancel"]) == (409, True)


def test_progress_shows_and_a_second_attempt_sees_what_the_first_has_kept(api: Api) -> None:
    mine = Attempt(api, made(api, max_attempts=1)["run_id"])
    mine.keep(outcome("one"), success=1, cost_usd=0.01, ttft_ms=12.5)
    shown = api("GET", f"/fleets/runs/{mine.run_id}").json()
    assert (shown["status"], shown["tests"]["success"], shown["cost_usd"]) == ("running", 1, 0.01)
    assert shown["shards"][0]["ttft_ms"] == 12.5
    journals = mine("GET").json()["journals"]
    kept = gzip.decompress(httpx.get(journals[0], trust_env=False, verify=authorities({})).content).decode()
    assert Outcome.model_validate_json(kept).key == "one"


@pytest.fixture(scope="module")
def ended(api: Api) -> str:
    """For all tests that only read it."""
    return died(api)


def died(api: Api) -> str:
    """A run of one shard that died after its first test."""
    one = {"repositories": [{"id": "repo-1", "name": "R", "dataset_path": "./d.json"}], "providers": ["openai:m"]}
    mine = Attempt(api, made(api, manifest=one, max_attempts=1)["run_id"])
    mine.keep(outcome("one"))
    mine.fails()
    api.until(f"/fleets/runs/{mine.run_id}", lambda told: bool(told["results_ready"]))
    return mine.run_id


def test_what_was_measured_before_a_failure_is_in_the_results(api: Api, ended: str) -> None:
    shown = api("GET", f"/fleets/runs/{ended}").json()
    assert (shown["status"], shown["tests"]["success"], shown["tests"]["skipped"]) == ("partial", 1, 1)
    assert shown["errors"] == ["openai:m, repo-1: gone"]
    paths = [one["path"] for one in api("GET", f"/fleets/runs/{ended}/artifacts").json()["artifacts"]]
    assert {"fleet-results.json", "fleet-summary.csv", "repo-1/openai_m/results.json"} <= set(paths)
    results = httpx.get(
        api("GET", f"/fleets/runs/{ended}/results").json()["url"], trust_env=False, verify=authorities({})
    ).json()
    assert (results["status"], results["fleet_summary"]["total_tests"], results["run_id"]) == ("partial", 2, ended)
    one = api("GET", f"/fleets/runs/{ended}/artifacts/repo-1%2Fopenai_m%2Fsummary.csv")
    assert httpx.get(one.json()["url"], trust_env=False, verify=authorities({})).text.count("\n") == 2
    assert api("GET", f"/fleets/runs/{ended}/artifacts/..%2Fplan.json").status_code == 404


def test_the_tests_of_a_shard_are_told_and_one_of_them_in_full(api: Api, ended: str) -> None:
    path = f"/fleets/runs/{ended}/shards/1/tests"
    told = api("GET", path).json()
    assert [(one["key"], one["status"], one["cost_usd"]) for one in told["tests"]] == [
        ("one", "success", None), ("two", "skipped", None),
    ]  # fmt: skip
    assert (told["target"], told["total"], told["next_cursor"], told["text"]) == ("openai:m", 2, None, None)
    assert api("GET", path, params={"cursor": 1}).json()["tests"][0]["key"] == "two"
    text = api("GET", path, params={"test": "one"}).json()["text"]
    assert (text["prompt"], text["answer"], text["completion_tokens"]) == ("Say 1", "1", 2)
    paths = {one["path"] for one in api("GET", f"/fleets/runs/{ended}/artifacts").json()["artifacts"]}
    assert {text["artifact"], *told["files"]} <= paths
    assert api("GET", path, params={"test": "three"}).json()["code"] == "test_not_found"
    assert api("GET", path, params={"cursor": "x"}).status_code == 400
    assert api("GET", path.replace("/1/", "/7/")).json()["code"] == "shard_not_found"
    shard = api("GET", f"/fleets/runs/{ended}").json()["shards"][0]
    assert (shard["unpriced"], shard["cost_usd"]) == (1, None)


def test_tests_of_a_run_that_goes_on_are_not_told(api: Api) -> None:
    reply = api("GET", f"/fleets/runs/{made(api)['run_id']}/shards/1/tests")
    assert (reply.status_code, reply.json()["code"]) == (409, "results_not_ready")


def test_a_later_run_begins_with_what_succeeded(api: Api, ended: str) -> None:
    fleet_id = api("GET", f"/fleets/runs/{ended}").json()["fleet_id"]
    asked = body(fleet_id, retry_errors_of=ended)
    again = api("POST", "/fleets/runs", asked)
    assert again.status_code == 202, again.text
    mine = Attempt(api, again.json()["run_id"])
    kept = gzip.decompress(
        httpx.get(mine("GET").json()["journals"][0], trust_env=False, verify=authorities({})).content
    ).decode()
    assert [Outcome.model_validate_json(line).key for line in kept.splitlines()] == ["one"]
    assert api("POST", "/fleets/runs", {**asked, "extend": ended}).status_code == 400
    assert api("POST", "/fleets/runs", body("other", extend=ended)).json()["problems"][0]["field"] == "extend"


def test_deleted_it_is_gone(api: Api) -> None:
    ended = died(api)
    assert api("DELETE", f"/fleets/runs/{ended}").status_code == 202
    api.until(f"/fleets/runs/{ended}/artifacts", lambda told: told.get("code") == "run_not_found")
