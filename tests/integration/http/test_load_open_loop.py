"""The open-loop generator as a process, against servers that answer rightly and wrongly. No time is asserted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner_image.workloads.http.load.driver import Latency, Request, Target, Version
from runner_image.workloads.http.load.own import OpenLoop
from tests.integration.http.load_parts import slot_commands
from tests.integration.http.loaded_server import BODY, loaded_server
from tests.variants import one_now

RATE, DURATION_S = 100, 0.5
DUE = 50


@pytest.fixture
def generator(tmp_path: Path) -> Iterator[OpenLoop]:
    with slot_commands(tmp_path) as commands:
        yield OpenLoop(commands, drain_s=0.3)


def loaded(
    generator: OpenLoop, path: str, *, keep_alive: bool = True, dies_after: int | None = None, connections: int = 4
) -> tuple[Latency, int]:
    """What it tells, and how many connections the server saw."""
    request = Request(path=path, response_bytes=len(BODY), response_body=BODY)
    with loaded_server(dies_after=dies_after) as server:
        found = generator.open_loop(
            Target(server.port),
            request,
            rate=RATE,
            duration_s=DURATION_S,
            connections=connections,
            keep_alive=keep_alive,
        )
        return found, server.connections


@pytest.mark.parametrize("path", one_now("/chunked", "/ok"))
def test_every_request_is_sent_once_and_timed(generator: OpenLoop, path: str) -> None:
    found, connections = loaded(generator, path)
    assert (found.intended, found.sent, found.completed, found.ok, found.unanswered) == (DUE, DUE, DUE, DUE, 0)
    assert connections == 4
    assert found.offered == RATE
    assert (found.response.count, found.service.count, found.dispatch_lag.count) == (DUE, DUE, DUE)
    assert found.response.mean is not None
    assert found.service.mean is not None
    assert found.response.mean >= found.service.mean > 0
    assert found.client_cpu_s


def test_without_keep_alive_each_request_has_its_connection(generator: OpenLoop) -> None:
    found, connections = loaded(generator, "/ok", keep_alive=False)
    assert (found.ok, connections) == (DUE, DUE)


@pytest.mark.parametrize(("path", "of_class"), one_now(("/created", "2xx"), ("/500", "5xx"), ("/404", "4xx")))
def test_other_statuses_are_counted_and_not_timed(generator: OpenLoop, path: str, of_class: str) -> None:
    found, _ = loaded(generator, path)
    assert (found.by_class[of_class], found.ok, found.achieved, found.response.p50) == (DUE, 0, 0, None)


@pytest.mark.parametrize("path", one_now("/other", "/short"))
def test_wrong_bodies_are_counted_and_not_timed(generator: OpenLoop, path: str) -> None:
    found, _ = loaded(generator, path)
    assert (found.wrong_body, found.ok, found.response.p50) == (DUE, 0, None)


def test_half_bodies_are_errors(generator: OpenLoop) -> None:
    found, _ = loaded(generator, "/half")
    assert (found.errors["read"], found.completed) == (DUE, 0)


@pytest.mark.parametrize("path", one_now("/twice-chunked", "/twice"))
def test_two_answers_to_one_request_are_an_error(generator: OpenLoop, path: str) -> None:
    found, _ = loaded(generator, path)
    assert (found.errors["read"], found.ok) == (DUE, 0)


def test_an_answer_that_nobody_asked_for_is_an_error_when_it_comes_later_too(generator: OpenLoop) -> None:
    found, connections = loaded(generator, "/twice-later")
    assert found.ok <= DUE
    assert found.errors["read"] > DUE / 2  # some fall together with the next request, and are taken for its answer
    assert connections > DUE / 2  # its connection is not used again


def test_it_goes_on_sending_while_nothing_is_answered(generator: OpenLoop) -> None:
    found, _ = loaded(generator, "/hang")
    assert (found.sent, found.max_queue, found.unanswered, found.completed) == (4, DUE - 4, DUE, 0)
    assert found.errors["timeout"] == 4
    assert found.dispatch_lag.count == DUE


def test_a_server_that_dies_leaves_its_requests_unanswered(generator: OpenLoop) -> None:
    found, _ = loaded(generator, "/ok", dies_after=20)
    assert found.ok < 20
    assert found.errors["connect"] > 0
    assert found.ok + found.errors["read"] + found.unanswered == DUE


def test_where_nothing_listens_nothing_is_answered(generator: OpenLoop) -> None:
    found = generator.open_loop(Target(1), Request(), rate=RATE, duration_s=0.2, connections=2)
    assert (found.sent, found.ok, found.unanswered) == (0, 0, 20)
    assert found.errors["connect"] > 0


def test_its_version_is_told(generator: OpenLoop) -> None:
    assert isinstance(generator.probe(), Version)
