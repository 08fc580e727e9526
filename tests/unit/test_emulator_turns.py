"""So many requests at once, so many in line, and a 429 for the rest: never a wait without end."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

import pytest

from local_emulator.turns import Turns

PATIENCE_S = 30
REFUSED = (
    "429 Too Many Requests",
    {"Content-Type": "application/json", "Retry-After": "1"},
    b'{"message": "Too Many Requests"}',
)
CommandResult = tuple[str, dict[str, str], bytes]


class Gate:
    """An app whose requests stay inside until it is opened; `entered` and `order` tell who came in."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered: SimpleQueue[str] = SimpleQueue()
        self.order: list[str] = []
        self.fails = False

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        self.order.append(environ["name"])
        self.entered.put(environ["name"])
        assert self.open.wait(PATIENCE_S)
        if self.fails:
            raise RuntimeError("asked to")
        start_response("200 OK", [])
        return [b"done"]


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


@pytest.fixture
def pool(gate: Gate) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool
        gate.open.set()


def ask(turns: Turns, name: str) -> CommandResult:
    told: list[Any] = []
    body = turns({"name": name}, lambda *head: told.extend(head))
    return told[0], dict(told[1]), b"".join(body)


def first_done(asked: list[Future[CommandResult]]) -> CommandResult:
    done, _ = wait(asked, timeout=PATIENCE_S, return_when="FIRST_COMPLETED")
    return done.pop().result()


def test_who_finds_the_line_full_is_refused_at_once_and_nobody_else(gate: Gate, pool: ThreadPoolExecutor) -> None:
    turns = Turns(gate, at_once=2, most_waiting=3)
    asked = [pool.submit(ask, turns, str(number)) for number in range(6)]
    assert first_done(asked) == REFUSED  # while the gate is shut, so the other five are inside or in line
    assert len(gate.order) == 2
    gate.open.set()
    statuses = sorted(one.result(PATIENCE_S)[0] for one in asked)
    assert statuses == ["200 OK"] * 5 + ["429 Too Many Requests"]
    assert len(gate.order) == 5


def test_the_first_in_line_is_next_though_another_asks_that_moment(gate: Gate, pool: ThreadPoolExecutor) -> None:
    turns = Turns(gate, at_once=1, most_waiting=1)
    inside = pool.submit(lambda: (ask(turns, "first"), ask(turns, "newcomer")))
    assert gate.entered.get(timeout=PATIENCE_S) == "first"
    rivals = [pool.submit(ask, turns, name) for name in ("in line", "in line")]
    assert first_done(rivals) == REFUSED
    gate.open.set()
    inside.result(PATIENCE_S)
    assert gate.order == ["first", "in line", "newcomer"]


def test_who_has_waited_for_too_long_is_refused_and_leaves_the_line(gate: Gate, pool: ThreadPoolExecutor) -> None:
    turns = Turns(gate, at_once=1, most_waiting=1, longest_wait_s=0)
    inside = pool.submit(ask, turns, "inside")
    gate.entered.get(timeout=PATIENCE_S)
    assert [ask(turns, "late"), ask(turns, "late")] == [REFUSED, REFUSED]
    gate.open.set()
    assert inside.result(PATIENCE_S)[0] == "200 OK"
    assert ask(turns, "after")[0] == "200 OK"
    assert gate.order == ["inside", "after"]


def test_a_request_that_fails_gives_its_turn_back(gate: Gate) -> None:
    turns = Turns(gate, at_once=1, most_waiting=0)
    gate.open.set()
    gate.fails = True
    with pytest.raises(RuntimeError, match="asked to"):
        ask(turns, "fails")
    gate.fails = False
    assert ask(turns, "next")[0] == "200 OK"
