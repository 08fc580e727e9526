"""Tasks that demand a model go to executors that have it now; what was fenced, drains or is full gets nothing."""

from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.registry.executors import AnnounceReply, ExecutorHeartbeat
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.errors import InvalidRun
from chalicelib.domain.outcomes import Assigned, Done, Outcome, Wait
from chalicelib.domain.ports import Verdict
from chalicelib.domain.records import ClaimRequest, Demand
from chalicelib.domain.registry.errors import Fenced, NotOwner, NotSelectable
from chalicelib.services.registry.who import Caller
from chalicelib.services.tasks.claim_as_executor import ClaimAsExecutor
from chalicelib.services.tasks.work_as_executor import WorkAsExecutor
from chalicelib.store.table import Table
from tests.contract.records import a_beat
from tests.contract.system import BODY, Clients, System
from tests.services.registry import OWNER, STRANGER, Registry
from tests.unit.registry_records import a_model

MODEL = "org/gpt-oss:20b"
PLAIN = Demand("local", "docker")


class Fleet:
    """A system whose runners announce themselves."""

    def __init__(self, clients: Clients) -> None:
        self.system = System(clients)
        self.registry = Registry(Table(self.system.dynamodb, self.system.table_name))
        self.registry.clock = self.clock = self.system.clock
        self.registry.connect(Table(self.system.dynamodb, self.system.table_name))
        self.fresh()

    def fresh(self) -> None:
        """As in a process that has just started."""
        system, registry = self.system, self.registry
        self.claims = ClaimAsExecutor(registry.executors, registry.catalogs, system.runs, system.claims.held, {})
        self.work = WorkAsExecutor(system.tasks, registry.executors, registry.heartbeats, self.clock)

    def run(self, **changes: Any) -> None:
        body = {**BODY, "per_instance_type": {"tasks": 4}, "max_attempts": 3, "model": {"model_id": MODEL}} | changes
        self.system.create_run(body)

    def claim(
        self, made: AnnounceReply, *, token: str | None = None, caller: Caller = OWNER, active: int | None = 0,
        retry: bool = False, run_id: str | None = "r",
    ) -> Outcome:  # fmt: skip
        self._tokens = getattr(self, "_tokens", 0) + 1
        request = ClaimRequest(
            PLAIN, made.executor_id, token or f"token-{self._tokens}", f"nonce-{self._tokens}", self.clock(),
            executor_id=made.executor_id, generation=made.generation,
        )  # fmt: skip
        once = self.system.claim_once.once
        if run_id is None:
            claim_any = lambda one: once.of_any(one, workloads=frozenset())  # noqa: E731
            return self.claims.of_any(request, caller, claim_any, active=active, retry=retry)
        claim = lambda one: once.of_run(run_id, one)  # noqa: E731
        return self.claims.of_run(run_id, request, caller, claim, active=active, retry=retry)

    def got(self, outcome: Outcome) -> int:
        assert isinstance(outcome, Assigned), outcome
        return outcome.task.number

    def finish(self, made: AnnounceReply, outcome: Outcome, status: TaskStatus = TaskStatus.COMPLETED) -> None:
        assert isinstance(outcome, Assigned)
        task = outcome.task
        key = self.system.storage.upload_keys(task)[0]
        verdict = Verdict(status, made.executor_id, task.attempt, self.clock(), result_key=key)
        if status is TaskStatus.FAILED:
            verdict = replace(verdict, result_key=None, error_type="benchmark_failed", error_message="exit 1")
        finish = lambda: self.system.finish_task("r", task.number, verdict)  # noqa: E731
        self.work.finish("r", task.number, verdict, made.executor_id, made.generation, finish)


@pytest.fixture
def fleet(clients: Clients) -> Fleet:
    return Fleet(clients)


