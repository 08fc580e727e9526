"""Which groups of a run have measured enough, and which of their tasks are not needed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.states import StopReason, TaskStatus
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.plan import plan_of
from chalicelib.domain.ports import Measured
from chalicelib.domain.precision import not_needed, stops, why
from chalicelib.domain.records import Goal, Run, Stop, Task
from chalicelib.services.runs.create_run import new_tasks, planned

NOW_MS = 1_800_000_000_000
BODY: dict[str, Any] = {
    "workload": "mock", "per_instance_type": {"tasks": 10}, "local": [{"instance_type": "a"}],
    "target_precision": "1%", "max_tasks": 14, "max_time_s": 60,
}  # fmt: skip
TWO = {"subjects": [{"name": "a"}, {"name": "b"}]}
TIME, MEMORY = ("mock", "default", "time", "lower"), ("mock", "default", "memory", "lower")
DONE, PENDING, RUNNING = TaskStatus.COMPLETED, TaskStatus.PENDING, TaskStatus.RUNNING
NARROW, WIDE = (1.0, 1.001), (1.0, 1.2)


def a_run(**changes: Any) -> tuple[Run, list[Task]]:
    request = read_run_request(BODY | changes).request
    assert request
    plan = plan_of(request, seed="s")
    run = planned(request, plan, fingerprint="f", warnings=(), now_ms=NOW_MS)
    return run, [replace(task, attempt=1) for task in new_tasks(run, plan)]


def ended(tasks: Iterable[Task], count: int, status: TaskStatus = DONE) -> list[Task]:
    """The first so many of each group have ended."""
    seen: dict[int, int] = {}
    found = []
    for task in tasks:
        seen[task.group] = seen.get(task.group, 0) + 1
        found.append(replace(task, status=status) if seen[task.group] <= count else task)
    return found


def measured(
    tasks: Iterable[Task], values: Sequence[float] = NARROW, *, board: tuple[str, str, str, str] = TIME, **changes: Any
) -> list[Measured]:
    done = [task for task in tasks if task.status is DONE]
    return [
        replace(Measured(task.number, task.attempt, {board: {"x": values[task.run_number % len(values)]}}), **changes)
        for task in done
    ]


def reasons(found: Mapping[int, Stop]) -> dict[int, StopReason]:
    return {group: stop.reason for group, stop in found.items()}


def test_ten_tasks_that_agree_are_enough_and_nine_are_not() -> None:
    run, tasks = a_run()
    few, enough = ended(tasks, 9), ended(tasks, 10)
    assert stops(run, few, measured(few), now_ms=NOW_MS) == {}
    found = stops(run, enough, measured(enough), now_ms=NOW_MS + 5)
    assert reasons(found) == {0: StopReason.PRECISION}
    assert (found[0].tasks, found[0].at_ms) == (10, NOW_MS + 5)
    assert found[0].half_width == pytest.approx(2.2622 * 0.000527 / 10**0.5, rel=0.01)


def test_tasks_that_do_not_agree_are_not_enough_until_there_are_no_more() -> None:
    run, tasks = a_run()
    most, all_of_them = ended(tasks, 13), ended(tasks, 14)
    assert stops(run, most, measured(most, WIDE), now_ms=NOW_MS) == {}
    assert reasons(stops(run, all_of_them, measured(all_of_them, WIDE), now_ms=NOW_MS)) == {0: StopReason.TASKS}
    assert reasons(stops(run, all_of_them, measured(all_of_them), now_ms=NOW_MS)) == {0: StopReason.PRECISION}


def test_time_ends_what_waits_and_not_what_runs() -> None:
    run, tasks = a_run()
    none, late_ms = tasks, NOW_MS + 60_000
    assert stops(run, none, [], now_ms=late_ms - 1) == {}
    found = stops(run, none, [], now_ms=late_ms)
    assert (reasons(found), found[0].tasks, found[0].half_width) == ({0: StopReason.TIME}, 0, None)
    flying = ended(tasks, 14, RUNNING)
    assert stops(run, flying, [], now_ms=late_ms) == {}


def test_a_run_without_a_goal_or_with_a_stop_gets_none() -> None:
    run, tasks = a_run()
    enough = ended(tasks, 10)
    assert stops(run.evolve(goal=None), enough, measured(enough), now_ms=NOW_MS) == {}
    stopped = run.evolve(stops={0: Stop(StopReason.PRECISION, 1, 10, 0.001)})
    assert stops(stopped, enough, measured(enough), now_ms=NOW_MS) == {}


def test_runners_that_do_not_tell_their_instance_end_nothing_as_if_their_tasks_were_independent() -> None:
    """Means of two runners that differ by 2 %: over ten tasks it would be known to 0.8 %, over two instances to nothing."""
    run, tasks = a_run()
    enough = [replace(task, runner_id="one" if task.number % 2 else "two") for task in ended(tasks, 10)]
    apart = [replace(m, boards={TIME: {"x": 1.0 + m.number % 2 / 100}}) for m in measured(enough)]
    assert stops(run, enough, apart, now_ms=NOW_MS) == {}
    told = [replace(m, instance="i-1") for m in apart]  # both on one instance
    assert reasons(stops(run, enough, told, now_ms=NOW_MS)) == {0: StopReason.PRECISION}


def test_more_runners_of_no_known_instance_are_no_more_instances_beside_known_ones() -> None:
    run, tasks = a_run()
    enough = [replace(task, runner_id=f"r-{task.number}") for task in ended(tasks, 10)]
    places = [*("i-1", "i-2") * 2, *[None] * 6]
    known = [
        replace(m, boards={TIME: {"x": 1.0 + m.number / 500}}, instance=places[m.number - 1]) for m in measured(enough)
    ]
    assert stops(run, enough, known, now_ms=NOW_MS) == {}


def test_what_is_written_in_coarse_steps_is_not_known_to_more_than_they_say() -> None:
    run, tasks = a_run()
    enough = ended(tasks, 10)
    alike = [replace(m, boards={TIME: {"x": 0.0}}) for m in measured(enough)]
    coarse = [replace(m, steps={TIME: {"x": 0.1}}) for m in alike]
    assert stops(run, enough, coarse, now_ms=NOW_MS) == {}
    fine = [replace(m, steps={TIME: {"x": 0.001}}) for m in alike]
    assert reasons(stops(run, enough, fine, now_ms=NOW_MS)) == {0: StopReason.PRECISION}


def test_what_cannot_be_read_or_is_of_another_attempt_counts_for_nothing() -> None:
    run, tasks = a_run()
    enough = ended(tasks, 10)
    known = measured(enough)
    spoilt = [Measured(1, 1, problem="its output.json is no JSON"), *known[1:]]
    foreign = [replace(known[0], attempt=2), *known[1:]]
    assert stops(run, enough, spoilt, now_ms=NOW_MS) == {}
    assert stops(run, enough, foreign, now_ms=NOW_MS) == {}


def test_subjects_that_take_turns_stop_together() -> None:
    run, tasks = a_run(**TWO)
    enough = ended(tasks, 10)
    one, other = ([m for m in measured(enough, values) if tasks[m.number - 1].group == group]
                  for group, values in ((0, NARROW), (1, WIDE)))  # fmt: skip
    assert stops(run, enough, [*one, *other], now_ms=NOW_MS) == {}
    assert reasons(stops(run, enough, measured(enough), now_ms=NOW_MS)) == dict.fromkeys((0, 1), StopReason.PRECISION)


def test_subjects_that_come_one_after_the_other_stop_one_by_one() -> None:
    run, tasks = a_run(**TWO, order="grouped")
    first = [replace(task, status=DONE) if task.group == 0 and task.run_number <= 10 else task for task in tasks]
    assert reasons(stops(run, first, measured(first), now_ms=NOW_MS)) == {0: StopReason.PRECISION}


def test_machines_stop_by_themselves() -> None:
    run, tasks = a_run(local=[{"instance_type": "a"}, {"instance_type": "b"}])
    first = [replace(task, status=DONE) if task.group == 1 and task.run_number <= 10 else task for task in tasks]
    assert reasons(stops(run, first, measured(first), now_ms=NOW_MS)) == {1: StopReason.PRECISION}


def test_aliases_of_one_machine_are_judged_apart_and_stop_together() -> None:
    run, tasks = a_run(local=[{"instance_type": "a", "alias": "one"}, {"instance_type": "a", "alias": "two"}])
    half = [replace(task, status=DONE) if task.alias == "one" else task for task in tasks]
    both = [replace(task, status=DONE) if task.run_number <= 10 else task for task in tasks]
    mixed = measured(half)[:13] + [m for m in measured(both) if tasks[m.number - 1].alias == "two"][:9]
    assert stops(run, both, mixed, now_ms=NOW_MS) == {}
    found = stops(run, both, measured(both), now_ms=NOW_MS)
    assert (reasons(found), found[0].tasks) == ({0: StopReason.PRECISION}, 10)


def test_times_decide_where_there_are_any() -> None:
    run, tasks = a_run()
    enough = ended(tasks, 10)
    narrow, wide = {"x": 1.0}, [{"x": value} for value in WIDE]
    boards = [{TIME: narrow, MEMORY: wide[m.number % 2]} for m in measured(enough)]
    both = [replace(m, boards=found) for m, found in zip(measured(enough), boards, strict=True)]
    assert reasons(stops(run, enough, both, now_ms=NOW_MS)) == {0: StopReason.PRECISION}
    assert stops(run, enough, measured(enough, WIDE, board=MEMORY), now_ms=NOW_MS) == {}
    assert reasons(stops(run, enough, measured(enough, board=MEMORY), now_ms=NOW_MS)) == {0: StopReason.PRECISION}


def test_parts_of_a_repeat_are_one_execution_once_all_have_ended() -> None:
    body = {"workload": "pyperformance", "workload_options": {"benchmarks": ["nbody", "float"]}, "shards": 2}
    run, tasks = a_run(**body)
    done = [replace(task, status=DONE) if task.run_number <= 10 else task for task in tasks]
    known = [replace(m, boards={TIME: {tasks[m.number - 1].part or "": 1.0}}) for m in measured(done)]
    found = stops(run, done, known, now_ms=NOW_MS)
    assert (reasons(found), found[0].tasks) == ({0: StopReason.PRECISION}, 10)
    open_part = [*done[:19], replace(done[19], status=RUNNING), *done[20:]]
    assert stops(run, open_part, known, now_ms=NOW_MS) == {}


STOPPED = Stop(StopReason.PRECISION, NOW_MS, 10, 0.005)


def test_pending_tasks_of_a_stopped_group_are_not_needed_last_ones_first() -> None:
    run, tasks = a_run()
    mixed = [*ended(tasks, 10)[:11], replace(tasks[11], status=RUNNING), *tasks[12:]]
    found = not_needed(run.evolve(stops={0: STOPPED}), mixed)
    assert [(task.number, reason) for task, reason in found] == [(n, StopReason.PRECISION) for n in (14, 13, 11)]
    assert not_needed(run, mixed) == []


def test_a_repeat_that_has_begun_is_finished() -> None:
    run, tasks = a_run(**TWO)
    mixed = [*[replace(task, status=DONE) for task in tasks[:20]], replace(tasks[20], status=RUNNING), *tasks[21:]]
    spared = [task.number for task, _ in not_needed(run.evolve(stops={0: STOPPED, 1: STOPPED}), mixed)]
    assert spared == [28, 27, 26, 25, 24, 23]


@given(st.lists(st.sampled_from([*TaskStatus]), min_size=28, max_size=28), st.sets(st.sampled_from([0, 1])))
def test_only_pending_tasks_of_stopped_groups_are_ever_not_needed(statuses: list[TaskStatus], groups: set[int]) -> None:
    run, tasks = a_run(**TWO)
    mixed = [replace(task, status=status) for task, status in zip(tasks, statuses, strict=True)]
    for task, _ in not_needed(run.evolve(stops=dict.fromkeys(groups, STOPPED)), mixed):
        assert (task.status, task.group in groups) == (PENDING, True)


def test_the_run_s_own_reason_is_that_of_the_group_that_got_least() -> None:
    run, _ = a_run(**TWO)
    told = {reason: Stop(reason, 1, 1, None) for reason in StopReason}
    assert why(run) is None
    assert why(run.evolve(stops={0: told[StopReason.PRECISION]})) is StopReason.PRECISION
    assert why(run.evolve(stops={0: told[StopReason.TASKS], 1: told[StopReason.PRECISION]})) is StopReason.TASKS
    assert why(run.evolve(stops={0: told[StopReason.TASKS], 1: told[StopReason.TIME]})) is StopReason.TIME


def test_tasks_of_a_run_that_may_end_early_are_handed_out_in_order() -> None:
    """Else many repeats would have begun when it does, and all of them would be finished."""
    run, _ = a_run(**TWO)
    assert run.header(run.demands[0]).in_order
    assert not run.evolve(goal=None, order="grouped").header(run.demands[0]).in_order


def test_a_goal_is_the_request_s() -> None:
    assert a_run()[0].goal == Goal(0.01, 10, 60)
