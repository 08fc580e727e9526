"""The plan: which tasks a request asks for, in which order, and with which options."""

import json
import tracemalloc
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from benchfleet_contract.limits import MAX_PLAN_BYTES
from benchfleet_contract.runs import Instance, RunRequest, Subject
from benchfleet_contract.workloads.kinds import CannotSplit
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.blocks import block_of
from chalicelib.domain.plan import SHARED_OPTIONS_BYTES, Plan, PlanTooLarge, TaskSpec, plan_of
from chalicelib.domain.records import Demand
from tests.each_case import each_case

BOX = Instance(provider="local", instance_type="box", alias="b")
BIG = Instance(provider="aws", instance_type="big", alias=None)
TWO = [Subject(name="one", options={"n": 1}), Subject(name="two", image="ruby:3.3")]


def a_request(**changes: Any) -> RunRequest:
    same: dict[str, Any] = {
        "run_id": None, "ruby_version": None, "workload": "mock", "workload_options": {"n": 0}, "tasks_per_instance": 2,
        "lease_s": 60, "max_attempts": 1, "deadline_s": 60, "metadata": {}, "instances": [BOX, BIG],
    }  # fmt: skip
    return RunRequest(**(same | changes))


def a_plan(*, seed: str = "seed", **changes: Any) -> Plan:
    return plan_of(a_request(**changes), seed=seed)


def order(plan: Plan) -> list[tuple[str, int, str | None]]:
    return [(spec.demand.instance_type, spec.repeat, spec.subject or spec.part) for spec in plan.specs()]


def test_without_subjects_and_shards_tasks_are_numbered_instance_by_instance() -> None:
    plan = a_plan()
    assert list(plan.specs()) == [
        TaskSpec(Demand("local", "box"), "b", None, None, None, 1, group=0, options=0),
        TaskSpec(Demand("local", "box"), "b", None, None, None, 2, group=0, options=0),
        TaskSpec(Demand("aws", "big"), None, None, None, None, 1, group=1, options=0),
        TaskSpec(Demand("aws", "big"), None, None, None, None, 2, group=1, options=0),
    ]
    assert (plan.option_sets, plan.is_shared) == ((b'{"n": 0}',), True)


def test_grouped_subjects_come_one_after_the_other_on_each_instance() -> None:
    assert order(a_plan(subjects=TWO, order="grouped", instances=[BOX])) == [
        ("box", 1, "one"), ("box", 2, "one"), ("box", 1, "two"), ("box", 2, "two"),
    ]  # fmt: skip


def test_abba_turns_the_order_of_the_subjects_round_in_every_second_repeat() -> None:
    plan = a_plan(subjects=[Subject(name="a"), Subject(name="b")], order="abba", tasks_per_instance=4, instances=[BOX])
    assert order(plan) == [
        ("box", 1, "a"), ("box", 1, "b"), ("box", 2, "b"), ("box", 2, "a"),
        ("box", 3, "a"), ("box", 3, "b"), ("box", 4, "b"), ("box", 4, "a"),
    ]  # fmt: skip


@given(
    names=st.lists(st.sampled_from("abcdef"), min_size=1, unique=True),
    pairs=st.integers(1, 9),
    in_turns=st.sampled_from(["abba", "interleaved"]),
)
def test_a_linear_drift_adds_the_same_to_every_subject_that_takes_turns(
    names: list[str], pairs: int, in_turns: str
) -> None:
    subjects = [Subject(name=name) for name in names]
    plan = a_plan(subjects=subjects, order=in_turns, tasks_per_instance=2 * pairs, instances=[BOX, BIG])
    drift = Counter[tuple[str, str | None]]()
    for minute, spec in enumerate(plan.specs()):
        drift[spec.demand.instance_type, spec.subject] += minute
    for instance in ("box", "big"):
        assert len({drift[instance, name] for name in names}) == 1


def test_shards_of_an_abba_plan_stay_together_and_turn_round_with_their_subject() -> None:
    subjects, options = [Subject(name="a"), Subject(name="b")], {"benchmarks": ["x", "y"]}
    plan = a_plan(
        workload="pyperformance", workload_options=options, subjects=subjects, order="abba", shards=2, instances=[BOX]
    )
    told = [(spec.repeat, spec.subject, spec.part) for spec in plan.specs()]
    there = [("a", "1/2"), ("a", "2/2"), ("b", "1/2"), ("b", "2/2")]
    assert told == [(1, *piece) for piece in there] + [(2, *piece) for piece in reversed(there)]


def test_interleaved_subjects_all_have_their_turn_in_each_repeat() -> None:
    subjects = [Subject(name=f"s{n}") for n in range(6)]
    told = order(a_plan(subjects=subjects, tasks_per_instance=20, instances=[BOX, BIG]))
    assert [each[:2] for each in told] == [(kind, n) for kind in ("box", "big") for n in range(1, 21) for _ in range(6)]
    turns = [tuple(subject or "" for _, _, subject in told[start : start + 6]) for start in range(0, 240, 6)]
    assert all(sorted(turn) == [f"s{n}" for n in range(6)] for turn in turns)
    assert turns[1::2] == [turn[::-1] for turn in turns[::2]]
    assert len(set(turns)) > 30  # of 720 orders: each two repeats on each instance have their own
    first = Counter(turn[0] for turn in turns)
    assert max(first.values()) < 20  # nobody is always first


