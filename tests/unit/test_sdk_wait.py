"""Waiting for a run: politely, through an outage, and no longer than was allowed."""

from typing import Any

import httpx
import pytest
from benchfleet import WaitProgress, exceptions
from benchfleet.api.pacing import FIRST_PAUSE_S, LONGEST_PAUSE_S

from tests.each_case import each_case
from tests.unit.sdk_network import Answer, Ask, Network, detail, ok, refused

DOWN = httpx.ConnectError("refused")


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


class Forever(Network):
    """The last answer stays."""

    def answer(self, request: httpx.Request) -> Answer:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


def wait(timeout_s: float | None = 600.0, **more: Any) -> Any:
    return lambda client: client.wait("7", timeout_s=timeout_s, **more)


def test_waits_for_the_archive_and_not_only_for_the_tasks(ask: Ask) -> None:
    stages = [("running", "none"), ("running", "building"), ("completed", "building"), ("completed", "ready")]
    network = Network(*[ok(detail(*stage)) for stage in stages])
    assert ask(network, wait()).archive.state == "ready"
    assert network.pauses_s == [FIRST_PAUSE_S] * 3  # each look showed a change


@each_case("ending", [("failed", "failed"), ("cancelled", "ready"), ("failed", "ready")])
def test_any_ending_is_an_ending(ask: Ask, ending: tuple[str, str]) -> None:
    found = ask(Network(ok(detail(*ending))), wait(timeout_s=None))
    assert (found.status, found.archive.state) == ending


def test_looks_less_and_less_often(ask: Ask) -> None:
    network = Forever(ok(detail()))
    with pytest.raises(exceptions.TimedOut, match=r"run 7 is running and has no archive yet, after 600 s$"):
        ask(network, wait())
    *pauses, last = network.pauses_s
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S
    assert network.now_s == pytest.approx(600)
    assert len(network.requests) < 210
    assert 0 < last <= LONGEST_PAUSE_S


def test_the_time_allowed_is_never_overslept(ask: Ask) -> None:
    network = Forever(ok(detail()))
    with pytest.raises(exceptions.TimedOut):
        ask(network, wait(timeout_s=1.0))
    assert network.pauses_s == [0.5, 0.5]


def test_no_time_is_one_look(ask: Ask) -> None:
    network = Forever(ok(detail()))
    with pytest.raises(exceptions.TimedOut):
        ask(network, wait(timeout_s=0))
    assert (len(network.requests), network.pauses_s) == (1, [])


@each_case("outage", [DOWN, httpx.ReadTimeout("slow"), refused(503), refused(500), refused(429)])
def test_an_outage_is_waited_for_and_told(ask: Ask, outage: Answer) -> None:
    seen: list[WaitProgress] = []
    network = Network(ok(detail()), *[outage] * 20, ok(detail("completed", "ready")))
    assert ask(network, wait(on_progress=seen.append)).status == "completed"
    assert [look.problem is None for look in seen] == [True] + [False] * 20 + [True]
    assert all(look.run is not None for look in seen)
    assert seen[-2].run is not None
    assert seen[-2].run.status == "running"
    assert [look.waited_s for look in seen] == sorted(look.waited_s for look in seen)


def test_an_outage_from_the_first_look_on(ask: Ask) -> None:
    seen: list[WaitProgress] = []
    ask(Network(DOWN, ok(detail("completed", "ready"))), wait(on_progress=seen.append))
    assert seen[0].run is None


def test_a_server_that_asks_for_a_pause_gets_it(ask: Ask) -> None:
    network = Network(refused(503, headers={"Retry-After": "40"}), ok(detail("completed", "ready")))
    ask(network, wait())
    assert network.pauses_s == [40.0]


def test_an_outage_that_lasts_is_named_in_the_end(ask: Ask) -> None:
    words = r"run 7 is running and has no archive yet, after 60 s; the last poll failed: .*refused"
    with pytest.raises(exceptions.TimedOut, match=words) as raised:
        ask(Forever(ok(detail()), DOWN), wait(timeout_s=60))
    assert raised.value.exit_code == 124


@each_case(
    ("answer", "kind"),
    [
        (refused(404, error="Run not found"), exceptions.NotFound),
        (refused(401, error="Unauthorized"), exceptions.AuthError),
        (httpx.Response(200, text="<html>"), exceptions.ApiError),
    ],
)
def test_what_waiting_cannot_mend_ends_it(ask: Ask, answer: Answer, kind: type[exceptions.ApiError]) -> None:
    network = Network(answer)
    with pytest.raises(kind):
        ask(network, wait())
    assert network.pauses_s == []


def test_a_look_cannot_hang_for_longer_than_is_left(ask: Ask) -> None:
    network = Forever(ok(detail()))
    with pytest.raises(exceptions.TimedOut):
        ask(network, wait(timeout_s=5.0))
    first, *_, last = [request.extensions["timeout"]["read"] for request in network.requests]
    assert (first, last) == (5.0, 1.0)
