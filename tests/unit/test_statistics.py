"""Our Student t and intervals against SciPy, and what an estimate says of its own reach."""

import math
import random
import statistics
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np
import pytest
import scipy  # loads `stats`, which is heavy, when it is used
from benchfleet_results.statistics import compare, components, estimate, half_width, t_quantile, two_sided
from benchfleet_results.statistics import score as score_of
from benchfleet_results.statistics.comparing import significance
from benchfleet_results.statistics.families import decide
from benchfleet_results.statistics.power import detectable, needed
from benchfleet_results.statistics.sample import Error, Sample, resolution, rounding_error
from benchfleet_results.statistics.scores import Score
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case
from tests.variants import one_now, repeats


@each_case("probability", [0.5, 0.75, 0.9, 0.95, 0.975, 0.995, 0.9995])
def test_quantile_equals_scipy(probability: float) -> None:
    degrees = [*range(1, 60), 99, 100, 199, 200, 201, 500, 1_000, 100_000]
    found = [t_quantile(probability, degrees=each) for each in degrees]
    assert found == pytest.approx(list(scipy.stats.t.ppf(probability, degrees)), rel=1e-8, abs=1e-12)


@each_case(("probability", "degrees"), [(0.4, 3), (1.0, 3), (0.975, 0)])
def test_quantile_refuses_what_it_cannot_answer(probability: float, degrees: int) -> None:
    with pytest.raises(ValueError, match="no quantile"):
        t_quantile(probability, degrees=degrees)


@given(st.lists(st.floats(0.001, 1_000), min_size=2, max_size=40, unique=True))
def test_interval_equals_scipy(values: list[float]) -> None:
    low, high = scipy.stats.t.interval(
        0.95, len(values) - 1, loc=scipy.stats.tmean(values), scale=scipy.stats.sem(values)
    )
    assert half_width(values) == pytest.approx((high - low) / 2, rel=1e-6, abs=1e-9)


def test_two_tasks_are_two_repeats_however_many_samples_they_have() -> None:
    found = estimate([[1.0] * 500, [1.2] * 500])
    assert found.mean == pytest.approx(1.2**0.5)  # geometric, as what is compared
    assert (found.tasks, found.samples, found.over) == (2, 1_000, "tasks")
    half = 12.7062 * math.log(1.2) / 2
    assert found.interval == pytest.approx((found.mean * math.exp(-half), found.mean * math.exp(half)), rel=1e-5)


def test_a_task_counts_once_whatever_its_number_of_samples() -> None:
    assert estimate([[1.0], [3.0] * 9]).mean == pytest.approx(3**0.5)
    assert estimate([[0.0], [3.0] * 9]).mean == 1.5  # zero has no logarithm


def test_one_task_falls_back_on_its_samples_and_says_so() -> None:
    found = estimate([[1.0, 2.0, 4.0]])
    assert found.mean == pytest.approx(7 / 3)
    assert (found.tasks, found.over) == (1, "samples")
    assert found.interval == pytest.approx((0, 7 / 3 + 4.30265 * 1.527525 / 3**0.5), rel=1e-5)


def test_of_several_tasks_one_alone_has_no_interval() -> None:
    """That of its samples would stand beside those over tasks, and hold the mean of all tasks in 27 to 64 % of cases."""
    found = estimate([[1.0, 2.0, 4.0], []])
    assert found.mean == pytest.approx(7 / 3)
    assert (found.interval, found.tasks, found.over) == (None, 1, "tasks")


def test_one_number_has_no_interval() -> None:
    found = estimate([[4.0]])
    assert (found.mean, found.interval, found.relative) == (4.0, None, None)


def test_no_samples_is_an_error() -> None:
    with pytest.raises(ValueError, match="no samples"):
        estimate([[], []])


def test_relative_is_a_share_of_the_mean() -> None:
    assert estimate([[0.0], [20.0]]).relative == pytest.approx((10 + 12.7062 * 10) / 2 / 10, rel=1e-5)  # cut at zero
    assert estimate([[-1.0], [1.0]]).relative is None


