"""The OpenAPI document is valid, current, and says what the app does."""

import copy
import json
import re
from functools import reduce
from typing import Any

import jsonschema_rs
import pytest
from benchfleet_contract.run_request import read_run_request
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from openapi_spec_validator.schemas import openapi_v31_schema_validator

from app import app
from chalicelib.api import openapi_document
from chalicelib.api.endpoint import STATUS
from chalicelib.api.openapi_document import OPERATIONS
from tests.each_case import each_case

DOCUMENT: dict[str, Any] = openapi_document.document()
SCHEMAS = DOCUMENT["components"]["schemas"]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
OBJECT = {"instance_type": "c8g.medium"}
PAGES = {("/", "get"), ("/assets/{version}/{name}", "get")}  # for people: HTML and its files, no part of the API
BARE: dict[str, Any] = {"per_instance_type": {"tasks": 1}, "local": [OBJECT]}
COMMAND: dict[str, Any] = BARE | {"workload": "command", "workload_options": {"argv": ["true"]}}
GOOD = {"ruby_version": "3.4.7", "per_instance_type": {"tasks": 1}}


def errors_of(schema: str, value: Any) -> list[str]:
    root = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": SCHEMAS}}
    return [error.message for error in Draft202012Validator(root).iter_errors(value)]


@pytest.mark.proof
def test_the_document_is_valid() -> None:
    """A proof because it takes two seconds: defaults, parameters of paths, names of operations, each schema alone."""
    validate(DOCUMENT)


def test_the_document_has_the_form_of_openapi_and_its_schemas_are_schemas() -> None:
    assert [error.message for error in openapi_v31_schema_validator.iter_errors(DOCUMENT)] == []
    jsonschema_rs.meta.validate({"$schema": DRAFT, "$defs": SCHEMAS})


@pytest.mark.parametrize(("place", "wrong"), [(("paths", "/runs", "nonsense"), {}), (("info", "title"), 5)])
def test_a_wrong_form_is_seen(place: tuple[str, ...], wrong: Any) -> None:
    broken = copy.deepcopy(DOCUMENT)
    *way, last = place
    reduce(lambda inner, key: inner[key], way, broken)[last] = wrong
    assert list(openapi_v31_schema_validator.iter_errors(broken))


def test_the_committed_document_is_current() -> None:
    """`make schema` writes it."""
    assert openapi_document.TARGET.read_text(encoding="utf-8") == openapi_document.text()


def test_every_route_of_the_api_is_described_and_no_other() -> None:
    routes = {(path, method.lower()) for path, methods in app.routes.items() for method in methods} - PAGES
    routes -= {
        (path, method) for path, method in routes if (path.removesuffix(".json"), method) in routes - {(path, method)}
    }
    assert {(operation.path, operation.method) for operation in OPERATIONS} == routes
    assert {(path, method) for path, methods in DOCUMENT["paths"].items() for method in methods} == routes


def test_every_route_of_the_api_that_ends_in_a_name_may_end_in_json() -> None:
    named = {path for path, _ in ((o.path, o.method) for o in OPERATIONS) if not path.endswith(("}", ".json"))}
    for path in named:
        plain, suffixed = app.routes[path], app.routes[f"{path}.json"]
        assert set(plain) == set(suffixed)
        for method, entry in plain.items():
            assert suffixed[method].view_function is entry.view_function
            assert suffixed[method].content_types == entry.content_types


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere() -> None:
    assert set(re.findall(r'"#/components/schemas/(\w+)"', openapi_document.text())) <= set(SCHEMAS)


@each_case("operation", [o for o in OPERATIONS if o.roles])
def test_every_operation_with_a_key_tells_how_it_refuses(operation: Any) -> None:
    described = DOCUMENT["paths"][operation.path][operation.method]
    assert {"401", "403", "500", "503"} <= set(described["responses"])
    assert ("413" in described["responses"]) == ("requestBody" in described)
    assert {"bearer": []} in described["security"]


@each_case("path", ["/runs", "/run"])
def test_a_taken_id_is_described_with_both_statuses_and_the_header_that_chooses(path: str) -> None:
    described = DOCUMENT["paths"][path]["post"]
    said = {status for status, reply in described["responses"].items() if "run_exists" in reply.get("description", "")}
    assert said == {"400", "409"}
    assert [(p["name"], p["in"], p["required"]) for p in described["parameters"]] == [
        ("Benchfleet-Codes", "header", False)
    ]


def test_every_status_of_a_refusal_is_described_somewhere() -> None:
    described = {
        int(status) for path in DOCUMENT["paths"].values() for method in path.values() for status in method["responses"]
    }
    assert set(STATUS.values()) <= described


