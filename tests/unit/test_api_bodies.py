"""How a request's body and query are read: JSON, forms, and what is neither."""

import pytest
from benchfleet_contract.limits import MAX_BODY_BYTES

from chalicelib.api.endpoint import body_of, query_of
from chalicelib.domain import errors
from tests.each_case import each_case
from tests.unit.api_requests import asked


@each_case("blank", [None, b"", b" \r\n\t"])
def test_no_body_is_an_empty_document(blank: bytes | None) -> None:
    assert body_of(asked(blank)) == {}


def test_a_query_may_be_missing() -> None:
    assert query_of(asked()) == {}
    assert query_of(asked(query={"limit": ["7"]}))["limit"] == "7"


@each_case(
    ("raw", "content_type"),
    [
        (b'{"a": "1"}', "application/json"), (b' {"a": "1"}', "text/plain"),
        (b"a=1", "application/x-www-form-urlencoded"), (b"a=1", "Application/X-WWW-Form-Urlencoded; charset=utf-8"),
        (b' \n{"a": "1"}', "application/x-www-form-urlencoded"),
    ],
)  # fmt: skip
def test_json_and_forms_are_told_apart(raw: bytes, content_type: str) -> None:
    assert body_of(asked(raw, headers={"Content-Type": content_type})) == {"a": "1"}


def test_without_a_type_a_body_is_json() -> None:
    assert body_of(asked(b'{"a": 1}')) == {"a": 1}
    with pytest.raises(errors.BadRequest):
        body_of(asked(b"a=1"))


def test_a_body_may_be_as_long_as_the_limit_says() -> None:
    start = b'{"a": "'
    longest = start + b"x" * (MAX_BODY_BYTES - len(start) - 2) + b'"}'
    assert len(body_of(asked(longest))["a"]) == MAX_BODY_BYTES - len(start) - 2
    with pytest.raises(errors.TooLarge, match=f"{MAX_BODY_BYTES + 1} bytes"):
        body_of(asked(longest + b" "))


@each_case(
    "raw",
    [b"{", b"[1]", b'"text"', b"3", b"null", b'{"a": NaN}', b'{"a": -Infinity}', rb'{"a": "\ud800"}', b"\xff\xfe{",
     b'{"a":' + b"[" * 200_000],
)  # fmt: skip
def test_what_is_no_json_object_is_malformed(raw: bytes) -> None:
    with pytest.raises(errors.BadRequest) as found:
        body_of(asked(raw))
    assert found.value.code == "malformed_json"