def test_an_interval_of_times_does_not_reach_below_zero() -> None:
    times = estimate([[1.0], [9.0]]).interval
    assert times is not None
    assert 0 < times[0] < times[1]
    counts = estimate([[0.0], [9.0]]).interval
    assert counts is not None
    assert counts[0] == 0
    below = estimate([[-1.0], [9.0]]).interval
    assert below is not None
    assert below[0] < 0


# fractional degrees, p values


@each_case("probability", [0.5, 0.9, 0.975, 0.9995])
def test_quantile_of_fractional_degrees_equals_scipy(probability: float) -> None:
    degrees = [1.0001, 1.5, 2.345, 3.9, 7.25, 33.3, 150.5, 199.9, 200.5, 5_000.5]
    found = [t_quantile(probability, degrees=each) for each in degrees]
    assert found == pytest.approx(list(scipy.stats.t.ppf(probability, degrees)), rel=1e-8, abs=1e-10)


@given(st.floats(-60, 60), st.floats(1, 2_000_000))
def test_two_sided_p_equals_scipy(t: float, degrees: float) -> None:
    assert two_sided(t, degrees=degrees) == pytest.approx(
        2 * float(scipy.stats.t.sf(abs(t), degrees)), rel=1e-6, abs=1e-15
    )


def test_the_expansion_for_many_degrees_has_all_its_terms() -> None:
    """Right above the degrees up to which the series is exact, and far out, each of the four shows."""
    expected = float(scipy.stats.t.ppf(0.99999, 201))
    assert t_quantile(0.99999, degrees=201) == pytest.approx(expected, rel=1e-9)


def test_two_sided_p_of_more_degrees_than_gamma_functions_have_digits_for_is_the_normals() -> None:
    assert two_sided(2.0, degrees=1e15) == pytest.approx(2 * float(scipy.stats.norm.sf(2.0)), rel=1e-12)


def test_two_sided_p_at_the_ends() -> None:
    assert two_sided(0.0, degrees=3) == 1.0
    assert two_sided(math.inf, degrees=3) == 0.0
    with pytest.raises(ValueError, match="no probability"):
        two_sided(math.nan, degrees=3)
    with pytest.raises(ValueError, match="no probability"):
        two_sided(1.0, degrees=0.5)


# Welch and Holm

some_logs = st.lists(st.floats(-5, 5), min_size=2, max_size=12, unique=True).filter(lambda x: max(x) - min(x) > 1e-3)


def test_two_units_are_no_more_than_two_beside_ten() -> None:
    """Nearly equal by luck, they hardly counted: p was that of the ten alone."""
    ten, two = [0.9, 0.93, 0.97, 0.99, 1.0, 1.0, 1.01, 1.03, 1.07, 1.1], [1.06, 1.061]
    found = compare(Sample.of(two), Sample.of(ten))
    alike = (1 / 2 + 1 / 10) ** 2 / (
        1 / 2**2 / 1 + 1 / 10**2 / 9
    )  # degrees of freedom where all units vary alike: 1.43
    squared = statistics.variance(two) / 2 + statistics.variance(ten) / 10
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(0.0605 / math.sqrt(squared), alike), rel=1e-6)
    assert float(scipy.stats.ttest_ind(two, ten, equal_var=False).pvalue) < 0.02 < 0.05 < (found.p or 0)


@pytest.mark.system
@pytest.mark.parametrize(("many", "few"), one_now((10, 2), (6, 2), (10, 3), (5, 3)))  # before: 10.1, 7.5, 6.4, 4.5 %
def test_sides_of_unequal_size_are_called_different_no_more_often(many: int, few: int) -> None:
    rng, runs = random.Random(7), repeats(2000, 8000)
    drawn = ([Sample.of([rng.gauss(0, 1) for _ in range(size)]) for size in (many, few)] for _ in range(runs))
    claims = sum((significance(*sides) or 0) < 0.05 for sides in drawn)
    assert claims / runs < 0.05


