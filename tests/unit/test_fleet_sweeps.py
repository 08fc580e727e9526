"""A sweep's points and its knee."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from benchfleet_contract.fleets.results import TestResult
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.benchmarks import rfc3339
from benchfleet_results.fleets.html import page
from benchfleet_results.fleets.sweeps import swept

from tests.unit.fleet_results import AT, a_benchmark, a_test

BEGUN = datetime(2026, 1, 2, tzinfo=UTC)


def at_load(load: float, *, response_ms: int, wall_s: float, tests: int = 10, **more: Any) -> list[TestResult]:
    """So many tests, the last of which ends after `wall_s`."""
    last = wall_s - response_ms / 1000
    moments = [BEGUN + timedelta(seconds=last * number / (tests - 1)) for number in range(tests)]
    return [
        a_test(f"t{n}", ms=response_ms, load=load, timestamp=rfc3339(at.timestamp()), **more)
        for n, at in enumerate(moments)
    ]


def test_the_knee_is_where_throughput_by_response_time_is_greatest() -> None:
    """1, 3.6, 2 and 1 requests a second in 1, 1.1, 4 and 8 seconds each."""
    loads = {1: (1000, 10.0), 4: (1100, 2.8), 16: (4000, 5.0), 32: (8000, 10.0)}
    results = [one for load, (ms, wall) in loads.items() for one in at_load(load, response_ms=ms, wall_s=wall)]
    found = swept("concurrency", results, {"e2el_ms": 1})
    assert [point.load for point in found.points] == [1, 4, 16, 32]
    assert [point.requests_per_s for point in found.points] == pytest.approx([1, 10 / 2.8, 2, 1])
    assert [point.response_ms for point in found.points] == [1000, 1100, 4000, 8000]
    assert (found.knee, found.beyond) == (4, True)


def test_where_the_highest_load_is_best_nothing_was_tried_beyond_the_knee() -> None:
    results = [*at_load(1, response_ms=100, wall_s=1), *at_load(2, response_ms=100, wall_s=0.5)]
    assert (swept("rate", results, {}).knee, swept("rate", results, {}).beyond) == (2, False)


def test_waiting_is_a_part_of_the_response_and_failures_are_no_throughput() -> None:
    (point,) = swept("rate", at_load(2, response_ms=100, wall_s=1, queue_ms=900, retry_wait_ms=0), {}).points
    assert point.response_ms == 1000
    failed = swept("rate", at_load(2, response_ms=1, wall_s=1, status="failure"), {})
    assert (failed.knee, failed.points[0].succeeded, failed.points[0].power) == (None, 0, None)


def test_the_time_between_two_attempts_of_a_shard_is_nobodys() -> None:
    early = at_load(1, response_ms=100, wall_s=1)
    late = [one.model_copy(update={"timestamp": "2026-01-02T05:00:00Z", "attempt": 2}) for one in early[:1]]
    assert swept("rate", [*early, *late], {}).points[0].wall_s == pytest.approx(1.1)


def test_the_page_names_the_knee() -> None:
    results = [*at_load(1, response_ms=100, wall_s=1), *at_load(8, response_ms=900, wall_s=1)]
    benchmark = a_benchmark("r", "openai_m", results)
    benchmark.results.sweep = swept("concurrency", results, {})
    text = page(aggregate("f", [benchmark], timestamp=AT))
    assert "the knee is at concurrency 1" in text
    assert "the highest" not in text
