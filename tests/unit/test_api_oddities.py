"""Numbers, cursors and keys as no honest client writes them."""

import hashlib
import json

import pytest
from benchfleet_contract.names import run_id_of
from benchfleet_contract.run_request import read_run_request

from chalicelib.api.requests import read_declared, read_page, read_runs_cursor
from chalicelib.domain.errors import BadRequest
from chalicelib.services.keyring import Keyring
from tests.each_case import each_case

ODD = ["1" * 5_000, "٣", "²", "-1", "1.0", "1e3", " 1", "+1", "0x1", "", "1" * 19, "\x00"]


@each_case("text", [*ODD, "1000000001x", "10000000000000"])
def test_an_odd_limit_or_cursor_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequest, match="limit"):
        read_page({"limit": text})
    if text not in ("1" * 19,):
        with pytest.raises(BadRequest, match="cursor"):
            read_page({"cursor": text})


def test_a_limit_is_read_to_its_last_digit() -> None:
    with pytest.raises(BadRequest, match="limit"):
        read_page({"limit": "0000010001234567"})
    assert read_page({"limit": "7", "cursor": "3"}) == (3, 7)


@each_case("text", ODD)
def test_an_odd_length_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequest, match="result_bytes"):
        read_declared({"result_bytes": text, "result_sha256": "0" * 64})


@each_case("cursor", ["", "x", "0", "000001764000000#r", "000001764000000000#", "000001764000000#../x", "1" * 5_000])
def test_a_garbled_cursor_of_runs_is_not_the_beginning(cursor: str) -> None:
    if cursor == "000001764000000#r":
        assert read_runs_cursor({"cursor": cursor}) == cursor
        return
    with pytest.raises(BadRequest, match="cursor"):
        read_runs_cursor({"cursor": cursor})


def test_without_a_cursor_runs_begin_with_the_newest() -> None:
    assert read_runs_cursor({}) is None


@each_case("header", ["Bearer k", "bearer k", "BEARER  k ", "k", " k"])
def test_the_name_of_the_scheme_is_the_same_in_any_case(header: str) -> None:
    digest = hashlib.sha256(b"k").hexdigest()
    assert Keyring(lambda: json.dumps({"admin": [digest]})).admit(header, frozenset({"admin"})) == "admin"


def test_an_empty_run_id_is_refused() -> None:
    body = {"run_id": "", "workload": "mock", "per_instance_type": {"tasks": 1}, "local": ["x"]}
    read = read_run_request(body)
    assert "run_id" in str(read)


def test_a_number_of_thousands_of_digits_is_no_run_id() -> None:
    assert run_id_of(10**5_000) is None
    assert run_id_of(17) == "17"
