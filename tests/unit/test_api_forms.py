"""Forms as Rack reads them, and what no form may do."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from benchfleet_contract import limits
from benchfleet_contract.run_request import read_run_request
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.forms import read_form
from chalicelib.domain.errors import BadRequest
from tests.each_case import each_case

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="[]"), min_size=1, max_size=8)
WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
# A list's objects have the same fields: where one begins shows by the repetition.
OBJECTS = st.lists(NAMES, min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.lists(st.fixed_dictionaries({name: WORDS for name in names}), min_size=1, max_size=3)
)
LISTS = st.lists(WORDS, min_size=1, max_size=4) | OBJECTS
DOCUMENTS = st.recursive(
    st.dictionaries(NAMES, WORDS | LISTS, min_size=1, max_size=3),
    lambda inner: st.dictionaries(NAMES, WORDS | LISTS | inner, min_size=1, max_size=3),
    max_leaves=6,
)


def fields(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from fields(each, f"{name}[{key}]" if name else key)
    elif isinstance(value, list):
        for each in value:
            yield from fields(each, f"{name}[]")
    else:
        yield name, value


@given(DOCUMENTS)
def test_a_document_survives_its_way_through_a_form(document: dict[str, Any]) -> None:
    assert read_form(urlencode(list(fields(document, ""))).encode()) == document


@given(st.binary(max_size=60) | st.text("ab[]=&%1", max_size=40).map(str.encode))
def test_no_bytes_do_more_than_be_refused(raw: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(read_form(raw), dict)


@each_case(
    ("form", "document"),
    [
        ("", {}),
        ("&a=b=c&&d=%C3%BC&e=ü\r\n", {"a": "b=c", "d": "ü", "e": "ü"}),
        ("a", {"a": ""}),
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=", {"a": ["1", ""]}),
        ("a[b]=1&a[b]=2&a[c]=+", {"a": {"b": "2", "c": " "}}),
        ("a%5B%5D%5Bb%5D=1&a%5B%5D%5Bc%5D=2&a%5B%5D%5Bb%5D=3", {"a": [{"b": "1", "c": "2"}, {"b": "3"}]}),
        ("a[][b][c]=1&a[][b][d]=2&a[][b][c]=3", {"a": [{"b": {"c": "1", "d": "2"}}, {"b": {"c": "3"}}]}),
        ("a[][b][]=1&a[][b][]=2", {"a": [{"b": ["1", "2"]}]}),
        ("a[]=x&a[][b]=1&a[]=y&a[][c]=2", {"a": ["x", {"b": "1"}, "y", {"c": "2"}]}),
        ("a[0][b]=1", {"a": {"0": {"b": "1"}}}),
    ],
)
def test_fields_are_put_together_as_rack_does(form: str, document: dict[str, Any]) -> None:
    assert read_form(form.encode()) == document


@each_case(
    ("form", "named"),
    [
        ("a=1&a[]=2", "a[]"),
        ("a[]=1&a=2", "a"),
        ("a[b]=1&a=2", "a"),
        ("a=1&a[b]=2", "a[b]"),
        ("a[]=1&a[b]=2", "a[b]"),
        ("a[][b]=1&a[][b][c]=2", "a[][b][c]"),
        ("a[b=1", "a[b"),
        ("a]=1", "a]"),
        ("[a]=1", "[a]"),
        ("a[b]c=1", "a[b]c"),
        ("a[[b]]=1", "a[[b]]"),
        ("=1", ""),
        ("a[][]=1", "a[][]"),
        ("ab=%zz", "ab' has a %"),
        ("ab=50%", "ab' has a %"),
        ("ab%4=1", "ab%4' has a %"),
        ("a" + "[b]" * limits.MAX_FORM_DEPTH + "=1", "a[b][b]"),
        ("a" * (limits.MAX_FORM_NAME_CHARS + 1) + "=1", "aaaa"),
    ],
)
def test_a_contradiction_is_refused_by_name(form: str, named: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_form(form.encode())
    assert f"field '{named}" in str(refused.value.words)


def test_the_bounds_are_in_reach() -> None:
    deepest = "a" + "[b]" * (limits.MAX_FORM_DEPTH - 1) + "=1"
    assert read_form(deepest.encode())["a"]
    assert len(read_form(b"&".join(b"a[]=1" for _ in range(limits.MAX_FORM_FIELDS)))["a"]) == limits.MAX_FORM_FIELDS
    with pytest.raises(BadRequest, match="4096 fields"):
        read_form(b"&".join(b"a" for _ in range(limits.MAX_FORM_FIELDS + 1)))


@each_case("form", [b"a\xff=1", b"a%ff=1", b"a=\xff", b"a=%ff", b"a=%ed%a0%80", b"b=1&a[]=%c3&c=2"])
def test_what_is_not_utf_8_is_refused_by_name(form: bytes) -> None:
    with pytest.raises(BadRequest, match=r"field 'a.*' is not valid UTF-8"):
        read_form(form)


def test_a_run_is_the_same_as_a_form() -> None:
    form = (
        b"ruby_version=3.4.7&per_instance_type[tasks]=2&max_attempts=3&lease_s=60&local[]=x"
        b"&aws[][instance_type]=c8g.medium&aws[][alias]=a&aws[][instance_type]=c8g.large&metadata[branch]=main"
    )
    document = {
        "ruby_version": "3.4.7", "per_instance_type": {"tasks": 2}, "max_attempts": 3, "lease_s": 60, "local": ["x"],
        "aws": [{"instance_type": "c8g.medium", "alias": "a"}, {"instance_type": "c8g.large"}],
        "metadata": {"branch": "main"},
    }  # fmt: skip
    assert read_run_request(document).request is not None
    assert read_run_request(read_form(form)).request == read_run_request(document).request
