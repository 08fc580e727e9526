"""Reading a `POST /runs` body: never an exception, and everything that is wrong at once."""

from typing import Any

import pytest
from benchfleet_contract import limits
from benchfleet_contract.run_instances import KNOWN, NO_INSTANCES
from benchfleet_contract.run_request import read_run_request
from hypothesis import given
from hypothesis import strategies as st

GOOD: dict[str, Any] = {
    "ruby_version": "3.4.7",
    "per_instance_type": {"tasks": 2},
    "local": [{"instance_type": "docker", "alias": "box"}],
}
numbers = st.integers() | st.floats()
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from([*sorted(KNOWN), "aws", "local", "mock", "tasks", "instance_type", "alias"])
entries = st.dictionaries(st.sampled_from(["instance_type", "alias"]), json_values, max_size=2)
values = json_values | st.dictionaries(names, json_values, max_size=2) | st.lists(entries | json_values, max_size=3)
bodies = st.dictionaries(names | st.text(max_size=8), values, max_size=8)


@given(bodies, st.booleans())
def test_any_body_is_read_and_has_a_request_exactly_when_it_has_no_problems(body: dict[str, Any], good: bool) -> None:
    reading = read_run_request(GOOD | body if good else body)
    assert (reading.request is None) == bool(reading.problems)
    assert reading.words == [problem.message for problem in reading.problems]
    if reading.request:
        assert 1 <= reading.request.task_count <= limits.MAX_TASKS


def test_a_plain_body_gets_the_defaults() -> None:
    request = read_run_request(GOOD).request
    assert request
    assert (request.workload, request.run_id, request.task_count) == ("ruby-bench", None, 2)
    assert (request.lease_s, request.max_attempts, request.deadline_s) == (120, 1, 86_400)


def test_classic_providers_come_first_and_any_label_may_follow() -> None:
    body = {"box": [{"instance_type": "a"}], **GOOD, "aws": ["c8g.medium"]}
    request = read_run_request(body).request
    assert request
    assert [(i.provider, i.instance_type, i.alias) for i in request.instances] == [
        ("aws", "c8g.medium", "c8g.medium"),
        ("local", "docker", "box"),
        ("box", "a", None),
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"ruby_version": None}, ["Ruby version can't be blank"]),
        (
            {"per_instance_type": {}},
            ["Tasks per instance type can't be blank", "Tasks per instance type is not a number"],
        ),
        ({"per_instance_type": {"tasks": "x"}}, ["Tasks per instance type is not a number"]),
        ({"per_instance_type": {"tasks": 0}}, ["Tasks per instance type must be greater than 0"]),
        ({"per_instance_type": {"tasks": 10**6}}, ["Run has too many tasks: 100001 of at most 100000"]),
        ({"run_id": ""}, ["External is invalid"]),
        ({"run_id": "a/b"}, ["External is invalid"]),
        ({"local": []}, [NO_INSTANCES]),
        ({"metadata": {"x": "y" * 20_000}}, ["Metadata is too large"]),
        ({"lease_s": 10**400}, ["Lease must be a whole number from 1 to 86400 seconds"]),
        ({"lease_s": 0.5}, ["Lease must be a whole number from 1 to 86400 seconds"]),
    ],
)
def test_the_words_of_each_problem(change: dict[str, Any], words: list[str]) -> None:
    assert read_run_request({**GOOD, **change}).words == words


SHAPE = "Provider must be a list of instances"
ENTRY = "Instance must be an object with an instance_type"


