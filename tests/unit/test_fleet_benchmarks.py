"""A shard's outcomes as a benchmark: in the order of the dataset, with a word for every test."""

from typing import Any

import pytest
from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Goodput, Load, ProviderSettings, Shard, Target, TestRequest
from benchfleet_contract.fleets.results import BenchmarkResults
from benchfleet_results.fleets.artifacts import as_json
from benchfleet_results.fleets.benchmarks import benchmark, placed

from tests.unit.fleet_results import AT, bare

TESTS = [
    TestRequest(key="a", test_id="a", prompt="2+2é", expected="four", category="sums"),
    TestRequest(key="b#1", test_id="b", repeat=1, prompt="hi"),
    TestRequest(key="b#2", test_id="b", repeat=2, prompt="hi", expected="x"),
    TestRequest(key="c", test_id="c", prompt="hi", expected="x"),
    TestRequest(key="d", test_id="d", prompt="hi", expected="x"),
]


def _answered(key: str, **more: Any) -> Outcome:
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    response = {"id": "1", "model": "m", "content": "Four", "usage": usage, "finish_reason": "stop", "created_at": 9}
    given = {"status": "success", "response": response, "duration_ms": 120.9, "ttft_ms": 30.0, "e2el_ms": 110.0}
    return Outcome.model_validate(
        {"key": key, "test_id": key.partition("#")[0], "sent_at": 1767323045.5, **given, **more}
    )


def _shard(**more: Any) -> Shard:
    target = Target(spec="openai:m", provider="openai", model="m", name="openai_m")
    return Shard(
        number=3,
        repository_id="repo",
        repository_name="Repository",
        repository_metadata={"team": "planning"},
        dataset_name="data",
        target=target,
        provider=ProviderSettings(type="openai"),
        tests=TESTS,
        load=Load(limits=Goodput(ttft_ms=50)),
        **more,
    )


def _made(**more: Any) -> BenchmarkResults:
    error = {"kind": "server", "message": "503 from the server", "http_status": 503}
    outcomes = {
        "b#2": _answered("b#2", status="timeout", response=None, error={"kind": "timeout", "message": "late"}),
        "c": _answered("c", status="failure", response=None, error=error),
        "a": _answered("a"),
        "b#1": _answered("b#1", ttft_ms=60.0),
    }
    return benchmark(
        _shard(**more), outcomes, fleet_id="f", run_id="f-1", started_at=AT, completed_at=AT, total_duration_ms=2000
    )


def test_every_test_has_a_result_in_the_order_of_the_dataset() -> None:
    made = _made()
    assert [(one.test_id, one.repeat, one.status) for one in made.results] == [
        ("a", None, "success"), ("b", 1, "success"), ("b", 2, "timeout"), ("c", None, "failure"), ("d", None, "skipped"),
    ]  # fmt: skip
    assert [one.passed for one in made.results] == [True, None, False, False, None]
    assert [one.error for one in made.results] == [None, None, "Request timed out", "503 from the server", None]
    first = made.results[0]
    assert (first.duration_ms, first.timestamp, first.prompt_length) == (120, "2026-01-02T03:04:05.500Z", 5)
    assert (made.results[3].error_kind, made.results[3].http_status) == ("server", 503)


def test_success_of_calls_and_right_answers_are_two_numbers() -> None:
    summary = _made().summary
    assert summary.success_rate == 0.4
    assert summary.quality is not None
    assert (summary.quality.scored, summary.quality.passed) == (3, 1)


def test_latency_is_of_successes_and_goodput_of_all_that_were_sent() -> None:
    latency = _made().summary.latency
    assert latency is not None
    assert latency.ttft_ms is not None
    assert (latency.ttft_ms.count, latency.ttft_ms.p50) == (2, 45.0)
    assert latency.itl_ms is None
    assert latency.goodput is not None
    assert (latency.goodput.good, latency.goodput.share, latency.goodput.per_second) == (1, 0.25, 0.5)
    assert latency.output_tokens_per_s == 2.0


def test_a_file_of_results_tells_its_place_in_the_fleet() -> None:
    again = placed(BenchmarkResults.model_validate_json(as_json(_made())))
    assert (again.repository_id, again.repository_name, again.target) == ("repo", "Repository", "openai_m")
    assert again.repository_metadata == {"team": "planning"}
    with pytest.raises(ValueError, match="repository_id"):
        placed(bare([]))


def test_prompts_are_kept_only_where_answers_are() -> None:
    assert _made().results[0].prompt == "2+2é"
    assert _made(save_responses=False).results[0].prompt is None
