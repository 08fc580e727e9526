"""What stands around each call of a function: ids from the request to the log, the response and the queue."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from benchfleet_contract.names import CORRELATION_HEADER
from chalice.app import Chalice
from chalice.test import Client

from chalicelib.correlation import continued, served, serving, stamped
from chalicelib.watching import watched

SEEN: list[dict[str, str]] = []


@pytest.fixture
def client() -> Iterator[Client]:
    app = Chalice(app_name="watched")
    app.register_middleware(watched, "all")

    @app.route("/runs/{run_id}", methods=["GET", "DELETE"])
    def run(run_id: str) -> dict[str, str]:
        SEEN.append(dict(served()))
        return {}

    @app.route("/tasks/{task_id}/heartbeat", methods=["POST"])
    def beat(task_id: str) -> dict[str, str]:
        SEEN.append(dict(served()))
        return {}

    @app.schedule("rate(1 minute)")
    def sweep(event: Any) -> None:
        SEEN.append(dict(served()))

    SEEN.clear()
    with Client(app) as made:
        yield made


def test_a_request_is_logged_under_the_id_that_it_brings_and_is_answered_with_it(client: Client) -> None:
    response = client.http.get("/runs/r", headers={CORRELATION_HEADER: "ci-job:7"})
    assert response.headers[CORRELATION_HEADER] == "ci-job:7"
    assert (SEEN[0]["correlation_id"], SEEN[0]["run_id"]) == ("ci-job:7", "r")
    assert served() == {}


@pytest.mark.parametrize("brought", ["", "x" * 65, "a b", "a\nINFO forged", "-x", 'a"b', "ä"])
def test_an_id_that_could_spoil_a_log_is_replaced_by_our_own(client: Client, brought: str) -> None:
    response = client.http.get("/runs/r", headers={CORRELATION_HEADER: brought})
    assert response.headers[CORRELATION_HEADER] == SEEN[0]["correlation_id"]
    assert SEEN[0]["correlation_id"] not in ("", brought)


def test_what_is_said_of_a_task_is_found_under_its_run(client: Client) -> None:
    client.http.post("/tasks/my.run.12/heartbeat")
    assert SEEN[0]["run_id"] == "my.run"


def test_an_event_has_the_id_that_lambda_gave_it(client: Client) -> None:
    client.lambda_.invoke("sweep", client.events.generate_cw_event("s", "t", {}, ["r"]))
    assert SEEN[0]["correlation_id"] == SEEN[0]["request_id"]


def test_a_change_has_a_line_and_what_runners_say_all_the_time_has_none(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="chalicelib.watching"):
        client.http.post("/tasks/r.1/heartbeat")
        client.http.get("/runs/r")
        client.http.delete("/runs/r?key=secret")
    assert [record.getMessage() for record in caplog.records] == ["DELETE /runs/{run_id}: 200"]


def test_a_message_goes_on_under_the_id_of_what_sent_it() -> None:
    with serving(correlation_id="c-1"):
        sent = stamped({"run_id": "r"})
    assert sent == {"run_id": "r", "correlation_id": "c-1"}
    with serving(**continued(json.loads(json.dumps(sent)))):
        assert served() == {"correlation_id": "c-1", "run_id": "r"}
        assert stamped({"run_id": "r"}) == sent
    assert stamped({"run_id": "r"}) == {"run_id": "r"}


def test_a_message_of_an_older_version_or_of_nobody_of_ours_keeps_the_id_of_the_event() -> None:
    with serving(correlation_id="event"):
        for message in ({"run_id": "r"}, {"run_id": 7, "correlation_id": ["x"]}, {"correlation_id": "a b"}):
            with serving(**continued(message)):
                assert served()["correlation_id"] == "event"
