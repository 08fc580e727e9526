"""wrk, run for real against servers that answer rightly and wrongly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchfleet_contract.http_results import Resources

from runner_image.workloads.http.load.checks import of_saturation
from runner_image.workloads.http.load.driver import Missing, Request, Saturation, Target, ToolFailed, Version
from runner_image.workloads.http.load.wrk import Wrk
from runner_image.workloads.http.measure import wrong
from tests.integration.http.load_parts import slot_commands
from tests.integration.http.loaded_server import BODY, loaded_server
from tests.variants import one_now

pytestmark = pytest.mark.system

RIGHT = Request("GET", "/ok", response_bytes=len(BODY), response_body=BODY)


@pytest.fixture
def wrk(tmp_path: Path) -> Iterator[Wrk]:
    with slot_commands(tmp_path) as commands:
        yield Wrk(commands)


def loaded(wrk: Wrk, request: Request, *, keep_alive: bool = True, dies_after: int | None = None) -> Saturation:
    with loaded_server(dies_after=dies_after) as server:
        return wrk.saturate(Target(server.port), request, connections=4, duration_s=1, keep_alive=keep_alive)


@pytest.mark.needs_load_tools
def test_right_answers_are_counted_and_timed(wrk: Wrk) -> None:
    found = loaded(wrk, RIGHT)
    assert found.ok == found.requests == found.by_class["2xx"] > 20
    assert (found.wrong_body, sum(found.errors.values())) == (0, 0)
    assert found.rps == pytest.approx(found.ok / found.duration_s)
    assert found.in_flight is not None
    assert 0.5 < found.in_flight <= 4.1
    assert found.starved == 0
    assert found.client_cpu_s is not None
    assert 0 < found.client_cpu_s < found.duration_s * 1.2


@pytest.mark.needs_load_tools
@pytest.mark.parametrize("keep_alive", [True, False])
def test_connections_are_kept_or_not(wrk: Wrk, keep_alive: bool) -> None:
    with loaded_server() as server:
        found = wrk.saturate(Target(server.port), RIGHT, connections=4, duration_s=1, keep_alive=keep_alive)
        assert found.ok > 20
        assert (server.connections <= 5) is keep_alive
        assert (server.connections >= found.ok) is not keep_alive


@pytest.mark.needs_load_tools
def test_the_server_gets_the_whole_request(wrk: Wrk) -> None:
    request = Request("POST", "/echo?q=a%20b", (("X-Odd", 'a"b]]\\c'),), b'{"a": "\x00\xff\n"}')
    with loaded_server() as server:
        assert wrk.saturate(Target(server.port), request, connections=1, duration_s=1).ok > 0
        head, _, body = server.seen["/echo"].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /echo?q=a%20b HTTP/1.1\r\n")
    assert b'\r\nX-Odd: a"b]]\\c' in head
    assert body == request.body


@pytest.mark.needs_load_tools
@pytest.mark.parametrize(
    ("path", "of_class"), one_now(("/created", "2xx"), ("/500", "5xx"), ("/404", "4xx"), ("/302", "3xx"))
)
def test_other_statuses_are_never_right(wrk: Wrk, path: str, of_class: str) -> None:
    found = loaded(wrk, Request(path=path))
    assert (found.ok, found.rps) == (0, 0)
    assert found.by_class[of_class] == found.requests > 20


@pytest.mark.needs_load_tools
@pytest.mark.parametrize("path", one_now("/other", "/short"))
def test_wrong_bodies_are_never_right(wrk: Wrk, path: str) -> None:
    found = loaded(wrk, Request(path=path, response_bytes=len(BODY), response_body=BODY))
    assert found.ok == 0
    assert found.wrong_body == found.requests > 20


@pytest.mark.needs_load_tools
@pytest.mark.parametrize("path", one_now("/twice-later", "/twice", "/twice-chunked"))
def test_answers_that_nobody_asked_for_are_errors(wrk: Wrk, path: str) -> None:
    found = loaded(wrk, Request(path=path, response_bytes=len(BODY), response_body=BODY))
    assert found.errors["read"] > 0  # how many depends on which of the two answers a busy machine sends together
    assert wrong(found.ok, found.requests, found.errors)


@pytest.mark.needs_load_tools
def test_half_a_body_is_an_error(wrk: Wrk) -> None:
    found = loaded(wrk, Request(path="/half"))
    assert (found.requests, found.in_flight) == (0, None)
    assert found.errors["read"] > 0


@pytest.mark.needs_load_tools
def test_a_server_that_never_answers_has_no_rate(wrk: Wrk) -> None:
    found = loaded(wrk, Request(path="/hang"))
    assert (found.requests, found.rps, found.in_flight) == (0, 0, None)


@pytest.mark.needs_load_tools
def test_a_server_that_dies_is_seen_by_its_errors(wrk: Wrk) -> None:
    found = loaded(wrk, RIGHT, dies_after=50)
    assert 0 < found.ok < 60
    assert sum(found.errors.values()) > 0


@pytest.mark.needs_load_tools
def test_a_connection_that_is_never_answered_is_seen_beside_others_that_are(wrk: Wrk) -> None:
    with loaded_server(starves=3) as server:
        found = wrk.saturate(Target(server.port), RIGHT, connections=4, duration_s=2)
    assert found.ok == found.requests > 20
    assert (found.starved, sum(found.errors.values())) == (1, 0)
    assert "1 or more of 4 connections got no answer" in " ".join(of_saturation(found, Resources()))


@pytest.mark.needs_load_tools
def test_where_nothing_listens_nothing_is_answered(wrk: Wrk) -> None:
    found = wrk.saturate(Target(1), RIGHT, connections=4, duration_s=1)
    assert (found.ok, found.errors["connect"]) == (0, 4)


@pytest.mark.needs_load_tools
def test_its_version_is_told(wrk: Wrk) -> None:
    found = wrk.probe()
    assert isinstance(found, Version)
    assert found.version[0].isdigit()


def test_a_missing_tool_says_what_to_install(tmp_path: Path) -> None:
    with slot_commands(tmp_path) as commands:

        class Gone(Wrk):
            name = "wrk-that-is-not-here"

        gone = Gone(commands)
        missing = gone.probe()
        assert isinstance(missing, Missing)
        assert "apt-get install wrk" in str(missing)
        with pytest.raises(ToolFailed, match="apt-get install wrk"):
            gone.saturate(Target(1), RIGHT, connections=1, duration_s=1)
