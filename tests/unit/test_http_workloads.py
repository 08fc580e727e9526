"""The workloads: their number, sizes, hashes and answers, and that schemas and payloads agree."""

import json
from urllib.parse import parse_qsl

import jsonschema
import pytest

from runner_image.workloads.http.contract import payloads
from runner_image.workloads.http.contract.schemas import SHARED, dumped, schemas
from runner_image.workloads.http.contract.workloads import CAPABILITIES, UnknownSuite, every, workloads
from tests.each_case import each_case

DECLARED = {
    "json-small": 86,
    "json-medium": 1_536,
    "json-large": 15_360,
    "json-very-large": 153_600,
    "urlencoded-simple": 60,
    "urlencoded-complex": 300,
    "multipart-small": 1_024,
    "multipart-medium": 10_240,
    "multipart-large": 102_400,
}


def test_eighteen_workloads_and_a_twin_of_each() -> None:
    raw, twins = workloads("raw"), workloads("validated")
    assert [one.name for one in twins] == [f"validated/{one.name}" for one in raw]
    assert [one.path for one in twins] == [f"/validated{one.path}" for one in raw]
    assert every() == (*raw, *twins)
    assert len({one.name for one in every()}) == 36


@each_case(
    ("suite", "count"),
    [
        ("all", 36),
        ("json-bodies", 8),
        ("path-params", 12),
        ("query-params", 6),
        ("forms", 4),
        ("multipart", 6),
        ("quick", 3),
    ],
)
def test_suites(suite: str, count: int) -> None:
    assert len(workloads(suite)) == count


def test_a_list_of_names_gives_each_once() -> None:
    assert [one.name for one in workloads("path-int, quick,path-int")] == [
        "path-int",
        "json-small",
        "path-simple",
        "query-few",
    ]


def test_an_unknown_suite_is_named_with_what_there_is() -> None:
    with pytest.raises(UnknownSuite, match=r"'streaming'.*json-bodies.*path-uuid"):
        workloads("streaming")


def test_each_body_has_exactly_the_declared_size() -> None:
    bodies = {one.name.removeprefix("validated/"): one for one in every() if one.body}
    assert {name: one.declared_bytes for name, one in bodies.items()} == DECLARED
    for name, one in bodies.items():
        sent = one.body.count(b"benchmark-") * 10 if name.startswith("multipart") else len(one.body)
        assert abs(sent - DECLARED[name]) <= (50 if name.startswith("multipart") else 0), name
        assert len(one.body_sha256 or "") == 64


def test_a_word_that_leaves_no_room_is_an_error() -> None:
    with pytest.raises(payloads.WrongSize, match="json-small is to have 86 bytes"):
        payloads.json_body("small", "w" * 80)


def test_forms_have_their_fields_and_repeated_keys_are_lists() -> None:
    simple, complex_ = workloads("urlencoded-simple,urlencoded-complex")
    assert len(parse_qsl(simple.body.decode())) == 4
    assert len(parse_qsl(complex_.body.decode())) == 19
    assert complex_.exchange.answer["tag"] == ["math", "poetry"]


def test_right_answers_fit_the_schemas_and_json_refusals_do_not() -> None:
    for one in workloads("validated"):
        schema = schemas().get(one.name.removeprefix("validated/"))
        if schema is None:
            continue
        validator = jsonschema.Draft202012Validator(schema)
        for exchange in (one.exchange, *one.others):
            validator.validate(exchange.answer)
        for refused in one.refused if one.suite == "validated-json-bodies" else ():
            assert refused.status == 400
            assert _does_not_fit(refused.body, validator), f"{one.name}: {refused.why}"


def test_the_apps_copy_of_the_schemas_is_the_contracts() -> None:
    assert SHARED.read_text() == dumped(), "run python -m runner_image.workloads.http.contract.schemas"


def test_capabilities_are_the_suites_of_the_workloads_and_the_streams() -> None:
    assert {one.suite for one in every()} | {"websocket", "sse"} == CAPABILITIES


def _does_not_fit(body: bytes, validator: jsonschema.Draft202012Validator) -> bool:
    try:
        validator.validate(json.loads(body))
    except ValueError:
        return True
    except jsonschema.ValidationError:
        return True
    return False
