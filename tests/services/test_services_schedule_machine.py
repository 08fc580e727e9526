"""Any order of what can happen to a schedule, with deaths between any two writes: one run for each time, never two at once
where they may not overlap, one that waits at most, and in the end nothing is left open."""

from contextlib import suppress
from datetime import datetime
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.domain.errors import Unavailable
from tests.contract.system import Clients, Killed
from tests.services.scheduled import Scheduled

clients = cache(Clients)  # making them costs more than a test
times = st.integers(0, 7)


class Times(RuleBasedStateMachine):
    @initialize(overlap=st.sampled_from(["skip", "queue", "allow"]))
    def create(self, overlap: str) -> None:
        self.system = Scheduled(clients())
        self.overlap = overlap
        self.system.make(overlap=overlap, notify=[{"on": ["end"], "webhook": "https://hooks.example.com"}])
        self.began_ms = self.system.began_ms
        self.fired: set[int] = set()

    @rule(time=times)
    def fire(self, time: int) -> None:
        """A new time, or one that is delivered again."""
        self.system.fire("nightly", self.began_ms + time * 60_000)
        self.fired.add(time)

    @rule(time=times, writes=st.integers(0, 3))
    def fire_and_die(self, time: int, writes: int) -> None:
        """Lambda would try again; here only an other rule, or nobody."""
        self._dying(lambda: self.system.fire("nightly", self.began_ms + time * 60_000), writes)

    @rule()
    def turn(self) -> None:
        with suppress(Unavailable):  # a run is half made, and whoever made it may be at it
            self.system.turn()

    @rule(writes=st.integers(0, 16))
    def turn_and_die(self, writes: int) -> None:
        self._dying(self.system.turn, writes)

    @rule(which=st.integers(0, 3))
    def end(self, which: int) -> None:
        going = self._going()
        if which < len(going):
            self.system.end_run(going[which])

    @rule()
    def sweep(self) -> None:
        self.system.clock.pass_s(60)
        self.system.sweep_schedules()

    @invariant()
    def nothing_overlaps_that_may_not(self) -> None:
        if self.overlap != "allow":
            assert len(self._going()) <= 1
        states = self.system.states()
        assert states.count("waiting") <= (self.overlap == "queue")

    @invariant()
    def each_time_has_one_firing_and_one_run(self) -> None:
        runs = [item.run_id for item in self.system.read_runs.newest(cursor=None).runs]
        assert len(runs) == len(set(runs)) <= 8
        shown = self.system.shown()
        assert shown
        due = [firing.scheduled_at for firing in shown.firings]
        assert len(due) == len(set(due))

    def teardown(self) -> None:
        if not hasattr(self, "system"):
            return
        for _ in range(12):
            self.system.clock.pass_s(16 * 60)
            self.system.sweep()
            self.system.advance_schedule("nightly")
            for run_id in self._going():
                self.system.end_run(run_id)
        shown = self.system.shown()
        assert shown
        assert {firing.state for firing in shown.firings} <= {"cancelled", "skipped", "deleted"}
        assert len(shown.firings) >= len(self.fired)
        made = [item.run_id for item in self.system.read_runs.newest(cursor=None).runs]
        assert sorted(made) == sorted(firing.run_id for firing in shown.firings if firing.run_id)
        schedule = self.system.schedules.get("nightly")
        assert schedule
        assert (schedule.open_ms, schedule.waiting_ms) == (None, None)
        ended = [firing for firing in shown.firings if firing.state != "skipped"]
        assert {delivery.at_ms for delivery, _ in self.system.queue.deliveries} >= {_ms(each) for each in ended}

    def _going(self) -> list[str]:
        return [item.run_id for item in self.system.read_runs.newest(cursor=None).runs if item.status == "running"]

    def _dying(self, act: Any, writes: int) -> None:
        names = list(self.system.queue.names)
        self.system.die_after(writes)
        try:
            act()
        except (Killed, Unavailable):
            self.system.queue.names = names  # a message whose taker died comes again
        finally:
            self.system.revive()


def _ms(firing: Any) -> int:
    return int(datetime.fromisoformat(firing.scheduled_at).timestamp() * 1000)


Times.TestCase.settings = settings(max_examples=settings().max_examples // 6, stateful_step_count=14)
TestTimes = Times.TestCase