@given(some_logs, some_logs)
def test_welch_equals_scipy(first: list[float], second: list[float]) -> None:
    this, other = (Sample.of(side, bounded=len(first) == len(second)) for side in (first, second))
    found = compare(this, other)
    expected = scipy.stats.ttest_ind(first, second, equal_var=False)
    low, high = expected.confidence_interval(0.95)
    assert found.ratio == pytest.approx(math.exp(scipy.stats.tmean(first) - scipy.stats.tmean(second)))
    assert found.p == pytest.approx(float(expected.pvalue), rel=1e-6, abs=1e-12)
    assert significance(this, other) == found.p
    if found.interval is None:
        assert max(abs(low), abs(high)) > 690
    else:
        assert [math.log(end) for end in found.interval] == pytest.approx([low, high], rel=1e-6, abs=1e-8)


def test_one_value_on_a_side_allows_a_ratio_and_no_statement() -> None:
    found = compare(Sample.of([math.log(2)]), Sample.of([0.0, 0.1]))
    assert found.ratio == pytest.approx(2 / math.exp(0.05))
    assert (found.interval, found.p) == (None, None)
    assert significance(Sample.of([1.0]), Sample.of([1.0])) is None


def test_sides_that_do_not_vary_are_equal_or_are_not() -> None:
    assert compare(Sample.of([1.0, 1.0]), Sample.of([1.0, 1.0])).p == 1.0
    assert compare(Sample.of([1.0, 1.0]), Sample.of([1.1, 1.1])).p == 0.0
    rounding = compare(Sample.of([0.1 + 0.2] * 2), Sample.of([0.3] * 2))
    assert (rounding.ratio, rounding.p) == (1.0, 1.0)


def test_ratios_beyond_floats_are_none() -> None:
    assert compare(Sample.of([800.0, 801.0]), Sample.of([0.0, 1.0])).ratio is None
    with pytest.raises(ValueError, match="no values"):
        Sample.of([])


@given(st.lists(st.floats(0, 1), max_size=20))
def test_one_family_never_lowers_a_p_and_keeps_their_order(probabilities: list[float]) -> None:
    found = [one.p_adjusted for one in decide([], probabilities)[1] if one]
    assert all(p <= q <= 1 for p, q in zip(probabilities, found, strict=True))
    pairs = sorted(zip(probabilities, found, strict=True))
    assert [q for _, q in pairs] == sorted(q for _, q in pairs)
    if probabilities:
        smallest = min(probabilities)
        assert found[probabilities.index(smallest)] == pytest.approx(min(1.0, smallest * len(probabilities)))


# scores


def score(tasks: Sequence[Mapping[str, float]], benchmarks: Sequence[str]) -> Score:
    """With the tasks as units."""
    return score_of(dict(enumerate(tasks)), benchmarks)


@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3)), min_size=2, max_size=9, unique=True))
def test_a_score_of_whole_tasks_is_students_t_over_their_own_scores(tasks: list[tuple[float, float, float]]) -> None:
    logs = [dict(zip("abc", task, strict=True)) for task in tasks]
    own = [sum(task) / 3 for task in tasks]
    found = score(logs, ["a", "b", "c"])
    assert found.sample.mean == pytest.approx(scipy.stats.tmean(own), abs=1e-12)
    assert math.sqrt(found.sample.squared_error or 0) == pytest.approx(float(scipy.stats.sem(own)), rel=1e-6, abs=1e-9)
    assert found.sample.degrees == len(tasks) - 1


def test_a_task_that_lacks_a_benchmark_adds_what_it_has() -> None:
    found = score([{"a": 0.0, "b": 1.0}, {"a": 2.0}, {"a": 1.0, "b": 3.0}], ["a", "b"])
    assert found.sample.mean == pytest.approx((1.0 + 2.0) / 2)
    few = math.sqrt(2 / 1 * 2 / 3)  # "b" was measured twice in three tasks
    deviations = [(-1.0 - few * 3 / 2) / 2, 1.0 / 2, (0.0 + few * 3 / 2) / 2]
    assert found.sample.squared_error == pytest.approx(sum(d * d for d in deviations) / 6)


