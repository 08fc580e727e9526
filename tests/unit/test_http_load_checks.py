"""A cell that cannot be believed has a reason; a good one has none, and what is not known is no reason."""

from dataclasses import replace

import pytest
from benchfleet_contract.http_results import Resources

from runner_image.workloads.http.load.checks import common_ceilings, of_latency, of_saturation, of_streams, told
from runner_image.workloads.http.load.cores import NOT_APART, SHARED, Cores, shared_out, unpinned
from runner_image.workloads.http.load.driver import Distribution, Latency, Saturation
from runner_image.workloads.http.load.wrk import starved as starved_of
from tests.each_case import each_case

GOOD = Saturation("wrk", (), 32, True, 10, 10_000, 10_000, {}, in_flight=31.0, client_cpu_s=3.0)
QUIET = Resources(cpu_s=9.8, cpu_share=0.98, foreign_cpu_cores=0.02)
SHAPE = Distribution(1000, 1, 1, 1, 1, 1, 1, 1)
HELD = Latency(
    "open-loop", (), 100, 8, True, 10, SHAPE, SHAPE, SHAPE, 1000, 1000, 1000, 1000, 1000, {}, client_cpu_s=2.0
)  # fmt: skip


def test_good_cells_have_no_reason() -> None:
    assert of_saturation(GOOD, QUIET, server_cores=1) == []
    assert of_latency(HELD, QUIET) == []


def test_what_is_not_known_is_no_reason() -> None:
    nothing = Resources()
    assert of_saturation(replace(GOOD, in_flight=None, client_cpu_s=None), nothing, server_cores=1) == []
    assert of_latency(replace(HELD, dispatch_lag=Distribution(0), client_cpu_s=None), nothing) == []


@each_case(
    ("found", "used", "words"),
    [
        (replace(GOOD, in_flight=20.0), QUIET, "Little's law"),
        (replace(GOOD, in_flight=40.0), QUIET, "Little's law"),
        (replace(GOOD, client_cpu_s=9.0), QUIET, "busy for 90%"),
        (replace(GOOD, starved=1), QUIET, "1 or more of 32 connections got no answer"),
        (GOOD, Resources(foreign_cpu_cores=0.4), "others used 0.40 cores"),
        (GOOD, Resources(cpu_share=0.3), "the server got 0.30 of its 1 cores"),
    ],
)  # fmt: skip
def test_a_rate_that_is_not_the_servers_has_a_reason(found: Saturation, used: Resources, words: str) -> None:
    (reason,) = of_saturation(found, used, server_cores=1)
    assert words in reason


def test_what_others_used_counts_only_where_the_server_waited_for_it() -> None:
    beside = Resources(foreign_cpu_cores=0.9, held_back_cores=0.01)
    assert of_saturation(GOOD, beside) == of_latency(HELD, beside) == []
    (reason,) = of_latency(HELD, Resources(foreign_cpu_cores=0.9, held_back_cores=0.2))
    assert reason == "noisy: others held the server back for 20% of the time (at most 10%)"


def test_streams_are_judged_as_requests_are() -> None:
    beside = Resources(foreign_cpu_cores=0.9, held_back_cores=0.01)
    assert list(of_streams(lag_p99_ms=4.9, client_cpu_s=2.0, duration_s=10, used=beside)) == []
    assert list(of_streams(lag_p99_ms=None, client_cpu_s=None, duration_s=10, used=Resources())) == []
    (held,) = of_streams(lag_p99_ms=4.9, client_cpu_s=2.0, duration_s=10, used=Resources(held_back_cores=0.2))
    assert held == "noisy: others held the server back for 20% of the time (at most 10%)"
    (foreign,) = of_streams(lag_p99_ms=4.9, client_cpu_s=2.0, duration_s=10, used=Resources(foreign_cpu_cores=0.4))
    assert foreign.startswith("noisy: others used 0.40 cores")


