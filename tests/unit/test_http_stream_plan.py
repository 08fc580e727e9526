"""When streams are opened and how many messages they have; a plan that makes no load is refused."""

from dataclasses import replace
from itertools import pairwise

import pytest

from runner_image.workloads.http.streams.opening import MOST_OPENING_S, rounds_for
from runner_image.workloads.http.streams.plan import StreamPlan
from tests.each_case import each_case

PLAN = StreamPlan("sse", "127.0.0.1", 1, connections=50, interval_s=0.1, duration_s=10)


def test_openings_leave_most_of_a_core_to_the_messages() -> None:
    assert rounds_for(PLAN, cost_s=0.0) == 1
    assert rounds_for(PLAN, cost_s=0.0004) == 1  # 20 ms of work in 100 ms
    assert rounds_for(PLAN, cost_s=0.002) == 4  # 100 ms of work: a quarter of a core for 400 ms
    assert rounds_for(replace(PLAN, connections=2000), cost_s=0.1) * PLAN.interval_s <= MOST_OPENING_S
    assert rounds_for(replace(PLAN, interval_s=60.0, duration_s=120), cost_s=5.0) == 1


@each_case("rounds", [1, 3, 4])
def test_streams_are_opened_evenly_and_no_two_of_them_tick_together(rounds: int) -> None:
    plan = replace(PLAN, rounds=rounds)
    opens = sorted(plan.opens_at(number) for number in range(plan.connections))
    apart = [later - earlier for earlier, later in pairwise(opens)]
    assert opens[-1] < plan.opening_s == pytest.approx(rounds * 0.1)
    assert max(apart) <= 2 * rounds * 0.1 / 50 + 1e-9
    phases = sorted(round(at % plan.interval_s / plan.interval_s * 50) % 50 for at in opens)
    assert phases == list(range(50))


@each_case(
    ("change", "told"),
    [
        ({"connections": 0}, "connections .0. must be 1 or more"),
        ({"interval_s": 0.0}, "interval_s .0.0. must be more than 0"),
        ({"interval_s": float("nan")}, "interval_s .nan."),
        ({"duration_s": float("inf")}, "duration_s .inf."),
        ({"duration_s": 0.1}, "duration_s .0.1. must hold two messages or more: at least 0.2"),
        ({"rounds": 0}, "rounds .0. must be 1 or more"),
    ],
)
def test_a_plan_without_a_load_is_refused(change: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        replace(PLAN, **change)  # type: ignore[arg-type]
