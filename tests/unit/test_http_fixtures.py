"""Functional tests as workloads: everything of their request is sent, everything that they expect is checked."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner_image.workloads.http.contract.fixtures import Fixture, load, workload
from runner_image.workloads.http.contract.workload import HttpWorkload
from tests.each_case import each_case


def made(**request: Any) -> HttpWorkload:
    expected = request.pop("expected", {"status_code": 200})
    given = {"name": "one", "request": {"method": "post", "path": "/items", **request}, "expected_response": expected}
    return workload(Fixture.model_validate(given), "json_bodies")


def test_query_headers_and_cookies_are_all_sent() -> None:
    found = made(
        query_params={"q": "a b", "n": 3, "tags": ["x", "y"]}, headers={"X-A": "1"}, cookies={"s": "1", "t": "2"}
    )
    assert (found.name, found.suite, found.method) == ("json_bodies/one", "json_bodies", "POST")
    assert found.target == "/items?q=a+b&n=3&tags=x&tags=y"
    assert found.headers == (("X-A", "1"), ("Cookie", "s=1; t=2"))


@each_case(
    ("request_", "kind", "body"),
    [
        ({"body": {"a": "ü"}}, "application/json", '{"a": "ü"}'.encode()),
        ({"body": "plain", "headers": {"content-type": "text/plain"}}, "text/plain", b"plain"),
        ({"body_raw": "{bad", "headers": {"Content-Type": "application/json"}}, "application/json", b"{bad"),
        ({"data": {"a": "1", "b": ["x", "y"]}}, "application/x-www-form-urlencoded", b"a=1&b=x&b=y"),
        (
            {"body": {"a": "1"}, "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
            "application/x-www-form-urlencoded",
            b"a=1",
        ),
    ],
)
def test_bodies_go_as_their_type_says(request_: dict[str, Any], kind: str, body: bytes) -> None:
    found = made(**request_)
    assert [value for name, value in found.headers if name.lower() == "content-type"] == [kind]
    assert found.body == body
    assert found.declared_bytes == len(body)


def test_files_are_multipart_and_base64_is_decoded() -> None:
    files = [{"field_name": "f", "filename": "a.bin", "content": "AAE=", "content_encoding": "base64"}]
    found = made(files=files, data={"note": "n"})
    assert b'name="note"\r\n\r\nn\r\n' in found.body
    assert b'name="f"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n\x00\x01\r\n--' in found.body
    with pytest.raises(ValueError, match="no base64"):
        made(files=[{**files[0], "content": "A"}])


def test_status_body_and_headers_are_expected() -> None:
    found = made(expected={"status_code": 422, "body": {"detail": "no"}, "headers": {"x-a": "1"}}).exchange
    assert (found.status, found.answer, found.answer_headers, found.any_answer) == (
        422, {"detail": "no"}, (("x-a", "1"),), False,
    )  # fmt: skip
    assert made().exchange.any_answer
    assert made(expected={"status_code": 200, "body": "text"}).exchange.answer_text == "text"


def test_a_folder_is_read_in_order_and_what_is_broken_is_told(tmp_path: Path) -> None:
    good = {"request": {"method": "GET", "path": "/"}, "expected_response": {"status_code": 200}}
    (tmp_path / "cookies").mkdir()
    for path, text in {
        "b.json": json.dumps({"name": "b", **good}),
        "schema.json": "{}",
        "cookies/a.json": json.dumps({"name": "a", **good}),
        "cookies/same.json": json.dumps({"name": "a", **good}),
        "cookies/named.json": json.dumps({"name": "n", "category": "auth", **good}),
        "cookies/broken.json": "{",
        "cookies/lacking.json": json.dumps({"name": "x", "request": {"method": "GET", "path": "items"}}),
    }.items():
        (tmp_path / path).write_text(text, encoding="utf-8")
    found = load(tmp_path)
    assert [one.name for one in found.workloads] == ["unknown/b", "cookies/a", "auth/n"]
    assert [problem.partition(":")[0] for problem in found.problems] == ["broken.json", "lacking.json", "same.json"]
    assert "request.path" in found.problems[1]
    assert "expected_response" in found.problems[1]
    assert [one.name for one in load(tmp_path / "cookies" / "a.json").workloads] == ["unknown/a"]


def told(tmp_path: Path, request: str) -> str:
    """`request` is JSON: what a text of Python cannot hold can stand in a file."""
    text = f'{{"name": "one", "request": {request}, "expected_response": {{"status_code": 200}}}}'
    (tmp_path / "one.json").write_text(text, encoding="utf-8")
    (problem,) = load(tmp_path).problems
    return problem


@each_case(
    ("request_", "said"),
    [
        ('{"headers": {"X-A": "ü"}}', "request.headers.X-A: 'ü' cannot stand in a header: percent-encode"),
        ('{"headers": {"X-A": "a\\r\\nX-B: b"}}', "request.headers.X-A: 'a\\r\\nX-B: b' cannot stand in a header"),
        ('{"headers": {"X Ü": "a"}}', "request.headers.X Ü: 'X Ü' is no name of a header"),
        (
            '{"headers": {"cookie": "a=1"}, "cookies": {"b": "2"}}',
            "request: headers.cookie: cookies are there, too: write all",
        ),
        ('{"path": "/a?b=1"}', "request.path: '/a?b=1' has more than a path: write the query into query_params"),
        ('{"headers": {"host": "a"}}', "request.headers.host: host is set by the load tools: leave it out"),
        ('{"headers": {"Content-Length": "7"}, "body": 1}', "request.headers.Content-Length: '7', but the body has 1"),
        ('{"cookies": {"s": "ü"}}', "request.cookies.s: 'ü' cannot stand in a cookie: percent-encode"),
        ('{"cookies": {"s": "a; t=b"}}', "request.cookies.s: 'a; t=b' cannot stand in a cookie"),
        ('{"cookies": {"ü": "a"}}', "request.cookies.ü: 'ü' is no name of a header or cookie"),
        ('{"files": [{"field_name": "f", "content_type": "ü"}]}', "request.files.0.content_type: 'ü' cannot stand"),
        (
            '{"files": [{"field_name": "f", "content": "ü", "content_encoding": "base64"}]}',
            "request.files.0: the content of f is no base64",
        ),
        ('{"body": {"a": ["\\ud800"]}}', "request.body.a.0: '\\ud800' has half of a surrogate pair"),
        ('{"query_params": {"q": "\\udc00x"}}', "request.query_params.q: '\\udc00x' has half of a surrogate pair"),
    ],
)
def test_what_cannot_be_sent_is_refused_with_field_value_and_remedy(tmp_path: Path, request_: str, said: str) -> None:
    problem = told(tmp_path, '{"method": "POST", "path": "/", ' + request_[1:])
    assert problem.startswith(f"one.json: {said}")
    problem.encode()  # it goes into a result


def test_all_that_is_wrong_with_a_fixture_is_told_at_once(tmp_path: Path) -> None:
    problem = told(
        tmp_path, '{"method": "POST", "path": "x", "headers": {"Ü": "ü"}, "cookies": {"s": ";"}, "body": "\\ud800"}'
    )
    for place in (
        "request.path",
        "request.headers.Ü: 'Ü'",
        "request.headers.Ü: 'ü'",
        "request.cookies.s",
        "request.body",
    ):
        assert place in problem


def test_a_right_length_is_left_to_the_tools_and_names_of_files_are_quoted() -> None:
    assert made(body={}, headers={"content-length": "2"}).headers == (("Content-Type", "application/json"),)
    found = made(files=[{"field_name": 'a"b', "filename": "ü\r\n.txt"}])
    assert 'name="a%22b"; filename="ü%0D%0A.txt"'.encode() in found.body


def test_letters_of_all_languages_are_sent_where_they_can_be() -> None:
    found = made(path="/ü", query_params={"q": "ü"}, body="ü", expected={"status_code": 200, "headers": {"x-a": "ü"}})
    assert (found.target, found.body) == ("/%C3%BC?q=%C3%BC", '"ü"'.encode())
    assert found.exchange.answer_headers == (("x-a", "ü"),)