@pytest.mark.parametrize(
    ("change", "field", "value", "message", "remedy"),
    [
        ({"aws": {"instances": [{"instance_type": "a"}]}}, "aws", '{"instances": [{"instance_type": "a"}]}',
         f"{SHAPE} (aws)", 'into a list: "aws": [{"instance_type":'),
        ({"aws": "c8g"}, "aws", "c8g", f"{SHAPE} (aws)", '"aws": [{'),
        ({"azure": 3}, "azure", 3, f"{SHAPE} (azure)", '"azure": [{'),
        ({"local": False}, "local", False, f"{SHAPE} (local)", '"local": [{'),
        ({"aws": {}}, "aws", "{}", f"{SHAPE} (aws)", '"aws": [{'),
        ({"hetzner": {"instance_type": "cax11"}}, "hetzner", '{"instance_type": "cax11"}', f"{SHAPE} (hetzner)", "list"),
        ({"hetzner": ["cax11"]}, "hetzner[0]", "cax11", f"{ENTRY} (hetzner[0])", '{"instance_type": "cax11"}, or put'),
        ({"aws": [None]}, "aws[0]", None, f"{ENTRY} (aws[0])", "write {"),
        ({"aws": [["c8g"]]}, "aws[0]", '["c8g"]', f"{ENTRY} (aws[0])", "write {"),
        ({"aws": ["c8g", 12]}, "aws[1]", 12, f"{ENTRY} (aws[1])", "write {"),
        ({"box": [{"instance_type": "a"}, True]}, "box[1]", True, f"{ENTRY} (box[1])", "write {"),
        ({"per_instance_type": [1]}, "per_instance_type", "[1]", "Per instance type must be an object", '{"tasks": 3}'),
        ({"per_instance_type": 3}, "per_instance_type", 3, "Per instance type must be an object", '{"tasks": 3}'),
        ({"per_instance_type": "3"}, "per_instance_type", "3", "Per instance type must be an object", '{"tasks": 3}'),
        ({"aws": "x" * 9_000}, "aws", "x" * 200, f"{SHAPE} (aws)", '"aws": [{'),
    ],
)  # fmt: skip
def test_a_wrong_shape_is_told_with_field_value_and_remedy(
    change: dict[str, Any], field: str, value: Any, message: str, remedy: str
) -> None:
    problem = next(found for found in read_run_request(GOOD | change).problems if found.message != NO_INSTANCES)
    assert (problem.field, problem.value, problem.message) == (field, value, message)
    assert remedy in problem.remedy


def test_a_plain_text_that_is_no_instance_type_is_told_once() -> None:
    assert read_run_request(GOOD | {"aws": ["\n"]}).words == ["Instance type is invalid (aws[0])"]


def test_a_bad_alias_is_told_beside_a_bad_instance_type() -> None:
    problems = read_run_request(GOOD | {"aws": [{"instance_type": 7, "alias": []}, "", {"alias": "\n"}]}).problems
    assert [(p.field, p.value) for p in problems] == [
        ("aws[0].instance_type", 7), ("aws[0].alias", "[]"), ("aws[1].instance_type", ""),
        ("aws[2].instance_type", None), ("aws[2].alias", "\n"),
    ]  # fmt: skip


def test_wrong_shapes_are_told_all_at_once_and_beside_the_rest() -> None:
    body = {"aws": {"instances": []}, "azure": "x", "hetzner": ["cax11"], "per_instance_type": [2], "lease_s": 0}
    fields = [problem.field for problem in read_run_request(GOOD | body).problems]
    assert fields == ["aws", "azure", "hetzner[0]", "per_instance_type", "lease_s"]


def test_what_may_be_no_provider_at_all_stays_a_warning() -> None:
    hint = "; a provider's list holds objects with an instance_type"
    odd: dict[str, Any] = {"aws": None, "a": [], "b": "c", "c": [1], "d": [None], "e": ["x", 1], "f": {"instances": []}}
    reading = read_run_request(GOOD | odd)
    assert reading.request
    assert reading.warnings == [
        "aws: null, read as no instances",
        *(f"{name}: unknown field, ignored" for name in "ab"),
        *(f"{name}: unknown field, ignored{hint}" for name in "cdef"),
    ]


def test_everything_wrong_is_told_at_once() -> None:
    body = {"per_instance_type": {"tasks": -1}, "local": [{"instance_type": ""}], "lease_s": 0, "run_id": "#"}
    fields = [problem.field for problem in read_run_request(body).problems]
    assert fields == ["local[0].instance_type", "ruby_version", "per_instance_type.tasks", "run_id", "lease_s"]


def test_every_unknown_field_is_warned_of() -> None:
    reading = read_run_request({**GOOD, "lease": 5, "mock": True})
    assert reading.request
    assert reading.warnings == ["lease: unknown field, ignored", "mock: unknown field, ignored"]


def test_a_type_that_no_key_could_hold_is_refused_before_anything_is_written() -> None:
    reading = read_run_request({**GOOD, "local": [{"instance_type": "\N{GRINNING FACE}" * 128}]})
    assert [problem.field for problem in reading.problems] == ["local[0].instance_type"]


def test_no_body_gets_an_answer_that_is_too_long_to_send() -> None:
    reading = read_run_request(GOOD | {"aws": [1] * 20_000, "lease_s": 0})
    assert len(reading.problems) == 1_001
    assert reading.words[-1] == "19001 more problems are not told"
