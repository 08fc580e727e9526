"""The rule by which a run with a target precision ends, and what it is asked of."""

import math
import random
from collections.abc import Iterator
from itertools import islice
from statistics import stdev
from typing import Any

import pytest
from benchfleet_contract.run_precision import share_of
from benchfleet_contract.run_request import read_run_request
from benchfleet_results.statistics import t_quantile
from benchfleet_results.statistics.sequential import Execution, common, precision, reached, stopped
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

ONE = ["x"]
GOOD: dict[str, Any] = {
    "workload": "mock", "per_instance_type": {"tasks": 10}, "local": [{"instance_type": "a"}],
    "target_precision": "1%", "max_tasks": 40,
}  # fmt: skip


def of(*values: float, instance: str | None = None) -> list[Execution]:
    return [Execution(instance, {"x": value}) for value in values]


def students(values: list[float]) -> float:
    """Half of the 95 % interval of a mean, by the textbook."""
    return t_quantile(0.975, degrees=len(values) - 1) * stdev(values) / math.sqrt(len(values))


def drawn(seed: int, spread: float) -> Iterator[Execution]:
    rng = random.Random(seed)
    while True:
        yield Execution(None, {"x": rng.gauss(3.0, spread)})


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=12))
def test_over_tasks_it_is_students_interval_of_logarithms(values: list[float]) -> None:
    found = precision(of(*values), ONE)
    assert found.half_width == pytest.approx(math.expm1(students(values)), abs=1e-9)
    assert (found.printed, found.over, found.tasks) == (found.half_width, "tasks", len(values))


def test_over_instances_it_is_students_interval_of_their_means() -> None:
    found = precision([*of(1.0, 1.2, instance="a"), *of(1.5, 1.7, instance="b"), *of(1.3, 1.3, instance="c")], ONE)
    assert found.printed == pytest.approx(math.expm1(students([1.1, 1.6, 1.3])))
    assert found.over == "instances"


def test_means_of_instances_that_happen_to_agree_do_not_end_a_run() -> None:
    found = precision([*of(1.0, 1.4, instance="a"), *of(1.1, 1.3, instance="b")], ONE)
    assert found.printed == pytest.approx(0, abs=1e-12)
    # Pooled within: (2 * 0.2² + 2 * 0.1²) / 2 over 4 tasks; Student's t of one degree is 12.706.
    assert found.half_width == pytest.approx(math.expm1(12.7062 * math.sqrt(0.05 / 4)), rel=1e-4)


def test_what_is_of_no_known_instance_is_one_more() -> None:
    """As in a report: one lost identity does not make independent repeats of all tasks."""
    some = [*of(1.0, 1.02, instance="a"), *of(1.1, 1.12, instance="b")]
    found = precision([*some, *of(1.2, 1.22)], ONE)
    assert (found.over, found.printed) == ("instances", precision([*some, *of(1.21, instance="c")], ONE).printed)
    assert precision([*of(1.0, 1.1, instance="a"), *of(1.2)], ONE).over == "tasks"


def test_numbers_that_do_not_differ_are_known_to_what_rounding_left() -> None:
    """Times written in whole milliseconds, two benchmarks: the step of the finer one is a tenth of it."""
    rounded = [Execution(None, {"x": math.log(0.02), "y": math.log(0.5)}, {"x": 0.001, "y": 0.001}) for _ in range(10)]
    finer = [*rounded[1:], rounded[0]._replace(steps={"x": 0.0001, "y": 0.001})]
    for executions, step in ((rounded, 0.001 / 0.02), (finer, 0.0001 / 0.02)):
        error = ((step**2 + (0.001 / 0.5) ** 2) / 12 / 2) / 2
        found = precision(executions, ["x", "y"])
        assert found.printed == pytest.approx(math.expm1(t_quantile(0.975, degrees=9) * math.sqrt(error)), rel=1e-6)
        assert found.half_width == found.printed
    assert precision([one._replace(steps={}) for one in rounded], ["x", "y"]).printed == pytest.approx(0, abs=1e-9)


def test_nothing_measured_is_no_precision() -> None:
    assert precision([], ONE).half_width is None
    assert precision(of(1.0), ["y"]).half_width is None
    assert precision(of(1.0), ONE).half_width is None


