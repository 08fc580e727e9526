"""Intervals of what has a long tail: against SciPy, and against data whose mean is known."""

import math
import random
from collections.abc import Callable
from statistics import fmean

import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet_results.statistics import Sample, estimate, score, t_quantile
from benchfleet_results.statistics.skewness import LEAST, is_skewed, reach, skewness
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

T = t_quantile(0.975, degrees=LEAST - 1)
TAIL = [1.0] * 16 + [1.4, 1.8, 2.0, 2.4]


def deviations(values: list[float]) -> list[float]:
    centre = fmean(values)
    return [value - centre for value in values]


@given(st.lists(st.integers(-1000, 1000), min_size=LEAST, max_size=40).filter(lambda found: len(set(found)) > 1))
def test_it_is_skewed_where_dagostinos_test_says_so(values: list[int]) -> None:
    found = deviations([float(value) for value in values])
    assert skewness(found) == pytest.approx(scipy.stats.skew(values), abs=1e-9)
    p = scipy.stats.skewtest(values).pvalue
    assert is_skewed(found) == (p < 0.05) or abs(p - 0.05) < 1e-6


def test_halls_transformation_and_its_inverse_cancel_out() -> None:
    found = deviations(TAIL)
    below, above = reach(found, T)
    share = skewness(found) * math.sqrt(20 * 19) / 18 / math.sqrt(20)

    def transformed(t: float) -> float:
        return t + share * (t * t / 3 + 1 / 6) + share**2 * t**3 / 27

    assert transformed(-above) == pytest.approx(-T)  # a tail to the high side: the mean may lie far above
    assert below == T > transformed(T) - 10  # the shorter side stays Student's
    assert above > 1.3 * T
    assert reach([-one for one in found], T) == (above, below)


@each_case("values", [TAIL[1:], [1.0] * 30, [float(n) for n in range(30)]])
def test_few_equal_or_even_ones_have_students_interval(values: list[float]) -> None:
    assert reach(deviations(values), T) == (T, T)


def test_every_interval_of_a_mean_is_longer_to_the_side_of_the_tail() -> None:
    times = [math.exp(value) for value in TAIL]
    for low, middle, high in (
        (*(Sample.of(TAIL, units=range(20)).ends() or ()), fmean(TAIL)),
        (*(score({n: {"x": value} for n, value in enumerate(TAIL)}, ["x"]).ends() or ()), fmean(TAIL)),
        (*map(math.log, estimate([[one] for one in times]).interval or ()), fmean(TAIL)),
    ):
        low, high, middle = sorted((low, middle, high))[0], sorted((low, middle, high))[2], fmean(TAIL)
        assert high - middle > 1.3 * (middle - low)


@pytest.mark.parametrize(
    ("name", "draw", "least"),
    [
        ("exponential", lambda rng: rng.expovariate(1) - 1, 0.93),  # Student's: 92 %
        ("one in five slow", lambda rng: (rng.random() < 0.2) * 4 - 0.8 + rng.gauss(0, 0.3), 0.95),  # 92.7 %
        ("normal", lambda rng: rng.gauss(0, 1), 0.94),
    ],
)
def test_twenty_repeats_cover_the_mean(name: str, draw: Callable[[random.Random], float], least: float) -> None:
    rng, held = random.Random(name), 0
    for _ in range(2_000):
        low, high = Sample.of([draw(rng) for _ in range(20)], units=range(20)).ends() or (0.0, 0.0)
        held += low <= 0 <= high
    assert least <= held / 2_000 <= 0.99
