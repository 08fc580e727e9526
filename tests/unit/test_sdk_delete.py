"""Deleting a run: asked again until it is gone, and an answer that was lost is no failure."""

from typing import Any

import httpx
import pytest
from benchfleet import exceptions

from tests.unit.sdk_network import Ask, Network, ok, refused

GOING_ON = ok({"message": "Run is being deleted"}, status=202)
GONE = refused(404, error="Run not found", code="run_not_found")
LOST = httpx.ReadTimeout("lost")


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


def delete(**how: Any) -> Any:
    return lambda client: client.delete_run("7", **how)


def test_it_returns_when_the_run_is_gone_and_asks_more_slowly_each_time(ask: Ask) -> None:
    network = Network(GOING_ON, GOING_ON, GOING_ON, GONE)
    ask(network, delete())
    assert network.paths == ["DELETE /runs/7"] * 4
    assert network.pauses_s == [0.5, 0.75, 1.125]


def test_pauses_have_a_bound(ask: Ask) -> None:
    network = Network(*[GOING_ON] * 12, GONE)
    ask(network, delete())
    assert network.pauses_s[-2:] == [10.0, 10.0]


def test_a_run_that_was_never_there_is_told(ask: Ask) -> None:
    with pytest.raises(exceptions.NotFound, match="run 7 does not exist"):
        ask(Network(GONE), delete())


def test_a_run_that_was_gone_before_its_answer_arrived_is_deleted(ask: Ask) -> None:
    network = Network(LOST, GONE)
    ask(network, delete())
    assert network.paths == ["DELETE /runs/7"] * 2


def test_a_run_that_is_not_over_is_a_conflict(ask: Ask) -> None:
    with pytest.raises(exceptions.Conflict, match="stop it first") as told:
        ask(Network(refused(409, error="Run 7 is still running: stop it first", code="run_not_over")), delete())
    assert (told.value.code, told.value.exit_code) == ("run_not_over", 5)


def test_it_waits_no_longer_than_asked(ask: Ask) -> None:
    network = Network(*[GOING_ON] * 9)
    with pytest.raises(exceptions.TimedOut, match="not gone after 2 s"):
        ask(network, delete(timeout_s=2))
    assert network.pauses_s == [0.5, 0.75, 0.75]


def test_without_waiting_it_returns_once_the_deletion_has_begun(ask: Ask) -> None:
    network = Network(GOING_ON)
    ask(network, delete(wait=False))
    assert network.pauses_s == []


def test_what_goes_wrong_while_waiting_is_told(ask: Ask) -> None:
    with pytest.raises(exceptions.AuthError):
        ask(Network(GOING_ON, refused(401, error="Unauthorized", code="unauthorized")), delete())


def test_a_run_whose_id_ends_in_json_is_no_other_run(ask: Ask) -> None:
    network = Network(GOING_ON)
    ask(network, lambda client: client.delete_run("a.json", wait=False))
    assert network.paths == ["DELETE /runs/a.json.json"]