def test_only_who_has_the_model_is_given_its_tasks(fleet: Fleet) -> None:
    fleet.run()
    without, having = fleet.registry.announce("without", ["llama"]), fleet.registry.announce("having", [MODEL])
    plain = fleet.system.claim_once.once.of_run("r", ClaimRequest(PLAIN, "plain", "t", "n", fleet.clock()))
    assert plain == Done(misplaced=True)
    waiting = fleet.claim(without)
    assert isinstance(waiting, Wait)
    assert MODEL in str(waiting.message)
    outcome = fleet.claim(having)
    assert isinstance(outcome, Assigned)
    assert (outcome.task.demand, outcome.task.executor_id) == (Demand("local", "docker", MODEL), "having")


def test_a_model_that_comes_later_brings_the_tasks(fleet: Fleet) -> None:
    fleet.run()
    made = fleet.registry.announce("host", [])
    assert isinstance(fleet.claim(made), Wait)
    fleet.registry.update(made, 1, "AddModels", a_model(MODEL))
    assert fleet.got(fleet.claim(made)) == 1


def test_any_run_is_served_and_plain_tasks_too(fleet: Fleet) -> None:
    fleet.run()
    made = fleet.registry.announce("host", [MODEL], capacity={"max_concurrent": 9})
    fleet.got(fleet.claim(made, run_id=None))
    fleet.system.create_run({**BODY, "run_id": "plain"})
    numbers = [fleet.claim(made, run_id="plain") for _ in range(2)]
    assert all(isinstance(one, Assigned) for one in numbers)


def test_what_was_handed_out_counts_as_load_at_once(fleet: Fleet) -> None:
    fleet.run()
    made = fleet.registry.announce("host", [MODEL], capacity={"max_concurrent": 2})
    first, second = fleet.claim(made, active=None), fleet.claim(made, active=None)
    assert {fleet.got(first), fleet.got(second)} == {1, 2}
    with pytest.raises(NotSelectable, match="full"):
        fleet.claim(made, active=None)
    (entry,) = fleet.registry.read.page().executors
    assert (entry.active, entry.free_slots, entry.status) == (2, 0, "overloaded")
    fleet.finish(made, first)
    fleet.finish(made, second, TaskStatus.FAILED)
    (entry,) = fleet.registry.read.page().executors
    assert (entry.active, entry.status) == (0, "available")
    assert entry.reliability
    assert (entry.reliability.total, entry.reliability.succeeded) == (2, 1)
    assert fleet.got(fleet.claim(made)) == 3


def test_fenced_draining_and_strange_executors_get_nothing(fleet: Fleet) -> None:
    fleet.run()
    first = fleet.registry.announce("host", [MODEL])
    with pytest.raises(NotOwner):
        fleet.claim(first, caller=STRANGER)
    fleet.clock.pass_s(1)
    second = fleet.registry.announce("host", [MODEL], instance_id="process-2")
    with pytest.raises(Fenced):
        fleet.claim(first)
    fleet.registry.leave.drain("host", second.generation, OWNER, reason=None)
    with pytest.raises(NotSelectable, match="drains"):
        fleet.claim(second)


def test_a_process_that_was_taken_over_loses_its_task_to_others(fleet: Fleet) -> None:
    fleet.run()
    first = fleet.registry.announce("host", [MODEL])
    held = fleet.claim(first)
    fleet.clock.pass_s(1)
    second = fleet.registry.announce("host", [MODEL], instance_id="process-2")
    task = fleet.system.tasks.get("r", fleet.got(held))
    assert task
    assert task.status is TaskStatus.PENDING
    with pytest.raises(Fenced):
        fleet.finish(first, held)
    again = fleet.claim(second)
    assert isinstance(again, Assigned)
    assert (again.task.number, again.task.attempt) == (task.number, 2)


def test_tasks_of_an_executor_that_is_gone_are_handed_back_before_their_leases_end(fleet: Fleet) -> None:
    fleet.run(lease_s=3_600)
    dying = fleet.registry.announce("dying", [MODEL])
    number = fleet.got(fleet.claim(dying))
    fleet.clock.pass_s(101)
    fleet.registry.sweep()
    other = fleet.registry.announce("other", [MODEL])
    again = fleet.claim(other)
    assert isinstance(again, Assigned)
    assert (again.task.number, again.task.attempt) == (number, 2)