def test_a_benchmark_of_one_task_is_not_certain() -> None:
    """It deviates as the task's others do: here as if every benchmark were slow or quick with its task."""
    found = score([{"a": 0.0, "b": 0.0}, {"a": 2.0}], ["a", "b"])
    deviations = [(-1.0 - 1.0 * 2) / 2, 1.0 / 2]
    assert found.sample.squared_error == pytest.approx(sum(d * d for d in deviations) / 2)


def test_tasks_without_a_common_benchmark_tell_no_error() -> None:
    found = score([{"a": 1.0}, {"b": 3.0}], ["a", "b"])
    assert (found.sample.mean, found.interval()) == (2.0, None)


@pytest.mark.parametrize(
    ("size", "lacks"),
    [
        (2, lambda task, benchmark: task == 1 and benchmark < 5),
        (3, lambda task, benchmark: task > 0 and benchmark < 8),
        (5, lambda task, benchmark: task not in (benchmark % 5, (benchmark + 1) % 5)),
    ],
)
def test_intervals_of_incomplete_tasks_hold_the_truth(size: int, lacks: Callable[[int, int], bool]) -> None:
    """1,000 runs of equal tasks: about 95 of 100 intervals hold the score that all were drawn around."""
    chance, held = random.Random(5), 0
    for _ in range(1_000):
        instances = [chance.gauss(0, 0.02) for _ in range(size)]
        tasks = [
            {str(b): instance + chance.gauss(0, 0.02) for b in range(10) if not lacks(number, b)}
            for number, instance in enumerate(instances)
        ]
        low, high = score(tasks, [str(b) for b in range(10)]).interval() or (2.0, 2.0)
        held += low <= 1 <= high
    assert held > 890


def test_a_task_with_none_of_the_benchmarks_is_no_repeat() -> None:
    assert score([{"a": 0.0}, {"z": 5.0}], ["a"]).sample.squared_error is None
    assert score([{"a": 0.0}, {"z": 5.0}], ["a"]).interval() is None
    with pytest.raises(ValueError, match="no benchmarks"):
        score([{"a": 1.0}], [])


def test_the_interval_of_a_score_is_on_the_scale_of_ratios() -> None:
    found = score([{"a": 0.0}, {"a": 0.2}], ["a"])
    assert found.geometric_mean == pytest.approx(math.exp(0.1))
    assert found.interval() == pytest.approx((math.exp(0.1 - 1.27062), math.exp(0.1 + 1.27062)), rel=1e-4)


# variance components


def test_components_equal_those_of_a_textbook() -> None:
    """Snedecor and Cochran, Statistical Methods, calcium in turnip leaves: 4 leaves, 4 determinations each."""
    leaves = [
        [3.28, 3.09, 3.03, 3.03],
        [3.52, 3.48, 3.38, 3.38],
        [2.88, 2.80, 2.81, 2.76],
        [3.34, 3.38, 3.23, 3.26],
    ]
    found = components(leaves)
    assert found is not None
    assert found.samples == pytest.approx(0.0066, abs=1e-4)
    assert found.tasks == pytest.approx(0.0724, abs=1e-4)
    assert not found.clamped


@given(st.lists(st.lists(st.floats(0.1, 10), min_size=2, max_size=6), min_size=2, max_size=6))
def test_mean_squares_equal_scipys_analysis_of_variance(tasks: list[list[float]]) -> None:
    found = components(tasks)
    assert found is not None
    count = sum(map(len, tasks))
    size = (count - sum(len(task) ** 2 for task in tasks) / count) / (len(tasks) - 1)
    if found.samples > 1e-6 and not found.clamped:
        expected = float(scipy.stats.f_oneway(*tasks).statistic)
        assert (found.samples + size * found.tasks) / found.samples == pytest.approx(expected, rel=1e-6)


