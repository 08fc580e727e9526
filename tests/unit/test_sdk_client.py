"""The client over a network that is a function: what is repeated, and what a refusal becomes."""

from functools import partial
from typing import Any

import httpx
import pytest
from benchfleet import exceptions
from benchfleet._transport import Transport
from benchfleet.client import Client

CREATED = {"run_id": "7", "tasks_created": 0, "tasks": [], "warnings": []}


class Network:
    """Answers each request with the next of `answers`; an exception among them is raised. Keeps what it was sent."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses_s: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, *, key: str | None = "secret") -> Client:
        make = partial(Transport, transport=httpx.MockTransport(self), sleep=self.pauses_s.append)
        return Client("http://api.test", key=key, make_transport=make)


def error(status: int, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body)


def task(number: int) -> dict[str, Any]:
    absent = (
        "instance_type_alias runner_id claimed_at heartbeat_at heartbeat_status heartbeat_message current_benchmark "
        "progress_pct error_type error_message failure_class reason lease_until ended_at result_key error_key"
    )
    known = {"id": f"7.{number}", "provider": "local", "instance_type": "box", "run_number": number}
    return known | {"status": "pending", "attempt": 0, "max_attempts": 1} | dict.fromkeys(absent.split())


def test_sends_the_key_as_a_bearer() -> None:
    network = Network(httpx.Response(201, json=CREATED))
    with network.client() as client:
        assert client.create_run({"workload": "mock"}).run_id == "7"
    assert network.requests[0].headers["Authorization"] == "Bearer secret"


def test_sends_no_header_without_a_key() -> None:
    network = Network(httpx.Response(201, json=CREATED))
    with network.client(key=None) as client:
        client.create_run({})
    assert "Authorization" not in network.requests[0].headers


def test_a_read_survives_drops_and_a_busy_server() -> None:
    busy = httpx.Response(503, headers={"Retry-After": "3"})
    empty = httpx.Response(200, json={"run_id": "7", "tasks": []})
    network = Network(httpx.ConnectError("refused"), busy, empty)
    with network.client() as client:
        assert list(client.tasks("7")) == []
    assert network.pauses_s == [0.2, 3.0]


def test_patience_ends() -> None:
    network = Network(*[httpx.ReadTimeout("slow")] * 6)
    with network.client() as client, pytest.raises(exceptions.Unreachable, match=r"http://api.test/runs/7"):
        client.run("7")


def test_a_lost_answer_to_a_nameless_create_is_not_sent_again() -> None:
    network = Network(httpx.ReadTimeout("lost"))
    with network.client() as client, pytest.raises(exceptions.Unreachable):
        client.create_run({"workload": "mock"})
    assert len(network.requests) == 1


def test_a_lost_answer_to_a_named_create_is() -> None:
    network = Network(httpx.ReadTimeout("lost"), httpx.Response(201, json=CREATED))
    with network.client() as client:
        client.create_run({"run_id": "7"})
    assert len(network.requests) == 2


def test_tasks_follow_the_cursor() -> None:
    pages = [{"run_id": "7", "tasks": [task(1)], "next_cursor": "a b"}, {"run_id": "7", "tasks": [task(2)]}]
    network = Network(*[httpx.Response(200, json=page) for page in pages])
    with network.client() as client:
        assert [found.id for found in client.tasks("7")] == ["7.1", "7.2"]
    assert network.requests[1].url.params["cursor"] == "a b"


@pytest.mark.parametrize(
    ("answer", "kind", "exit_code", "words"),
    [
        (error(401, error="Unauthorized"), exceptions.AuthError, 4, "Unauthorized"),
        (error(403, error="Forbidden", code="forbidden"), exceptions.AuthError, 4, "Forbidden"),
        (error(400, error=["a is wrong", "b too"]), exceptions.InvalidRequest, 5, "a is wrong; b too"),
        (error(409, error="another body"), exceptions.InvalidRequest, 5, "another body"),
        (error(404, error="Run not found"), exceptions.ApiError, 3, "Run not found"),
        (httpx.Response(500, text="<html>"), exceptions.ApiError, 3, "HTTP 500"),
        (httpx.Response(200, text="<html>"), exceptions.ApiError, 3, "not JSON"),
        (httpx.Response(200, json={"run_id": 7}), exceptions.ApiError, 3, "no RunDetail"),
    ],
)
def test_refusals(answer: httpx.Response, kind: type[exceptions.ApiError], exit_code: int, words: str) -> None:
    with Network(answer).client() as client, pytest.raises(kind, match=words) as refused:
        client.run("7")
    assert refused.value.exit_code == exit_code
