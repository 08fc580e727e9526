"""The open loop's plan, schedule and numbers, without a network."""

import statistics
from collections import Counter
from itertools import pairwise

import pytest

from runner_image.workloads.http.load.driver import Request, Target
from runner_image.workloads.http.load.open_loop.generator import Record
from runner_image.workloads.http.load.open_loop.plan import Plan, due_times, wire
from runner_image.workloads.http.load.open_loop.told import counted, distribution

PLAN = Plan(
    Target(80), Request("POST", "/x?y=1", (("A", "b"),), b"\x00\xff", 200, 2, b"\xfe\x00"), 100, 2.0, 4, False, 7
)


def test_a_plan_survives_its_file() -> None:
    assert Plan.of_json(PLAN.as_json()) == PLAN


def test_requests_are_due_at_random_but_exactly_at_the_rate() -> None:
    due = due_times(rate=1000, duration_s=5, seed=3)
    gaps = [later - earlier for earlier, later in pairwise(due)]
    assert len(due) == 5000
    assert list(due) == sorted(due)
    assert 0 <= due[0] < due[-1] <= 5
    assert statistics.stdev(gaps) == pytest.approx(statistics.mean(gaps), rel=0.1)  # exponential
    assert due == due_times(rate=1000, duration_s=5, seed=3) != due_times(rate=1000, duration_s=5, seed=4)


def test_the_request_on_the_wire() -> None:
    head, _, body = wire(PLAN).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /x?y=1 HTTP/1.1"
    assert set(lines[1:]) == {b"Host: 127.0.0.1:80", b"A: b", b"Content-Length: 2", b"Connection: close"}
    assert body == b"\x00\xff"


def test_percentiles_are_those_of_the_values() -> None:
    found = distribution(value / 1000 for value in range(1, 1001))
    assert (found["count"], found["max"]) == (1000, 1000)
    assert [found[name] for name in ("p50", "p90", "p95", "p99", "p999")] == pytest.approx(
        [500, 900, 950, 990, 999], rel=0.002
    )
    assert found["mean"] == pytest.approx(500.5)


def test_nothing_recorded_is_not_zero() -> None:
    assert distribution([]) == {"count": 0}


def test_response_counts_from_when_it_was_due_and_what_comes_too_late_is_not_achieved() -> None:
    record = Record()
    for due, sent, done in [(0.0, 0.5, 0.6), (1.0, 1.0, 1.1), (1.5, 3.0, 3.1)]:
        record.due.append(due)
        record.sent_at.append(sent)
        record.done.append(done)
    record.statuses = Counter({200: 3, 503: 1, 700: 1})
    record.errors["timeout"], record.waiting = 2, 3
    told = counted(record, PLAN, start=0.0)
    assert told["response"]["max"] == pytest.approx(1600)
    assert told["service"]["max"] == pytest.approx(100)
    assert (told["intended"], told["ok"], told["in_time"], told["unanswered"]) == (200, 3, 2, 5)
    assert (told["by_class"]["2xx"], told["by_class"]["5xx"], told["by_class"]["other"]) == (3, 1, 1)
