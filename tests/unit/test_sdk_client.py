"""Both clients over a network that is a function: what is sent, what is repeated, what is read."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from benchfleet import AsyncClient, Client, __version__, exceptions
from benchfleet_contract.names import correlation_of

from tests.each_case import each_case
from tests.unit.sdk_network import KEY, NOW_S, Answer, Ask, Json, Network, detail, ok, refused, task

CREATED: Json = {"run_id": "7", "tasks_created": 0, "tasks": [], "warnings": []}
LOST = httpx.ReadTimeout("lost")


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


def create(config: Json) -> Any:
    return lambda client: client.create_run(config)


@each_case(
    ("question", "request_line", "answer"),
    [
        (lambda c: c.up(), "GET /up", httpx.Response(200, text="fine")),
        (lambda c: c.whoami(), "GET /whoami", ok({"role": "admin", "key_id": "abc", "may": ["read"]})),
        (lambda c: c.create_run({"run_id": "7"}), "POST /runs", ok(CREATED, status=201)),
        (lambda c: c.run("7"), "GET /runs/7", ok(detail())),
        (
            lambda c: c.summary("7"),
            "GET /runs/7/summary",
            ok({"run_id": "7", "by": [], "tasks": 0, "boards": [], "omitted": []}),
        ),
        (lambda c: c.runs(), "GET /runs", ok({"runs": []})),
        (lambda c: c.tasks("7"), "GET /runs/7/tasks", ok({"run_id": "7", "tasks": []})),
        (lambda c: c.task("7.1"), "GET /tasks/7.1", ok(task(1))),
        (lambda c: c.runners("7"), "GET /runs/7/runners", ok({"run_id": "7", "runners": []})),
        (
            lambda c: c.task_files("7.1"),
            "GET /tasks/7.1/files",
            ok({"result_url": None, "error_url": None, "expires_at": "2026-01-01T00:00:00Z"}),
        ),
        (lambda c: c.stop_run("7"), "POST /runs/7/stop", ok({"message": "ok"})),
        (lambda c: c.delete_run("7", wait=False), "DELETE /runs/7", ok({"message": "ok"}, status=202)),
        (lambda c: c.schedules(), "GET /schedules", ok({"schedules": []})),
        (lambda c: c.delete_schedule("7", wait=False), "DELETE /schedules/7", ok({"message": "ok"}, status=202)),
        (
            lambda c: c.run_schedule_now("7"),
            "POST /schedules/7/run-now",
            ok({"scheduled_at": "2026-01-01T00:00:00Z", "by": "run-now", "state": "due"}, status=202),
        ),
    ],
)
def test_each_operation_is_one_request_with_key_and_name(
    ask: Ask, question: Any, request_line: str, answer: httpx.Response
) -> None:
    network = Network(answer)
    ask(network, question)
    assert network.paths == [request_line]
    headers = network.requests[0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["User-Agent"] == f"benchfleet/{__version__}"
    assert headers["Benchfleet-Codes"] == "1"
    assert correlation_of(headers["Benchfleet-Correlation-Id"])


def test_what_is_read_has_its_type(ask: Ask) -> None:
    network = Network(ok(detail("completed", "ready")))
    found = ask(network, lambda client: client.run("7"))
    assert (found.status, found.archive.state) == ("completed", "ready")


def test_sends_no_header_without_a_key(ask: Ask) -> None:
    network = Network(ok(CREATED))
    ask(network, create({}), key=None)
    assert "Authorization" not in network.requests[0].headers


def test_a_path_of_the_url_stays_in_front(ask: Ask) -> None:
    network = Network(ok(detail()))
    ask(network, lambda client: client.run("7"), url="https://api.test/prod/")
    assert str(network.requests[0].url) == "https://api.test/prod/runs/7"


def test_pages_follow_the_cursor_and_keep_the_filters(ask: Ask) -> None:
    pages = [{"run_id": "7", "tasks": [task(1)], "next_cursor": "a b"}, {"run_id": "7", "tasks": [task(2)]}]
    network = Network(*map(ok, pages))
    found = ask(network, lambda client: client.tasks("7", provider="aws", instance_type="c8g.medium", status="failed"))
    assert [item.id for item in found] == ["7.1", "7.2"]
    filters = {"provider": "aws", "instance_type": "c8g.medium", "status": "failed"}
    assert [dict(request.url.params) for request in network.requests] == [filters, {**filters, "cursor": "a b"}]


def test_runs_follow_the_cursor(ask: Ask) -> None:
    item = {"status": "running", "ruby_version": None, "created_at": "2026-01-01T00:00:00Z", "workload": "mock"}
    pages = [{"runs": [{"run_id": "8", **item}], "next_cursor": "x"}, {"runs": [{"run_id": "7", **item}]}]
    found = ask(Network(*map(ok, pages)), lambda client: client.runs())
    assert [run.run_id for run in found] == ["8", "7"]


def test_a_page_is_asked_for_when_it_is_needed() -> None:
    network = Network(ok({"run_id": "7", "tasks": [task(1)], "next_cursor": "2"}))
    with Client("http://api.test", transport=httpx.MockTransport(network)) as client:
        assert next(client.tasks("7")).id == "7.1"
    assert len(network.requests) == 1


def test_the_blocking_client_works_where_a_loop_runs() -> None:
    """In a notebook, say."""
    network = Network(ok(detail()), ok({"run_id": "7", "tasks": [task(1), task(2)]}))

    async def cell() -> list[str]:
        with Client("http://api.test", transport=httpx.MockTransport(network)) as client:
            first = next(iter(client.tasks(client.run("7").run_id)))
            return [first.id]

    assert asyncio.run(cell()) == ["7.1"]


def test_a_read_survives_drops_and_a_busy_server(ask: Ask) -> None:
    network = Network(httpx.ConnectError("refused"), refused(500), refused(503), LOST, ok(detail()))
    ask(network, lambda client: client.run("7"))
    assert network.pauses_s == [0.5, 1.0, 2.0, 4.0]


@each_case(
    ("value", "pause_s"),
    [("3", 3.5), ("Tue, 14 Nov 2023 22:13:27 GMT", 7.5), ("Tue, 14 Nov 2023 22:00:00 GMT", 0.5), ("soon", 0.5)],
)
def test_retry_after_is_honoured_in_both_its_forms(ask: Ask, value: str, pause_s: float) -> None:
    assert NOW_S == 1_700_000_000  # 22:13:20
    network = Network(refused(503, headers={"Retry-After": value}), ok(detail()))
    ask(network, lambda client: client.run("7"))
    assert network.pauses_s == [pause_s]


def test_who_is_asked_to_wait_for_long_hears_of_it(ask: Ask) -> None:
    network = Network(refused(429, headers={"Retry-After": "3600"}, error="Slow down"))
    with pytest.raises(exceptions.ServerError, match="Slow down") as raised:
        ask(network, lambda client: client.run("7"))
    assert raised.value.retry_after_s == 3600
    assert network.pauses_s == []


def test_patience_ends(ask: Ask) -> None:
    network = Network(*[httpx.ReadTimeout("slow")] * 6)
    with pytest.raises(exceptions.Unreachable, match=r"no answer from http://api.test/runs/7: slow"):
        ask(network, lambda client: client.run("7"))
    assert network.now_s == 15.5


def test_a_lost_answer_to_a_nameless_create_is_not_sent_again(ask: Ask) -> None:
    network = Network(LOST)
    with pytest.raises(exceptions.Unreachable):
        ask(network, create({"workload": "mock"}))
    assert len(network.requests) == 1


@each_case("trouble", [LOST, refused(500), refused(503)])
def test_a_named_create_is_sent_again(ask: Ask, trouble: Exception | httpx.Response) -> None:
    network = Network(trouble, ok(CREATED, status=201))
    ask(network, create({"run_id": "7"}))
    assert len({request.content for request in network.requests}) == 1
    assert len(network.requests) == 2


@each_case("trouble", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), refused(429)])
def test_what_never_reached_the_api_is_sent_again_whatever_it_is(ask: Ask, trouble: Exception | httpx.Response) -> None:
    network = Network(trouble, ok(CREATED, status=201))
    ask(network, create({"workload": "mock"}))
    assert len(network.requests) == 2


def test_a_refusal_is_never_repeated(ask: Ask) -> None:
    network = Network(refused(400, error="no"))
    with pytest.raises(exceptions.InvalidRequest):
        ask(network, create({"run_id": "7"}))
    assert len(network.requests) == 1


def not_running() -> httpx.Response:
    return refused(422, error="Run is not running", code="run_not_running")


def test_a_stop_whose_answer_was_lost_is_a_stop(ask: Ask) -> None:
    ask(Network(LOST, not_running()), lambda client: client.stop_run("7"))


@each_case("before", [(), (httpx.ConnectError("refused"),), (refused(429),)])
def test_a_run_that_had_ended_cannot_be_stopped(ask: Ask, before: tuple[Answer, ...]) -> None:
    with pytest.raises(exceptions.Conflict, match="Run is not running"):
        ask(Network(*before, not_running()), lambda client: client.stop_run("7"))


@each_case("run_id", ["", "..", "a/b", "a?b", "ä", "-x", " "])
def test_no_request_is_made_for_what_is_no_run(ask: Ask, run_id: str) -> None:
    for question in (
        lambda client: client.run(run_id),
        lambda client: client.tasks(run_id),
        lambda client: client.stop_run(run_id),
        lambda client: client.wait(run_id, timeout_s=1),
    ):
        with pytest.raises(exceptions.UsageError, match="invalid run id"):
            ask(Network(), question)


@each_case("task_id", ["7", "7.", "7.0", "7.x", "/7.1"])
def test_no_request_is_made_for_what_is_no_task(ask: Ask, task_id: str) -> None:
    with pytest.raises(exceptions.UsageError, match="invalid task id"):
        ask(Network(), lambda client: client.task(task_id))


@each_case("config", [{"deadline_s": float("nan")}, {"when": object()}])
def test_a_config_that_is_no_json_is_told(ask: Ask, config: Json) -> None:
    with pytest.raises(exceptions.UsageError, match="POST /runs cannot be written as JSON"):
        ask(Network(), create(config))


@each_case("kind", [Client, AsyncClient])
@each_case("url", ["", "api.test", "ftp://api.test", "http://", "http://api.test?x=1", "http://a:b:c"])
def test_a_url_that_cannot_be_meant(kind: type[Client], url: str) -> None:
    with pytest.raises(exceptions.UsageError, match="the API's URL"):
        kind(url)


@each_case("kind", [Client, AsyncClient])
def test_a_key_in_the_url_is_refused_and_not_shown(kind: type[Client]) -> None:
    with pytest.raises(exceptions.UsageError, match="pass the key") as raised:
        kind("http://user:hidden@api.test")
    assert "hidden" not in str(raised.value)


@each_case("key", ["hid den", "hidden\n", "hidden\r\nX: y", "hiddén"])
@each_case("kind", [Client, AsyncClient])
def test_a_key_that_no_header_carries_is_refused_and_not_shown(kind: type[Client], key: str) -> None:
    with pytest.raises(exceptions.UsageError, match="API key") as raised:
        kind("http://api.test", key=key)
    assert "hid" not in str(raised.value)


def test_the_key_is_in_no_log_no_repr_and_no_error(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []

    def question(client: Any) -> Any:
        shown.append(repr(client) + repr(vars(client)))
        return client.run("7")

    with pytest.raises(exceptions.Unreachable) as raised:
        ask(Network(refused(500), *[httpx.ReadError("broken")] * 5), question)
    chain = repr(raised.getrepr(showlocals=False)) + repr(raised.value.__cause__)
    assert "http://api.test" in shown[0]
    assert caplog.text
    assert KEY not in caplog.text + "".join(shown) + chain


@each_case("error", [httpx.ReadTimeout("slow"), refused(503), refused(429)])
def test_without_repeats_everything_is_sent_once(error: Any) -> None:
    network = Network(error, ok(detail()))
    with Client("http://api.test", repeats=False, transport=httpx.MockTransport(network)) as client:
        with pytest.raises((exceptions.Unreachable, exceptions.ServerError)):
            client.run("7")
        assert len(network.requests) == 1
        assert client.run("7").run_id == "7"
