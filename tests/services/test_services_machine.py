"""Any order of what can happen to a run, against a model of a few lines: who holds what, and what is over."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from benchfleet_contract.states import HeartbeatStatus, TaskStatus
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.errors import Refusal
from chalicelib.domain.ports import Beat, Verdict
from chalicelib.domain.transitions import IN_FLIGHT, TERMINAL
from tests.contract.records import a_request
from tests.contract.system import BODY, Clients, System

clients = cache(Clients)  # making them costs more than a test
LEASE_S, ATTEMPTS = 60, 2
runners = st.sampled_from(["one", "two", "three"])
held = st.integers(0, 9)


@dataclass(frozen=True)
class Hold:
    """A lease as its runner believes to have it."""

    runner: str
    number: int
    attempt: int
    key: str


class Lives(RuleBasedStateMachine):
    @initialize()
    def create(self) -> None:
        self.system = System(clients())
        self.system.create_run({**BODY, "lease_s": LEASE_S, "max_attempts": ATTEMPTS})
        self.holds: list[Hold] = []
        self.attempts: dict[int, int] = {}
        self.final: dict[int, Any] = {}
        self.requests = 0
        self.stopped = False

    @rule(runner=runners)
    def claim(self, runner: str) -> None:
        self.requests += 1
        reply = self.system.claim_task("r", a_request(runner, token=f"t{self.requests}", now_ms=self.system.clock()))
        if reply.task is None or reply.presigned_urls is None:
            return
        assert not self.stopped
        number = int(reply.task.id.rpartition(".")[2])
        assert number not in self.final
        assert reply.task.attempt == self.attempts.get(number, 0) + 1 <= ATTEMPTS
        self.attempts[number] = reply.task.attempt
        self.holds.append(Hold(runner, number, reply.task.attempt, reply.presigned_urls.result_key))

    @precondition(lambda self: self.holds)
    @rule(which=held)
    def beat(self, which: int) -> None:
        hold = self._hold(which)
        now_ms = self.system.clock()
        said = Beat(hold.runner, hold.attempt, HeartbeatStatus.RUNNING, None, None, None, now_ms)
        self._accepted_only_of_the_holder(hold, lambda: self.system.renew_lease("r", hold.number, said))

    @precondition(lambda self: self.holds)
    @rule(which=held, fails=st.booleans())
    def finish(self, which: int, fails: bool) -> None:
        hold, now_ms = self._hold(which), self.system.clock()
        if fails:
            verdict = Verdict(TaskStatus.FAILED, hold.runner, hold.attempt, now_ms, error_type="broken")
        else:
            verdict = Verdict(TaskStatus.COMPLETED, hold.runner, hold.attempt, now_ms, result_key=hold.key)
        self._accepted_only_of_the_holder(hold, lambda: self.system.finish_task("r", hold.number, verdict))

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        """The stream lags by less than the quiet spell after which the sweep trusts counters that do not move."""
        if seconds > 1:
            self.system.drain()
        self.system.clock.pass_s(seconds)

    @rule()
    def sweep(self) -> None:
        """Also while the stream owes something: a recount that differs is believed only when a later one agrees."""
        self.system.sweep()

    @precondition(lambda self: not self.stopped)
    @rule(sure=st.integers(0, 3))
    def stop(self, sure: int) -> None:
        if sure == 0:
            self.system.stop_run("r")
            self.stopped = True

    @rule(again=st.integers(0, 5))
    def count(self, again: int) -> None:
        self.system.drain(again=again)

    @invariant()
    def what_is_final_stays_and_leases_are_unique(self) -> None:
        if not hasattr(self, "system"):
            return
        for task in self.system.all():
            assert self.final.get(task.number, task) == task
            assert task.attempt == self.attempts.get(task.number, 0)
            assert (task.status in IN_FLIGHT) == (task.lease_until_ms is not None)
            if task.status in TERMINAL:
                self.final[task.number] = task

    def teardown(self) -> None:
        if hasattr(self, "system"):
            self.system.drain(again=4)
            found, again = self.system.found()[1], self.system.recounted()
        assert found.tally == again, (found, again)

    def _hold(self, which: int) -> Hold:
        return self.holds[which % len(self.holds)]

    def _accepted_only_of_the_holder(self, hold: Hold, call: Any) -> None:
        before = self.system.tasks.get("r", hold.number)
        assert before
        try:
            call()
        except Refusal:
            assert self.system.tasks.get("r", hold.number) == before
        else:
            assert (before.runner_id, before.attempt) == (hold.runner, hold.attempt)


Lives.TestCase.settings = settings(max_examples=settings().max_examples // 8, stateful_step_count=20)
TestLives = Lives.TestCase
