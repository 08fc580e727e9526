"""h2load, run for real against servers that answer rightly and wrongly."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner_image.workloads.http.load.driver import Request, Saturation, Target, ToolFailed, Version
from runner_image.workloads.http.load.h2load import H2load
from runner_image.workloads.http.measure import wrong
from tests.integration.http.load_parts import slot_commands
from tests.integration.http.loaded_server import BODY, loaded_server
from tests.variants import one_now

pytestmark = [pytest.mark.system, pytest.mark.needs_load_tools]
RIGHT = Request("GET", "/ok", (("X-A", "b"),), response_bytes=len(BODY))


@pytest.fixture
def h2load(tmp_path: Path) -> Iterator[H2load]:
    with slot_commands(tmp_path) as commands:
        yield H2load(commands)


def loaded(h2load: H2load, path: str, *, dies_after: int | None = None) -> Saturation:
    with loaded_server(dies_after=dies_after) as server:
        request = Request(path=path, response_bytes=len(BODY))
        return h2load.saturate(Target(server.port), request, connections=4, duration_s=1)


def test_right_answers_are_counted_and_timed(h2load: H2load) -> None:
    found = loaded(h2load, "/ok")
    assert found.ok == found.requests == found.by_class["2xx"] > 20
    assert (found.wrong_body, sum(found.errors.values())) == (0, 0)
    assert found.in_flight is not None
    assert 0.5 < found.in_flight <= 4.5
    assert found.client_cpu_s
    assert found.starved == 0


def test_the_server_gets_the_whole_request(h2load: H2load) -> None:
    with loaded_server() as server:
        request = Request("POST", "/echo?a=b", RIGHT.headers, b"\x00\xff\n")
        assert h2load.saturate(Target(server.port), request, connections=1, duration_s=1).ok > 0
        head, _, body = server.seen["/echo"].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /echo?a=b HTTP/1.1\r\n")
    assert b"\r\nx-a: b" in head.lower()
    assert body == request.body


def test_other_statuses_are_never_right(h2load: H2load) -> None:
    found = loaded(h2load, "/500")
    assert (found.ok, found.by_class["5xx"]) == (0, found.requests)
    assert found.requests > 20


def test_wrong_bodies_are_never_right(h2load: H2load) -> None:
    found = loaded(h2load, "/short")
    assert found.ok == 0
    assert found.wrong_body == found.requests > 20


@pytest.mark.parametrize("path", one_now("/half", "/hang"))
def test_a_server_that_never_answers_whole_has_no_rate(h2load: H2load, path: str) -> None:
    found = loaded(h2load, path)
    assert (found.ok, found.rps) == (0, 0)


def test_a_server_that_dies_is_seen_by_its_errors(h2load: H2load) -> None:
    found = loaded(h2load, "/ok", dies_after=50)
    assert 0 < found.ok < 60
    assert sum(found.errors.values()) > 0
    assert found.rps < 60 / found.duration_s  # over the whole time, not until its death


@pytest.mark.parametrize("path", one_now("/twice-later", "/twice", "/twice-chunked"))
def test_answers_that_nobody_asked_for_are_errors(h2load: H2load, path: str) -> None:
    found = loaded(h2load, path)
    assert wrong(found.ok, found.requests, found.errors)


def test_a_connection_that_is_never_answered_is_seen_beside_others_that_are(h2load: H2load) -> None:
    with loaded_server(starves=3) as server:
        found = h2load.saturate(Target(server.port), RIGHT, connections=4, duration_s=1)
    assert (found.starved, sum(found.errors.values())) == (1, 0)
    assert found.ok > 20


def test_where_nothing_listens_nothing_is_answered_although_it_exits_with_0(h2load: H2load) -> None:
    found = h2load.saturate(Target(1), RIGHT, connections=4, duration_s=1)
    assert (found.ok, found.errors["connect"]) == (0, 4)


def test_what_it_cannot_do_is_said(h2load: H2load) -> None:
    with pytest.raises(ToolFailed, match="keep-alive off"):
        h2load.saturate(Target(1), RIGHT, connections=4, duration_s=1, keep_alive=False)
    with pytest.raises(ToolFailed, match="DELETE"):
        h2load.saturate(Target(1), Request("DELETE"), connections=4, duration_s=1)
    with pytest.raises(ToolFailed, match="PUT"):
        h2load.saturate(Target(1), Request("PUT", body=b"{}"), connections=4, duration_s=1)
    assert isinstance(h2load.probe(), Version)
