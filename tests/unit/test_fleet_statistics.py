"""Clustered errors and paired comparisons, checked against simpler formulas."""

import math

import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet_results.fleets.pairs import pairs
from benchfleet_results.fleets.statistics import clustered, probability

from tests.unit.fleet_results import a_benchmark, a_test


def test_clusters_of_one_are_the_ordinary_standard_error() -> None:
    values = [1.0, 2.0, 4.0, 7.0]
    found = clustered(list(enumerate(values)))
    assert found is not None
    assert found.standard_error == pytest.approx(scipy.stats.sem(values))
    assert found.interval == pytest.approx(scipy.stats.t.interval(0.95, 3, loc=3.5, scale=scipy.stats.sem(values)))
    assert probability(found) == pytest.approx(scipy.stats.ttest_1samp(values, 0).pvalue)


def test_copies_of_a_test_in_one_cluster_make_nothing_surer() -> None:
    once, often = clustered([("a", 0.0), ("b", 1.0)]), clustered([("a", 0.0), ("b", 1.0)] * 50)
    assert once is not None
    assert often is not None
    assert often.standard_error == pytest.approx(once.standard_error)
    assert (often.clusters, often.count) == (2, 100)


def test_one_cluster_takes_its_values_as_independent_and_one_value_says_nothing() -> None:
    found, single = clustered([("a", 0.0), ("a", 1.0)]), clustered([("a", 0.5)])
    assert found is not None
    assert found.standard_error == pytest.approx(math.sqrt(0.25))
    assert single is not None
    assert (single.standard_error, single.interval, probability(single)) == (None, None, None)
    assert clustered([]) is None


def test_differences_that_never_vary_have_the_p_of_the_sign_test() -> None:
    same, equal = clustered([(n, 1.0) for n in range(5)]), clustered([(n, 0.0) for n in range(5)])
    assert same is not None
    assert equal is not None
    assert probability(same) == 2 / 2**5
    assert probability(equal) == 1.0


def test_targets_are_compared_on_the_tests_that_both_have() -> None:
    made = [
        a_benchmark(f"r{n}", target, [a_test("t", e2el_ms=base + n, passed=True, score=1.0), *extra])
        for n in range(4)
        for target, base, extra in (("p_fast", 100.0, []), ("p_slow", 150.0 + n, [a_test("u", e2el_ms=9.0)]))
    ]
    found = {one.measure: one for one in pairs(made)}
    assert (found["e2el_ms"].first, found["e2el_ms"].second, found["e2el_ms"].tests) == ("p_fast", "p_slow", 4)
    assert found["e2el_ms"].difference == pytest.approx(-51.5)
    assert found["e2el_ms"].p == pytest.approx(scipy.stats.ttest_rel([100, 101, 102, 103], [150, 152, 154, 156]).pvalue)
    assert found["score"].difference == 0
    assert "ttft_ms" not in found


def test_p_values_of_one_measure_are_adjusted_together() -> None:
    times = {"p_a": (1, 2, 3, 4), "p_b": (2, 3, 4.5, 5), "p_c": (9, 9, 9, 9)}
    made = [
        a_benchmark(f"r{n}", target, [a_test("t", e2el_ms=value)])
        for target, values in times.items()
        for n, value in enumerate(values)
    ]
    found = [one for one in pairs(made) if one.measure == "e2el_ms"]
    least = min(one.p for one in found if one.p is not None)
    assert len(found) == 3
    assert min(one.p_adjusted for one in found if one.p_adjusted is not None) == pytest.approx(3 * least)