@given(st.integers(0, 10**6), st.sampled_from([0.001, 0.02, 0.2]), st.sampled_from([0.005, 0.05]))
def test_it_stops_at_the_first_look_that_is_narrow_enough_and_never_before_the_pilot(
    seed: int, spread: float, target: float
) -> None:
    found = stopped(drawn(seed, spread), ONE, target=target, pilot=10, most=14)
    looks = [precision(list(islice(drawn(seed, spread), n)), ONE) for n in range(10, 15)]
    hits = [look for look in looks if look.half_width is not None and look.half_width <= target]
    assert found == (hits[0] if hits else looks[-1])
    assert not reached(precision(list(islice(drawn(seed, spread), 9)), ONE), target=target, pilot=10)


def test_a_benchmark_is_common_that_half_of_the_tasks_have_and_two() -> None:
    both, one = Execution(None, {"x": 1.0, "y": 1.0}), Execution(None, {"x": 1.0})
    assert common([both]) == {"x", "y"}
    assert common([both, one]) == {"x"}
    assert common([both, both, one, one]) == {"x", "y"}
    assert common([both, both, one, one, one]) == {"x"}


@each_case(
    ("text", "share"),
    [("1%", 0.01), ("0.1%", 0.001), ("50 %", 0.5), ("2.5%", 0.025), (0.01, 0.01), (0.5, 0.5), ("50.0%", 0.5)],
)
def test_a_share_is_a_percentage_or_a_number(text: str | float, share: float) -> None:
    assert share_of(text) == pytest.approx(share)


@each_case("value", ["0.09%", "50.1%", "1", "%", "1%\n", "01%", "-1%", 1, 0, 0.0009, 0.51, True, [], {}, "٣%", 10**400])
def test_what_is_none_is_refused_with_field_value_and_remedy(value: Any) -> None:
    problem = read_run_request(GOOD | {"target_precision": value}).problems[0]
    assert (problem.field, problem.message) == ("target_precision", "Target precision must be from 0.1% to 50%")
    assert "1%" in problem.remedy


def test_a_body_with_a_target_asks_for_as_many_tasks_as_it_may_take() -> None:
    request = read_run_request(GOOD | {"max_time_s": 60, "target_precision": "2.5%"}).request
    assert request
    assert request.precision
    assert (request.tasks_per_instance, request.precision.model_dump()) == (
        40,
        {"target": 0.025, "pilot": 10, "max_time_s": 60},
    )


def test_fewer_than_the_pilot_are_told_to_be_too_few() -> None:
    reading = read_run_request(GOOD | {"per_instance_type": {"tasks": 3}})
    assert reading.warnings == [
        "per_instance_type.tasks: with a target precision, 30 tasks are done in any case, not 3"
    ]
    assert reading.request
    assert reading.request.precision
    assert reading.request.precision.pilot == 30


@each_case(
    ("change", "field", "words"),
    [
        ({"max_tasks": None}, "max_tasks", "Max tasks can't be blank with a target precision"),
        ({"max_tasks": 9}, "max_tasks", "Max tasks must be a whole number from 10 to 1000"),
        ({"max_tasks": 1001}, "max_tasks", "Max tasks must be a whole number from 10 to 1000"),
        ({"max_time_s": 0}, "max_time_s", "Max time must be a whole number from 1 to 2592000 seconds"),
        ({"per_instance_type": {"tasks": 41}}, "max_tasks",
         "Max tasks must be at least per_instance_type.tasks, which is 41"),
        ({"target_precision": None, "max_time_s": None}, "max_tasks", "Max tasks needs a target precision"),
        ({"target_precision": None, "max_tasks": None, "max_time_s": 5}, "max_time_s",
         "Max time needs a target precision"),
    ],
)  # fmt: skip
def test_a_budget_fits_its_target(change: dict[str, Any], field: str, words: str) -> None:
    problem = read_run_request(GOOD | change).problems[0]
    assert (problem.field, problem.message) == (field, words)
    assert problem.remedy


def test_the_names_stay_providers_where_they_hold_instances() -> None:
    body = {key: value for key, value in GOOD.items() if key not in ("target_precision", "max_tasks")}
    request = read_run_request(body | {"max_tasks": [{"instance_type": "b"}]}).request
    assert request
    assert [instance.provider for instance in request.instances] == ["local", "max_tasks"]
    assert request.precision is None


@each_case(("tasks", "most", "pilot"), [(1, 40, 30), (9, 40, 30), (10, 40, 10), (35, 40, 35), (1, 14, 14), (1, 30, 30)])
def test_thirty_tasks_come_first_unless_ten_or_more_are_asked_for(tasks: int, most: int, pilot: int) -> None:
    request = read_run_request(GOOD | {"per_instance_type": {"tasks": tasks}, "max_tasks": most}).request
    assert request
    assert request.precision
    assert request.precision.pilot == pilot
