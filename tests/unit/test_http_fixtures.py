"""Functional tests as workloads: everything of their request is sent, everything that they expect is checked."""

import json
from pathlib import Path
from typing import Any

import pytest

from runner_image.workloads.http.contract.fixtures import Fixture, load, workload
from runner_image.workloads.http.contract.workload import HttpWorkload


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


@pytest.mark.parametrize(
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
        (tmp_path / path).write_text(text)
    found = load(tmp_path)
    assert [one.name for one in found.workloads] == ["unknown/b", "cookies/a", "auth/n"]
    assert [problem.partition(":")[0] for problem in found.problems] == ["broken.json", "lacking.json", "same.json"]
    assert "request.path" in found.problems[1]
    assert "expected_response" in found.problems[1]
    assert [one.name for one in load(tmp_path / "cookies" / "a.json").workloads] == ["unknown/a"]
