"""Our Student t and intervals against SciPy, and what an estimate says of its own reach."""

import pytest
from benchfleet.statistics import estimate, half_width, t_quantile
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats


@pytest.mark.parametrize("degrees", [*range(1, 60), 99, 100, 199, 200, 201, 500, 1_000, 100_000])
@pytest.mark.parametrize("probability", [0.5, 0.75, 0.9, 0.95, 0.975, 0.995, 0.9995])
def test_quantile_equals_scipy(degrees: int, probability: float) -> None:
    expected = float(stats.t.ppf(probability, degrees))
    assert t_quantile(probability, degrees=degrees) == pytest.approx(expected, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(("probability", "degrees"), [(0.4, 3), (1.0, 3), (0.975, 0)])
def test_quantile_refuses_what_it_cannot_answer(probability: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        t_quantile(probability, degrees=degrees)


@given(st.lists(st.floats(0.001, 1_000), min_size=2, max_size=40, unique=True))
def test_interval_equals_scipy(values: list[float]) -> None:
    low, high = stats.t.interval(0.95, len(values) - 1, loc=stats.tmean(values), scale=stats.sem(values))
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-6, abs=1e-9)


def test_two_tasks_are_two_repeats_however_many_samples_they_have() -> None:
    found = estimate([[1.0] * 500, [1.2] * 500])
    assert found.mean == pytest.approx(1.1)
    assert (found.tasks, found.samples, found.over) == (2, 1_000, "tasks")
    assert found.half_width == pytest.approx(12.7062 * 0.1, rel=1e-5)


def test_a_task_counts_once_whatever_its_number_of_samples() -> None:
    assert estimate([[1.0], [3.0] * 9]).mean == 2.0


def test_one_task_falls_back_on_its_samples_and_says_so() -> None:
    found = estimate([[1.0, 2.0, 3.0], []])
    assert (found.mean, found.tasks, found.over) == (2.0, 1, "samples")
    assert found.half_width == pytest.approx(4.30265 / 3**0.5, rel=1e-5)


def test_one_number_has_no_interval() -> None:
    found = estimate([[4.0]])
    assert (found.mean, found.half_width, found.relative) == (4.0, None, None)


def test_no_samples_is_an_error() -> None:
    with pytest.raises(ValueError, match="no samples"):
        estimate([[], []])


def test_relative_is_a_share_of_the_mean() -> None:
    assert estimate([[9.0], [11.0]]).relative == pytest.approx(12.7062 / 10, rel=1e-5)
    assert estimate([[-1.0], [1.0]]).relative is None


def test_an_interval_of_times_does_not_reach_below_zero() -> None:
    times = estimate([[1.0], [9.0]]).interval
    assert times is not None
    assert times[0] == 0
    assert times[1] == pytest.approx(5 + 12.7062 * 4, rel=1e-5)
    below = estimate([[-1.0], [9.0]]).interval
    assert below is not None
    assert below[0] < 0
    assert estimate([[4.0]]).interval is None