def test_a_negative_component_is_shown_as_none_at_all_and_said_so() -> None:
    found = components([[1.0, 3.0], [1.1, 2.9]])
    assert found is not None
    assert (found.tasks, found.clamped, found.share) == (0.0, True, 0.0)


@each_case("tasks", [[], [[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 2.0], []]])
def test_nothing_to_take_apart(tasks: list[list[float]]) -> None:
    assert components(tasks) is None


def test_no_variance_has_no_share() -> None:
    found = components([[1.0, 1.0], [1.0, 1.0]])
    assert found is not None
    assert found.share is None


def test_significance_says_what_a_comparison_says_also_where_nothing_varies() -> None:
    alone, steady, other = Sample(1.0, None, 0), Sample(1.0, 0.0, 4), Sample(2.0, 0.0, 4)
    varying = Sample(1.0, 0.04, 4)
    assert (significance(steady, steady), significance(steady, other)) == (1.0, 0.0)
    assert significance(alone, varying) is significance(varying, alone) is None
    for this in (alone, steady, varying):
        for that in (alone, other, varying):
            assert significance(this, that) == compare(this, that).p


def test_what_does_not_vary_has_an_interval_of_one_ratio() -> None:
    found = compare(Sample(1.0, 0.0, 4), Sample(1.0 + math.log(2), 0.0, 4))
    assert found.ratio == pytest.approx(0.5)
    assert found.interval == (found.ratio, found.ratio)
    assert compare(Sample(800.0, 0.0, 4), Sample(0.0, 0.0, 4)).interval is None  # fits no float


def test_an_estimate_over_tasks_is_as_sure_as_was_asked() -> None:
    wide, narrow = (estimate([[-1.0], [2.0], [5.0]], confidence=confidence).interval for confidence in (0.99, 0.5))
    assert wide is not None
    assert narrow is not None
    assert wide[1] - 2 == pytest.approx(3 * scipy.stats.t.ppf(0.995, 2) / math.sqrt(3))
    assert narrow[1] - 2 == pytest.approx(3 * scipy.stats.t.ppf(0.75, 2) / math.sqrt(3))


# levels, pairs, families, power


def test_nested_components_equal_those_of_a_balanced_textbook_design() -> None:
    """Three instances of two tasks of two samples: mean squares by hand."""
    tasks = [[10.0, 12.0], [14.0, 16.0], [20.0, 22.0], [20.0, 24.0], [30.0, 30.0], [34.0, 38.0]]
    found = components(tasks, ["a", "a", "b", "b", "c", "c"])
    samples = (2 + 2 + 2 + 8 + 0 + 8) / 6
    within = 2 * ((11 - 13) ** 2 * 2 + (21 - 21.5) ** 2 * 2 + (30 - 33) ** 2 * 2) / 3
    among = 4 * sum((mean - 22.5) ** 2 for mean in (13, 21.5, 33)) / 2
    assert found is not None
    assert found.samples == pytest.approx(samples)
    assert found.tasks == pytest.approx((within - samples) / 2)
    assert found.instances == pytest.approx((among - within) / 4)
    assert (found.sizes, found.next, found.clamped) == ((3, 6, 12), "instances", False)