@each_case("operation", [o for o in OPERATIONS if o.body])
def test_examples_fit_their_schemas(operation: Any) -> None:
    name = operation.body if isinstance(operation.body, str) else operation.body.__name__
    assert errors_of(name, operation.example) == []


@each_case(
    "body",
    [
        GOOD | {"aws": [OBJECT | {"alias": "c8g", "arch": "arm64"}]},
        GOOD | {"aws": ["c8g.medium"]},
        GOOD | {"hetzner": [OBJECT]},
        GOOD | {"local": [OBJECT], "colour": "red", "notes": [1, 2]},
        GOOD | {"local": [OBJECT], "run_id": 179531179512345671},
        GOOD | {"local": [OBJECT], "run_id": "a.b_c-d", "lease_s": "30", "metadata": {"x": 1}},
        GOOD
        | {
            "local": [OBJECT],
            "aws": None,
            "hetzner": [],
            "gcp": [None],
            "odd": ["a", 1],
            "more": {"instances": [OBJECT]},
        },
        {"workload": "mock", "per_instance_type": {"tasks": "2"}, "local": [OBJECT]},
        {"workload": "mock", "per_instance_type": {"tasks": 2.5}, "local": [OBJECT | {"alias": None}]},
        COMMAND,
        COMMAND | {"workload_options": None, "subjects": [{"name": "a", "argv": ["a"]}, {"name": "b", "argv": ["b"]}]},
        COMMAND | {"subjects": [{"name": "a+b", "image": "ruby:3.4", "repeats": 5.0}], "order": "grouped", "shards": 1},
        COMMAND | {"workload": "theirs", "workload_options": {"x": 1}, "subjects": [{"name": "a", "y": 2}]},
        BARE | {"workload": "pyperformance", "workload_options": {"benchmarks": ["a", "b"]}, "shards": 2},
        BARE | {"subjects": [{"name": "a", "ruby_version": "3.4"}, {"name": "b", "ruby_version": "3.3"}]},
        BARE | {"workload_options": {"ruby_version": "3.4", "once": True}},
        GOOD | {"providers": {"aws": ["c8g"], "order": [OBJECT]}},
    ],
)
def test_the_schema_of_a_new_run_takes_what_the_rules_take(body: dict[str, Any]) -> None:
    assert read_run_request(body).words == []
    assert errors_of("NewRun", body) == []


@each_case(
    "body",
    [
        {"aws": [OBJECT], "per_instance_type": {"tasks": 1}},
        {"aws": [OBJECT], "ruby_version": "3.4.7"},
        GOOD | {"aws": [{"alias": "c8g"}]},
        GOOD | {"aws": [OBJECT | {"alias": 7}]},
        GOOD | {"hetzner": [OBJECT, "cax11"]},
        GOOD | {"local": [OBJECT], "hetzner": ["cax11"]},
        GOOD | {"local": [OBJECT], "hetzner": OBJECT},
        GOOD | {"local": [OBJECT], "aws": {"instances": [OBJECT]}},
        GOOD | {"local": [OBJECT], "aws": "c8g.medium"},
        GOOD | {"local": [OBJECT], "aws": False},
        GOOD | {"local": [OBJECT], "azure": [None]},
        GOOD | {"local": [OBJECT, [OBJECT]]},
        {"ruby_version": "3.4.7", "local": [OBJECT], "per_instance_type": [1]},
        {"ruby_version": "3.4.7", "local": [OBJECT], "per_instance_type": 3},
        GOOD | {"aws": [OBJECT], "per_instance_type": {"tasks": 0}},
        GOOD | {"aws": [OBJECT], "per_instance_type": {"tasks": "abc"}},
        GOOD | {"aws": [OBJECT], "run_id": "-a"},
        GOOD | {"aws": [OBJECT], "run_id": ""},
        GOOD | {"aws": [OBJECT], "run_id": -3},
        GOOD | {"aws": [OBJECT], "lease_s": 0},
        GOOD | {"aws": [OBJECT], "max_attempts": 101},
        GOOD | {"aws": [OBJECT], "metadata": []},
        GOOD | {"aws": [OBJECT], "workload": "a b"},
        COMMAND | {"workload_options": {"argvv": ["true"], "repeats": "five"}},
        COMMAND | {"workload_options": {}},
        COMMAND | {"workload_options": None, "subjects": [{"name": "a", "argv": ["a"]}, {"name": "b"}]},
        COMMAND | {"subjects": [{"name": "a", "image": "-x"}]},
        COMMAND | {"subjects": [{"name": "a b"}]},
        COMMAND | {"subjects": [{"argv": ["a"]}]},
        COMMAND | {"subjects": [{"name": "a", "argvv": []}]},
        COMMAND | {"subjects": {"name": "a"}},
        COMMAND | {"order": "random"},
        COMMAND | {"shards": 2},
        COMMAND | {"workload": "theirs", "shards": 2},
        BARE | {"subjects": [{"name": "a", "ruby_version": "3.4"}, {"name": "b"}]},
        BARE | {"ruby_version": "3.4", "workload_options": {"ruby_version": "3.4"}},
        BARE | {"ruby_version": "3.4", "workload_options": {"variants": ["rjit"]}},
        GOOD | {"aws": [OBJECT], "providers": {"box": None}},
        GOOD | {"aws": [OBJECT], "providers": []},
    ],
)
def test_the_schema_of_a_new_run_refuses_what_the_rules_refuse(body: dict[str, Any]) -> None:
    assert read_run_request(body).words
    assert errors_of("NewRun", body)


