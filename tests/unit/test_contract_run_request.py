"""Reading a `POST /runs` body: never an exception, and everything that is wrong at once."""

from typing import Any

import pytest
from benchfleet_contract import limits
from benchfleet_contract.run_request import KNOWN, NO_INSTANCES, read_run_request
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