def test_unbalanced_components_are_what_makes_mean_squares_their_expectations() -> None:
    """Henderson's method 1 with matrices: each sum of squares y'Ay has the expectation tr(A Z Z') for each component."""
    chance = random.Random(5)
    sizes = {"a": (5, 3, 2), "b": (4,), "c": (2, 7), "d": (1, 1, 6, 3)}
    tasks, places = [], []
    for place, counts in sizes.items():
        shift = chance.gauss(0, 9)
        for count in counts:
            centre = shift + chance.gauss(0, 3)
            tasks.append([centre + chance.gauss(0, 1) for _ in range(count)])
            places.append(place)
    of_task = np.repeat(np.eye(len(tasks)), [len(task) for task in tasks], axis=0)
    of_place = of_task @ np.array([[float(place == one) for one in sizes] for place in places])
    y, one = np.concatenate(tasks), np.ones((len(of_task), 1))
    mean, above, below = (z @ np.linalg.pinv(z) for z in (one, of_place, of_task))
    squares = [above - mean, below - above, np.eye(len(y)) - below]
    variances = [of_place @ of_place.T, of_task @ of_task.T, np.eye(len(y))]
    expected = np.linalg.solve([[np.trace(a @ v) for v in variances] for a in squares], [y @ a @ y for a in squares])
    found = components(tasks, places)
    assert found is not None
    assert not found.clamped
    assert (found.instances, found.tasks, found.samples) == pytest.approx(tuple(expected))


def test_without_several_instances_there_are_two_levels() -> None:
    tasks = [[1.0, 1.1], [2.0, 2.1]]
    for places in ([], ["a", "a"], ["a", None], ["a", "b"]):
        found = components(tasks, places)
        assert found is not None
        assert (found.instances, found.next) == (None, "tasks")


def test_pairs_of_the_same_units_are_compared_by_students_test() -> None:
    first, second, units = [1.0, 2.0, 4.0, 3.0], [1.1, 2.3, 4.1, 3.2], list("abcd")
    this, other = Sample.of(first, units=units), Sample.of(second, units=units)
    test = scipy.stats.ttest_rel(first, second)
    assert significance(this, other) == pytest.approx(test.pvalue)
    low, high = test.confidence_interval(0.95)
    assert compare(this, other).interval == pytest.approx((math.exp(low), math.exp(high)))


def test_what_is_not_of_the_same_units_or_of_too_few_is_not_paired() -> None:
    first, second = [1.0, 2.0, 4.0], [1.1, 2.3, 4.1]
    plain = significance(Sample.of(first), Sample.of(second))
    assert significance(Sample.of(first, units="abc"), Sample.of(second, units="abd")) == plain
    assert significance(Sample.of(first, units="abc"), Sample.of(second)) == plain
    two = Sample.of(first[:2], units="ab"), Sample.of(second[:2], units="ab")
    assert significance(*two) == significance(Sample.of(first[:2]), Sample.of(second[:2]))


@each_case(
    ("values", "unit", "step"),
    [
        ([0.1, 0.12], "s", 0.01),
        ([0.1000000000000001], "s", 1e-9),
        ([12.0, 15.0], "ms", 1.0),
        ([8192.0, 12288.0], "bytes", 4096.0),
        ([8192.0, 12289.0], "bytes", 1.0),
        ([3.0, 3.0], "", 1.0),
    ],
)
def test_the_resolution_of_what_was_written_down(values: list[float], unit: str, step: float) -> None:
    assert resolution(values, unit) == pytest.approx(step)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_last_decimal_place_is_the_one_that_is_written(value: float) -> None:
    exponent = Decimal(repr(value)).as_tuple().exponent
    assert isinstance(exponent, int)
    assert resolution([value, 0.5], "") == 10.0 ** max(-17, min(exponent, -1))


def test_no_spread_is_as_sure_as_the_clock_and_no_surer() -> None:
    floor = rounding_error(0.01)
    rough = [Sample.of([value] * 3, floor=floor) for value in (0.10, 0.11)]
    assert significance(*rough) == pytest.approx(2 * scipy.stats.t.sf(0.01 / math.sqrt(2 * floor), 4))
    fine = [Sample.of([value] * 3, floor=rounding_error(1e-9)) for value in (0.10, 0.11)]
    assert 0 < (significance(*fine) or 0) < 1e-9


def test_one_family_is_holms() -> None:
    """By hand: 4, 3, 2, 1 times the sorted p, never falling."""
    _, single = decide([], [0.01, None, 0.04, 0.03, 0.005])
    assert [one and round(one.p_adjusted, 9) for one in single] == [0.03, None, 0.06, 0.06, 0.02]