def test_a_plan_that_grows_too_large_is_given_up_before_all_of_it_is_in_memory() -> None:
    names, long = [f"b{n}" for n in range(1_000)], "/" + "x" * 8_000
    subjects = [Subject(name=f"s{n}", options={"cache_dir": f"{long}{n}"}) for n in range(20)]  # 160 MB in all
    tracemalloc.start()
    try:
        with pytest.raises(PlanTooLarge):
            a_plan(workload="pyperformance", workload_options={"benchmarks": names}, subjects=subjects, shards=1_000)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * MAX_PLAN_BYTES
    finally:
        tracemalloc.stop()


def test_the_same_request_gives_the_same_order_and_another_seed_another() -> None:
    subjects = [Subject(name=f"s{n}") for n in range(6)]
    one, again, other = (a_plan(subjects=subjects, tasks_per_instance=9, seed=seed) for seed in ("a", "a", "b"))
    assert order(one) == order(again) != order(other)


def test_the_order_of_a_seed_never_changes() -> None:
    """Whoever asks for a run again is told of the tasks that it has, also by a control plane that is newer."""
    subjects = [Subject(name=name) for name in "abc"]
    plan = a_plan(subjects=subjects, tasks_per_instance=3, instances=[BOX], seed="fixed")
    assert "".join(subject or "" for _, _, subject in order(plan)) == "acbbcaabc"
    assert "".join(subject or "" for _, _, subject in order(replace(plan, mirrored=False))) == "acbcbaabc"


def test_each_subject_of_a_demand_is_a_group_with_the_blocks_of_the_demand() -> None:
    plan = a_plan(subjects=TWO, tasks_per_instance=40, instances=[BOX, BIG, BOX])
    told = [(group.demand.instance_type, group.subject, group.total, group.blocks) for group in plan.groups]
    assert told == [
        ("box", "one", 80, (0, 1)), ("box", "two", 80, (0, 1)), ("big", "one", 40, (0, 1)), ("big", "two", 40, (0, 1)),
    ]  # fmt: skip


def test_options_of_a_subject_stand_over_those_of_the_run() -> None:
    plan = a_plan(subjects=TWO, workload_options={"n": 0, "m": 5})
    assert [json.loads(each) for each in plan.option_sets] == [{"n": 1, "m": 5}, {"n": 0, "m": 5}]
    assert {(spec.subject, spec.image, spec.options) for spec in plan.specs()} == {
        ("one", None, 0), ("two", "ruby:3.3", 1),
    }  # fmt: skip
    assert not plan.is_shared


def test_subjects_that_differ_by_image_alone_share_their_options() -> None:
    subjects = [Subject(name="one", image="a"), Subject(name="two", image="b")]
    assert a_plan(subjects=subjects).is_shared


@each_case(("size", "shared"), [(SHARED_OPTIONS_BYTES, True), (SHARED_OPTIONS_BYTES + 1, False)])
def test_one_set_of_options_is_shared_while_it_is_small(size: int, shared: bool) -> None:
    assert a_plan(workload_options={"n": "x" * (size - 9)}).is_shared is shared


def test_shards_split_the_work_of_each_subject() -> None:
    options = {"benchmarks": ["a", "b", "c"]}
    plan = a_plan(workload="pyperformance", workload_options=options, shards=2, tasks_per_instance=1, instances=[BOX])
    told = {spec.part: json.loads(plan.option_sets[spec.options])["benchmarks"] for spec in plan.specs()}
    assert told == {"1/2": ["a", "c"], "2/2": ["b"]}
    assert [(group.subject, group.total) for group in plan.groups] == [(None, 2)]


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(CannotSplit):
        a_plan(shards=2)


def test_a_place_holds_its_set_of_options() -> None:
    plan = a_plan(subjects=[*TWO, Subject(name="ü", options={"n": "ü\n"})])
    for place, options in zip(plan.places(), plan.option_sets, strict=True):
        offset, length = map(int, place.split(":"))
        assert plan.document[offset : offset + length] == options
    assert len(plan.document.splitlines()) == len(plan.option_sets) == 3


@given(
    instances=st.lists(st.sampled_from([BOX, BIG]), min_size=1, max_size=3),
    names=st.lists(st.sampled_from("abc"), max_size=3, unique=True),
    repeats=st.integers(1, 70),
    order_=st.sampled_from(["interleaved", "abba", "grouped"]),
)
def test_a_plan_has_every_task_once_and_its_groups_add_up(
    instances: list[Instance], names: list[str], repeats: int, order_: str
) -> None:
    subjects = [Subject(name=name, options={"n": name}) for name in names]
    plan = a_plan(instances=instances, subjects=subjects, tasks_per_instance=repeats, order=order_)
    specs = list(plan.specs())
    subjects_or_none: list[str | None] = [*names] or [None]
    wanted = product(range(len(instances)), range(1, repeats + 1), subjects_or_none)
    mine = len(subjects_or_none) * repeats
    assert Counter((i // mine, s.repeat, s.subject) for i, s in enumerate(specs)) == Counter(wanted)
    assert len(specs) == plan.task_count
    assert Counter(spec.group for spec in specs) == Counter({i: group.total for i, group in enumerate(plan.groups)})
    for number, spec in enumerate(specs, start=1):
        group = plan.groups[spec.group]
        assert (group.demand, group.subject) == (spec.demand, spec.subject)
        assert block_of(number) in group.blocks
    for group in plan.groups:
        mine_too = {block_of(n) for n, spec in enumerate(specs, start=1) if spec.demand == group.demand}
        assert set(group.blocks) == mine_too