def test_the_app_serves_the_committed_document() -> None:
    from chalice.test import Client

    with Client(app) as client:
        reply = client.http.get("/openapi.json")
    assert (reply.status_code, json.loads(reply.body)) == (200, DOCUMENT)


@each_case(
    ("reply", "fits"),
    [
        ({"status": "wait", "retry_after_seconds": 30}, True),
        ({"status": "wait", "retry_after_seconds": 30, "message": "later"}, True),
        ({"status": "wait"}, False),
        ({"status": "done"}, True),
        ({"status": "done", "message": "Run is not running"}, True),
        ({"status": "done", "message": None}, False),
        ({"status": "assigned"}, False),
        ({"status": "never"}, False),
    ],
)
def test_a_claim_is_answered_in_one_of_three_shapes(reply: dict[str, Any], fits: bool) -> None:
    assert (errors_of("ClaimReply", reply) == []) == fits


def test_a_late_call_is_told_to_stop() -> None:
    refusal = {"error": "The task was cancelled", "code": "task_cancelled"}
    assert errors_of("ErrorReply", refusal) == []
    assert errors_of("LateReply", refusal)
    assert errors_of("LateReply", refusal | {"cancel": True}) == []


@each_case("name", ["Task", "TaskList", "RunDetail", "RunList", "UploadUrls", "RunnerList", "Archive"])
def test_replies_tell_all_of_their_fields(name: str) -> None:
    """But not what a run has no use for: a precision without a target, machines and a model where none are asked for."""
    left_out = {"precision", "launches", "model"} if name == "RunDetail" else set()
    assert set(SCHEMAS[name]["required"]) == set(SCHEMAS[name]["properties"]) - left_out


def test_a_form_has_no_null_and_its_lists_end_in_brackets() -> None:
    form = SCHEMAS["AnyClaimRequestForm"]["properties"]
    assert "workloads" not in form
    assert form["workloads[]"]["type"] == "array"
    assert form["claim_token"]["type"] == "string"
    request = {"provider": "local", "instance_type": "docker", "runner_id": "r"}
    assert errors_of("AnyClaimRequest", request | {"claim_token": None}) == []
    assert errors_of("AnyClaimRequestForm", request | {"claim_token": None})


@each_case(("tasks", "fits"), [("1", True), (" 100000 ", True), ("100001", False), ("0", False), ("٣", False)])
def test_a_number_of_tasks_in_letters_has_the_bounds_of_the_rules(tasks: str, fits: bool) -> None:
    body = GOOD | {"local": [OBJECT], "per_instance_type": {"tasks": tasks}}
    assert (read_run_request(body).words == []) == fits
    assert (errors_of("NewRun", body) == []) == fits


@each_case(
    ("field", "text", "fits"),
    [
        ("lease_s", "86400", True), ("lease_s", "86401", False), ("lease_s", "30.0", True), ("lease_s", "30.5", False),
        ("max_attempts", "0", False), ("max_attempts", "+007", True), ("deadline_s", "2592001", False),
    ],
)  # fmt: skip
def test_a_whole_number_in_letters_has_the_bounds_of_the_rules(field: str, text: str, fits: bool) -> None:
    body = GOOD | {"local": [OBJECT], field: text}
    assert (read_run_request(body).words == []) == fits
    assert (errors_of("NewRun", body) == []) == fits


@each_case("name", ["ü", "", "a b", "-x", "x" * 65])
def test_a_name_that_no_provider_can_have(name: str) -> None:
    for value in ([OBJECT], ["x"], OBJECT, [OBJECT, "x"]):
        body = GOOD | {"local": [OBJECT], name: value}
        assert read_run_request(body).words
        assert errors_of("NewRun", body)
    assert errors_of("NewRun", GOOD | {"local": [OBJECT], name: [1, {}]}) == []
