"""The promised formulas of aggregation 1.0.0, on numbers worked out by hand."""

import json

import pytest
from benchfleet_contract.fleets.results import FleetBenchmarkResults
from benchfleet_results.fleets.aggregate import aggregate, numbered
from benchfleet_results.fleets.artifacts import as_json
from benchfleet_results.fleets.costs import as_legacy

from tests.unit.fleet_results import AT, a_benchmark, a_test, bare


def _fleet() -> FleetBenchmarkResults:
    first = [a_test("a", ms=100, category="basic", cost_usd=0.25), a_test("b", "failure", ms=300, category="basic")]
    second = [a_test("a", ms=200, cost_usd=0.5), a_test("b", "timeout", ms=400), a_test("c", "skipped", ms=0)]
    return aggregate(
        "fleet",
        [a_benchmark("one", "openai_a", first), a_benchmark("two", "openai_b", second)],
        timestamp=AT,
    )


def test_the_summary_counts_over_all_tests() -> None:
    s = _fleet().fleet_summary
    assert (s.total_repositories, s.total_tests, s.total_succeeded, s.total_failed) == (2, 5, 2, 1)
    assert (s.total_timeout, s.total_skipped, s.success_rate) == (1, 1, 0.4)
    assert (s.avg_duration_ms, s.p50_duration_ms, s.p95_duration_ms, s.p99_duration_ms) == (200, 200, 400, 400)
    assert (s.min_duration_ms, s.max_duration_ms, s.total_duration_ms) == (0, 400, 2000)
    assert (s.total_tokens, s.avg_tokens_per_request, s.avg_tests_per_repository) == (30, 15, 2.5)
    assert (s.total_cost, s.avg_cost_per_repository) == (0.75, 0.375)


def test_one_repository_on_two_targets_is_one_repository_and_two_benchmarks() -> None:
    found = aggregate("f", [a_benchmark("r", t, [a_test()]) for t in ("openai_a", "anthropic_b")], timestamp=AT)
    assert (found.total_repositories, found.total_benchmarks) == (1, 2)
    assert list(found.provider_breakdown) == ["anthropic", "openai"]


def test_an_empty_fleet_is_zero_everywhere() -> None:
    s = aggregate("f", [], timestamp=AT).fleet_summary
    assert {s.success_rate, s.avg_duration_ms, s.p99_duration_ms, s.avg_tokens_per_request, s.total_cost} == {0.0}
    assert s.avg_cost_per_repository == 0.0


def test_breakdowns_sum_and_average() -> None:
    found = _fleet()
    provider = found.provider_breakdown["openai"]
    assert (provider.repository_count, provider.total_tests, provider.avg_duration_ms) == (2, 5, 200)
    assert found.target_breakdown is not None
    assert {name: one.total_tests for name, one in found.target_breakdown.items()} == {"openai_a": 2, "openai_b": 3}
    basic = found.category_breakdown["basic"]
    assert (basic.total_tests, basic.total_succeeded, basic.total_failed, basic.avg_duration_ms) == (2, 1, 1, 200)
    assert list(found.category_breakdown) == ["basic"]


def test_ties_of_best_take_the_last_and_of_worst_the_first() -> None:
    good, bad = [a_test()], [a_test(status="failure")]
    found = aggregate(
        "f",
        [a_benchmark(name, "p_m", tests) for name, tests in (("a", good), ("b", bad), ("c", good), ("d", bad))],
        timestamp=AT,
    )
    best, worst = found.best_repository(), found.worst_repository()
    assert best is not None
    assert worst is not None
    assert (best.repository_id, worst.repository_id) == ("c", "b")
    assert [one.repository_id for one in found.failing_repositories(0.5)] == ["b", "d"]
    assert found.failing_repositories(0.0) == []


def test_a_replay_of_bare_results_is_numbered_and_priced_as_the_reference_system_did() -> None:
    results = as_legacy(bare([a_test(tokens=(1000, 500)), a_test("b", "failure")], dataset="coding"))
    found = aggregate("f", numbered([results, results]), timestamp=AT)
    assert [(one.repository_id, one.repository_name) for one in found.repository_results] == [
        ("repo-0", "coding"),
        ("repo-1", "coding"),
    ]
    assert results.summary.total_cost == pytest.approx(0.06)
    assert found.fleet_summary.avg_cost_per_repository == pytest.approx(0.06)
    assert found.metadata.aggregation_version == "1.0.0"


def test_an_unknown_price_is_null_and_warned_of_and_never_zero() -> None:
    found = aggregate("f", [a_benchmark("r", "p_m", [a_test(), a_test("b", "failure")])], timestamp=AT)
    assert found.fleet_summary.total_cost is None
    assert found.fleet_summary.unpriced == 1
    assert found.warnings is not None
    assert "no price is known for 1 answers" in found.warnings[0]


def test_the_same_input_gives_the_same_bytes_and_reads_back() -> None:
    text = as_json(_fleet())
    assert text == as_json(_fleet())
    assert as_json(FleetBenchmarkResults.model_validate_json(text)) == text


def test_optional_fields_are_left_out_and_nullable_ones_are_null() -> None:
    test = json.loads(as_json(_fleet()))["repository_results"][0]["results"]["results"][1]
    assert test["response"] is None
    assert "ttft_ms" not in test
    assert {"test_id", "category", "status", "response", "error", "duration_ms", "timestamp"} <= test.keys()


def test_unknown_fields_of_others_are_kept() -> None:
    document = json.loads(as_json(_fleet()))
    document["metadata"]["theirs"] = 1
    assert json.loads(as_json(FleetBenchmarkResults.model_validate(document)))["metadata"]["theirs"] == 1


def test_a_targets_tokens_a_second_are_of_the_wall_time_of_its_benchmarks() -> None:
    made = [a_benchmark(name, "p_m", [a_test(tokens=(1, 30), ttft_ms=10.0)]) for name in ("one", "two")]
    target = (aggregate("f", made, timestamp=AT).target_breakdown or {})["p_m"]
    walls_ms = sum(one.results.total_duration_ms for one in made)
    assert walls_ms > 0
    assert target.latency
    assert target.latency.output_tokens_per_s == pytest.approx(60 / walls_ms * 1000)
