"""When a runner beats beside the regular beats."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchfleet_contract.states import HeartbeatStatus
from benchfleet_contract.tasks import HeartbeatReply, HeartbeatRequest

from runner_image.control.heartbeats import Heartbeats, Holder
from runner_image.control.session import Beat, Busy
from runner_image.logs import Log
from runner_image.stopping import Stop
from tests.each_case import each_case

NEVER_S = 3_600.0  # until the next regular beat


class Server:
    """Takes every beat and remembers what it told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str | None, int | None]] = []
        self._arrived = threading.Condition()

    def __call__(self, request: HeartbeatRequest) -> Beat:
        with self._arrived:
            self.told.append((request.status, request.current_benchmark, request.progress_pct))
            self._arrived.notify_all()
        reply = HeartbeatReply(
            message="Heartbeat received", cancel=False, lease_until="2026-11-22T08:00:00Z", next_heartbeat_in_s=NEVER_S
        )
        return Beat(reply, lease_ends=time.monotonic() + NEVER_S)

    def wait_for(self, beats: int) -> None:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.told) >= beats, 10), self.told


@contextmanager
def beating(server: Server, *, news_after_s: float) -> Iterator[Heartbeats]:
    holder = Holder("r", 1, lease_ends=time.monotonic() + NEVER_S, next_in_s=NEVER_S)
    with Heartbeats(server, holder=holder, stop=Stop(), log=Log(), news_after_s=news_after_s) as beats:
        server.wait_for(1)
        yield beats


def test_another_benchmark_is_told_without_waiting_for_the_next_beat() -> None:
    server = Server()
    with beating(server, news_after_s=0.0) as beats:
        beats.progress(10, benchmark="fib")
        server.wait_for(2)
        beats.progress(20, benchmark="fib")  # no news: told with whatever comes next
        beats.progress(30, benchmark="nbody")
        server.wait_for(3)
    assert [(benchmark, percent) for _, benchmark, percent in server.told][1:] == [("fib", 10), ("nbody", 30)]


def test_benchmarks_that_follow_each_other_quickly_wait_and_a_status_does_not() -> None:
    server = Server()
    with beating(server, news_after_s=NEVER_S) as beats:
        beats.progress(10, benchmark="fib")
        beats.progress(20, benchmark="nbody")
        beats.status(HeartbeatStatus.RUNNING)
        server.wait_for(2)
    assert server.told == [("boot", None, None), ("running", "nbody", 20)]


@each_case("asked_s", [1e9, 1e15])
def test_a_server_that_asks_for_years_is_told_again_before_the_lease_ends(asked_s: float) -> None:
    server, refused = Server(), threading.Event()

    def once_busy(request: HeartbeatRequest) -> Beat:
        if refused.is_set():
            return server(request)
        refused.set()
        raise Busy("503", retry_after_s=asked_s)

    holder = Holder("r", 1, lease_ends=time.monotonic() + 0.5, next_in_s=0.1)
    with Heartbeats(once_busy, holder=holder, stop=Stop(), log=Log()):
        server.wait_for(1)
