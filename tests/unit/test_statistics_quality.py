"""Tests of order, outliers and pyperf's rules, against SciPy, against numbers counted by hand, and on simulated noise."""

import itertools
import math
import random
from collections.abc import Callable, Sequence

import pytest
import scipy
from benchfleet_results.statistics import quality_outliers, quality_pyperf, quality_trend
from benchfleet_results.statistics.quality_serial import serial
from benchfleet_results.statistics.quality_trend import change, first_is_highest, trend
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

Noise = Callable[[random.Random], float]
NOISES: dict[str, Noise] = {
    "normal": lambda chance: 1 + chance.gauss(0, 0.01),
    "skewed": lambda chance: 1 + chance.expovariate(100),
    "heavy-tailed": lambda chance: 1 + 0.01 * chance.gauss(0, 1) / max(abs(chance.gauss(0, 1)), 1e-3),
}


def tasks(chance: random.Random, noise: Noise, *, count: int, samples: int) -> list[list[float]]:
    return [[noise(chance) for _ in range(samples)] for _ in range(count)]


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 12))
def test_pairs_that_rise_and_fall_are_counted_in_runs_of_any_size(values: list[float], run: int) -> None:
    pairs = [(earlier < later) - (earlier > later) for earlier, later in itertools.combinations(values, 2)]
    assert quality_trend._score(values, run=run) == sum(pairs)


def test_five_samples_that_only_fall_are_one_order_of_120() -> None:
    found = trend([[3.0, 1.9, 1.4, 1.2, 1.05]])
    assert found
    assert found.falling == pytest.approx(1 / 120)
    assert found.least == pytest.approx(1 / 120)
    assert found.rising == 1


def test_tasks_are_counted_together_and_not_compared_with_each_other() -> None:
    found = trend([[3.0, 2.0, 1.0], [30.0, 20.0, 10.0]])
    assert found
    assert found.falling == pytest.approx(1 / 36)


def test_of_equal_samples_nothing_is_said() -> None:
    assert trend([[1.0, 1.0, 1.0], [2.0]]) is None


@each_case("size", [6, 12])
def test_one_task_is_kendalls_test(size: int) -> None:
    chance = random.Random(size)
    values = [chance.gauss(0, 1) - 0.1 * n for n in range(size)]
    expected = scipy.stats.kendalltau(range(size), values, method="exact", alternative="less").pvalue
    found = trend([values])
    assert found
    assert found.falling == pytest.approx(expected, rel=1e-9)


def test_long_sequences_and_ties_are_close_to_kendalls_test() -> None:
    chance = random.Random(5)
    values = [round(chance.gauss(0, 1) - 0.02 * n, 1) for n in range(60)]
    expected = scipy.stats.kendalltau(range(60), values, alternative="less").pvalue
    found = trend([values])
    assert found
    assert found.falling == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("noise", NOISES)
def test_noise_has_a_trend_in_one_of_a_hundred_series(noise: str) -> None:
    chance = random.Random(1)
    found = [trend(tasks(chance, NOISES[noise], count=3, samples=10)) for _ in range(1500)]
    falling = sum(one.falling <= 0.01 for one in found if one) / len(found)
    rising = sum(one.rising <= 0.01 for one in found if one) / len(found)
    assert 0.002 < falling < 0.017
    assert 0.002 < rising < 0.017


def test_a_first_sample_that_is_the_slowest_in_five_tasks_is_no_accident() -> None:
    slow = [[1.5, 1.0, 1.01, 0.99]] * 5
    assert first_is_highest(slow) == pytest.approx(0.25**5)
    assert first_is_highest([*slow[:4], [1.0, 1.5, 1.0, 1.0]]) == pytest.approx(0.25**5 + 5 * 0.75 * 0.25**4)
    assert first_is_highest([[1.0, 2.0]]) is None


def test_the_change_is_from_the_first_quarter_to_the_last() -> None:
    assert change([[3.0, 1.9, 1.4, 1.2, 1.0]]) == pytest.approx(2.0)
    assert change([[4.0, 2.0, 1.5, 1.5, 1.5, 1.5, 1.0, 1.0]]) == pytest.approx(2.0)
    assert change([[1.0]]) is None
    assert change([[1.0, 0.0]]) is None


def test_neighbours_that_are_alike_are_found_and_noise_in_one_of_a_hundred() -> None:
    chance = random.Random(2)
    walks = [walk(chance, 0.8, 30) for _ in range(2)]
    found = serial(walks)
    assert found
    assert found.p < 0.001
    assert 0.5 < found.lag_1 < 1
    noise = [serial(tasks(chance, NOISES["skewed"], count=3, samples=10)) for _ in range(1500)]
    assert sum(one.p <= 0.01 for one in noise if one) / len(noise) < 0.017


def test_neighbours_that_alternate_are_not_alike_and_few_samples_are_not_judged() -> None:
    found = serial([[1.0, 9.0, 2.0, 8.0, 3.0, 7.0, 4.0, 6.0]])
    assert found
    assert found.p > 0.95
    assert found.lag_1 < 0
    assert serial([[1.0, 2.0, 3.0]]) is None


def walk(chance: random.Random, keep: float, count: int) -> list[float]:
    found = [chance.gauss(0, 1)]
    for _ in range(count - 1):
        found.append(keep * found[-1] + math.sqrt(1 - keep**2) * chance.gauss(0, 1))
    return [10 + 0.1 * value for value in found]


def test_an_outlier_is_far_from_all_others() -> None:
    quiet = [1.0, 1.01, 0.99, 1.0, 1.02, 0.98, 1.0, 1.01]
    assert quality_outliers.outliers([*quiet, 1.5]) == [1.5]
    assert quality_outliers.outliers(quiet) == []
    assert quality_outliers.outliers([1.0] * 9 + [1.005]) == []  # half a per cent is none, however quiet the rest
    assert quality_outliers.outliers([1.0, 1.0, 9.0]) == []
    assert quality_outliers.shift([1.0] * 9 + [2.0], [2.0]) == pytest.approx(0.1)


def test_normal_noise_has_an_outlier_in_fewer_than_one_of_a_hundred_series() -> None:
    chance = random.Random(3)
    noise = [[NOISES["normal"](chance) for _ in range(8)] for _ in range(1000)]
    assert sum(bool(quality_outliers.outliers(values)) for values in noise) < 10


@each_case(("values", "share"), [([1.0], None), ([0.0, 0.0], None), ([0.9, 1.1], 0.1 * math.sqrt(2))])
def test_the_spread_is_a_share_of_the_mean(values: Sequence[float], share: float | None) -> None:
    assert quality_pyperf.spread(values) == (None if share is None else pytest.approx(share))


def test_the_number_of_values_is_that_of_pyperf() -> None:
    """`required_nprocesses` of pyperf 2.11: ceil(4 Z² σ² / W²) with Z = 1.96 and W = 1 %."""
    assert quality_pyperf.required(0.01) == 16
    assert quality_pyperf.required(0.005) == 4
    assert quality_pyperf.required(0.0) == 0


def test_the_extreme_is_the_farther_end() -> None:
    assert quality_pyperf.extreme([1.0, 1.0, 4.0]) == pytest.approx(1.0)
    assert quality_pyperf.extreme([0.2, 1.0, 1.2]) == pytest.approx(-0.75)