def test_removal_hands_back_what_it_held(fleet: Fleet) -> None:
    fleet.run(max_attempts=1)
    leaving = fleet.registry.announce("leaving", [MODEL])
    number = fleet.got(fleet.claim(leaving))
    fleet.registry.leave.remove("leaving", leaving.generation, OWNER)
    task = fleet.system.tasks.get("r", number)
    assert task
    assert (task.status, task.error_type) == (TaskStatus.FAILED, "timeout")  # no attempt was left


def test_a_sweep_counts_again_what_ended_while_nobody_took_it_off(fleet: Fleet) -> None:
    fleet.run(lease_s=10)
    made = fleet.registry.announce("host", [MODEL])
    fleet.got(fleet.claim(made))
    fleet.clock.pass_s(25)
    fleet.system.sweep()
    fleet.registry.sweep()
    assert fleet.registry.read.page().executors[0].active == 0


def test_a_copy_of_a_claim_gets_the_same_task_also_from_another_process(fleet: Fleet) -> None:
    fleet.run()
    fleet.system.create_run({**BODY, "run_id": "plain"})
    made = fleet.registry.announce("host", [MODEL], capacity={"max_concurrent": 9})
    for run_id in ("r", None):
        token = f"the-token-{run_id}"
        first = fleet.claim(made, token=token, run_id=run_id)
        fleet.system.connect(fleet.system.dynamodb)
        fleet.fresh()
        again = fleet.claim(made, token=token, run_id=run_id, retry=True)
        assert isinstance(first, Assigned)
        assert isinstance(again, Assigned)
        assert (again.task.id, again.task.attempt) == (first.task.id, 1)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ({"filters": {"min_context_length": 4096}}, True),
        ({"filters": {"min_context_length": 100_000}}, False),
        ({"pin": {"executor_id": "host"}}, True),
        ({"pin": {"executor_id": "other"}}, False),
        ({"pin": {"descriptor_digest": "0" * 64}}, False),
    ],
)
def test_a_run_can_be_choosy(fleet: Fleet, wanted: dict[str, Any], fits: bool) -> None:
    fleet.run(model={"model_id": MODEL, **wanted})
    made = fleet.registry.announce("host", [MODEL])
    assert isinstance(fleet.claim(made), Assigned if fits else Wait)


def test_a_run_can_be_pinned_to_what_was_seen(fleet: Fleet) -> None:
    made = fleet.registry.announce("host", [MODEL])
    digest = fleet.registry.read.show("host").descriptor_digests[MODEL]
    fleet.run(model={"model_id": MODEL, "pin": {"descriptor_digest": digest}})
    fleet.registry.replace(made, 1, a_model(MODEL, capabilities={"quantization": "Q2_K"}))
    assert isinstance(fleet.claim(made), Wait)
    fleet.registry.replace(made, 2, MODEL)
    assert isinstance(fleet.claim(made), Assigned)


def test_one_heartbeat_renews_both_leases(fleet: Fleet) -> None:
    fleet.run()
    made = fleet.registry.announce("host", [MODEL])
    held = fleet.claim(made)
    fleet.clock.pass_s(20)
    heartbeat = ExecutorHeartbeat(generation=made.generation, sequence=1)
    beat = a_beat("host", now_ms=fleet.clock())
    task = fleet.system.renew_lease.task("r", fleet.got(held), beat)
    reply = fleet.work.renew(task, "host", heartbeat)
    assert reply.executor
    assert reply.executor["lease"]["lease_expires_at"] == fleet.clock.now_ms / 1000 + 30
    assert reply.lease_until


@pytest.mark.parametrize(
    "model", [{}, {"model_id": ""}, {"model_id": "m", "filters": {"max_price": "-1"}}, {"model_id": "ü" * 256}, 7]
)
def test_a_model_that_cannot_be_is_refused_with_the_run(fleet: Fleet, model: Any) -> None:
    with pytest.raises(InvalidRun) as raised:
        fleet.run(model=model)
    assert all(problem.field.startswith("model") for problem in raised.value.problems)