@each_case(
    ("client_cpu_s", "words"),
    [
        (2.0, "noisy: messages left late, p99 5.1 ms (at most 5 ms), though the generator was busy for 20%"),
        (7.0, "client-limited: messages left late, p99 5.1 ms"),
    ],
)
def test_a_stream_load_that_was_late_is_the_generators_fault_only_where_it_had_much_to_do(
    client_cpu_s: float, words: str
) -> None:
    (reason,) = of_streams(lag_p99_ms=5.1, client_cpu_s=client_cpu_s, duration_s=10, used=QUIET)
    assert reason.startswith(words)


@each_case(
    ("answered", "quiet_ms", "starved"),
    [
        (4000, [1, 2, 3, 2], 0),
        (4000, [1, 2, 1900, 2], 1),
        (4000, [1100] * 4, 0),  # it stalled: a rate shows that
        (8, [1100, 900, 100, 700], 0),  # it is slow to all of them
        (0, [2000] * 4, None),
        (4000, [], None),
    ],
)
def test_a_connection_is_starved_where_it_waits_for_far_longer_than_others(
    answered: int, quiet_ms: list[int], starved: int | None
) -> None:
    assert starved_of({"answered": answered, "duration_us": 2_000_000, "quiet_ms": quiet_ms}) == starved


def test_two_cores_may_be_busy_twice_as_long() -> None:
    assert of_saturation(replace(GOOD, client_cpu_s=15.0), QUIET, generator_cores=2) == []


def test_connections_that_are_not_kept_need_not_be_full() -> None:
    assert of_saturation(replace(GOOD, in_flight=10.0, keep_alive=False), QUIET) == []


@each_case(
    ("found", "words"),
    [
        (replace(HELD, dispatch_lag=replace(SHAPE, p99=5.1)), "noisy: requests left late, p99 5.1 ms"),
        (replace(HELD, dispatch_lag=replace(SHAPE, p99=5.1), client_cpu_s=7.0), "client-limited: requests left late"),
        (replace(HELD, client_cpu_s=8.6), "busy for 86%"),
        (replace(HELD, in_time=989), "99 of 100 requests a second"),
    ],
)
def test_a_latency_that_is_not_the_servers_has_a_reason(found: Latency, words: str) -> None:
    (reason,) = of_latency(found, QUIET)
    assert words in reason


def test_equal_ceilings_of_several_frameworks_are_seen() -> None:
    rates = {"a": 10_000, "b": 9_950, "c": 9_860, "d": 5_000, "e": 4_990, "f": 100, "dead": 0}
    groups = common_ceilings(rates)
    assert groups == [("a", "b", "c")]
    assert "a, b, c all end at about 10000" in told(groups, rates)[0]
    assert common_ceilings({"a": 10_000, "b": 9_800, "c": 9_600}) == []


@each_case(
    ("allowed", "found"),
    [
        ([3], Cores((3,), (3,), SHARED)),
        ([0, 1], Cores((1,), (0,), NOT_APART)),
        ([0, 1, 2], Cores((2,), (1,))),
        ([0, 1, 2, 3], Cores((2,), (1,))),
    ],
)
def test_server_and_generator_have_cores_of_their_own(allowed: list[int], found: Cores) -> None:
    assert shared_out(allowed) == found
    assert shared_out(allowed).disjoint is (len(allowed) > 1)


def test_a_server_that_cannot_be_pinned_has_no_cores_of_its_own() -> None:
    found = unpinned(shared_out(range(4)))
    assert (found.server, found.generator, found.disjoint) == ((1, 2), (1,), False)
    assert "taskset" in found.note


def test_the_server_may_have_several_cores() -> None:
    assert shared_out(range(8), server=4, generator=2) == Cores((3, 4, 5, 6), (1, 2))
    assert shared_out([0, 1], server=2) == Cores((1,), (0,), NOT_APART)
    with pytest.raises(ValueError, match="at least one core"):
        shared_out([])