def test_a_family_that_is_rejected_passes_its_share_on() -> None:
    """By hand: 0.8 for two overall tests, then all of the level for the single ones."""
    overall, single = decide([0.001, 0.002], [0.004, 0.5])
    assert [one.p_adjusted for one in overall if one] == pytest.approx([0.001 / 0.4, 0.0025])
    assert [one.p_adjusted for one in single if one] == pytest.approx([0.004 / 0.5, 0.5])
    overall, single = decide([0.2], [0.004, 0.5])
    assert [one.p_adjusted for one in single if one] == pytest.approx([0.004 / 0.1, 0.5])
    assert [one.p_adjusted for one in overall if one] == pytest.approx([0.2 / 0.8])


_P = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=8)


@given(_P, _P)
def test_decisions_are_no_bolder_than_their_p_and_intervals_agree_with_them(
    overall: list[float | None], single: list[float | None]
) -> None:
    for given_p, found in zip((overall, single), decide(overall, single), strict=True):
        for p, one in zip(given_p, found, strict=True):
            assert (p is None) == (one is None)
            if p is not None and one is not None:
                assert one.p_adjusted >= p
                assert 0 < one.share <= 1 or p == 0
                assert (one.p_adjusted < 0.05) == (p < 0.05 * one.share) or p == pytest.approx(0.05 * one.share)


def test_what_could_be_found_is_found_four_times_in_five() -> None:
    """2,000 comparisons of two groups of five that differ by it."""
    chance, found = random.Random(11), 0
    effect = detectable(Error(2 / 5, 8), level=0.05)
    for _ in range(2_000):
        sides = [Sample.of([chance.gauss(centre, 1) for _ in range(5)]) for centre in (0.0, effect)]
        found += (significance(*sides) or 1) < 0.05
    assert 0.77 < found / 2_000 < 0.83


def side(mean: float, units: int, *, variance: float = 1.0) -> Sample:
    """Of `units` values with this variance."""
    return Sample(mean, variance / units, units - 1)


def test_as_many_as_are_needed_would_do() -> None:
    count = needed(side(0.5, 5), side(0.0, 5), level=0.05)
    assert count is not None
    assert detectable(Error(2 / count, 2 * count - 2), level=0.05) <= 0.5
    assert detectable(Error(2 / (count - 1), 2 * count - 4), level=0.05) > 0.5
    assert needed(side(0.0, 5), side(0.0, 5), level=0.05) is None
    assert needed(side(1e-9, 5), side(0.0, 5), level=0.05) is None


def test_what_is_needed_of_each_does_not_depend_on_how_many_each_has() -> None:
    """One group lost most of its tasks: the number is that of equal groups, with the spread that both have."""
    assert needed(side(1.0, 10), side(0.0, 2), level=0.05) == needed(side(1.0, 6), side(0.0, 6), level=0.05) == 17
    wide = needed(side(1.0, 10, variance=4.0), side(0.0, 3, variance=0.25), level=0.05)
    assert wide is not None
    both = 4.0 / wide, 0.25 / wide
    degrees = sum(both) ** 2 / sum(one**2 / (wide - 1) for one in both)
    assert detectable(Error(sum(both), degrees), level=0.05) <= 1.0


def test_pairs_are_needed_where_units_are_paired() -> None:
    units = list(range(5))
    this = Sample.of([1.2, 2.1, 3.3, 4.0, 5.1], units=units)
    count = needed(this, Sample.of([1.0, 2.0, 3.0, 4.0, 5.0], units=units), level=0.01)
    apart = [0.2, 0.1, 0.3, 0.0, 0.1]
    assert count is not None
    variance = statistics.variance(apart)
    mean = statistics.fmean(apart)
    assert detectable(Error(variance / count, count - 1), level=0.01) <= mean
    assert detectable(Error(variance / (count - 1), count - 2), level=0.01) > mean
