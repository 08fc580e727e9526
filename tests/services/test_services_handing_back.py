"""A broken runner fails tasks that others can still work on: they are tried again, elsewhere first."""

from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.limits import MAX_REASON_CHARS
from benchfleet_contract.states import FailureClass, TaskStatus
from benchfleet_contract.tasks import AssignedTask, ClaimReply

from chalicelib.domain import errors
from chalicelib.domain.handing_back import home_of
from chalicelib.domain.ports import Verdict
from chalicelib.domain.records import Task
from tests.contract.records import a_request
from tests.contract.system import BODY, Clients, System

BROKEN, OTHER = "box-1795-7-s1", "spare-1795-9-s1"
FULL = "no space left in /var/tmp/x: free it or pass --work-root"


@pytest.fixture
def system(clients: Clients) -> System:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 3, "per_instance_type": {"tasks": 1}})
    return system


def claim(system: System, runner: str) -> ClaimReply:
    token = f"{runner}-{system.clock.now_ms}"
    reply = system.claim_task("r", a_request(runner, token=token, now_ms=system.clock()))
    system.clock.pass_s(1)
    return reply


def taken(system: System, runner: str) -> AssignedTask:
    reply = claim(system, runner)
    assert reply.task, reply
    return reply.task


def failure(
    system: System, runner: str, task: AssignedTask, *, blame: FailureClass = FailureClass.INFRASTRUCTURE
) -> Verdict:
    return Verdict(
        TaskStatus.FAILED, runner, task.attempt, system.clock(),
        error_type="runner_error", error_message=FULL, failure_class=blame, reason="runner_error",
    )  # fmt: skip


def fail(system: System, runner: str, task: AssignedTask) -> None:
    system.finish_task("r", 1, failure(system, runner, task))


def test_infrastructure_is_tried_again_elsewhere_first(system: System) -> None:
    fail(system, BROKEN, taken(system, BROKEN))
    (task,) = system.all()
    assert (task.status, task.attempt, task.error_type) == (TaskStatus.PENDING, 1, None)
    assert task.reason == f"attempt 1 on {BROKEN}: runner_error: {FULL}"
    assert claim(system, BROKEN).status == "wait"
    assert claim(system, "box-1795-7-s2").status == "wait"  # the same runner's other slot
    assert taken(system, OTHER).attempt == 2


def test_the_same_runner_gets_it_when_nobody_else_came(system: System) -> None:
    fail(system, BROKEN, taken(system, BROKEN))
    system.clock.pass_s(61)
    assert taken(system, BROKEN).attempt == 2


def test_the_last_attempt_fails_the_task_and_tells_of_all(system: System) -> None:
    for runner in (BROKEN, OTHER, "third"):
        fail(system, runner, taken(system, runner))
    (task,) = system.all()
    assert (task.status, task.attempt, task.failure_class) == (TaskStatus.FAILED, 3, FailureClass.INFRASTRUCTURE)
    assert task.error_message == FULL
    assert [f"attempt {n} on {who}" in (task.reason or "") for n, who in enumerate((BROKEN, OTHER, "third"), 1)] == [
        True, True, True,
    ]  # fmt: skip


def test_a_benchmark_that_fails_is_final(system: System) -> None:
    task = taken(system, BROKEN)
    system.finish_task("r", 1, failure(system, BROKEN, task, blame=FailureClass.BENCHMARK))
    assert system.all()[0].status is TaskStatus.FAILED


def test_the_same_word_again_is_accepted_and_counts_once(system: System) -> None:
    task = taken(system, BROKEN)
    said = failure(system, BROKEN, task)
    for _ in range(2):
        system.finish_task("r", 1, said)
    assert taken(system, OTHER).attempt == 2
    with pytest.raises(errors.LeaseLost):
        system.finish_task("r", 1, said)


def test_who_handed_a_task_back_cannot_complete_it(system: System) -> None:
    task = taken(system, BROKEN)
    fail(system, BROKEN, task)
    with pytest.raises(errors.LeaseLost):
        system.finish_task("r", 1, Verdict(TaskStatus.COMPLETED, BROKEN, task.attempt, system.clock()))


def test_a_stranger_hands_nothing_back(system: System) -> None:
    task = taken(system, BROKEN)
    with pytest.raises(errors.InvalidRunner):
        fail(system, OTHER, task)
    assert system.all()[0].status is TaskStatus.CLAIMED


def test_a_run_that_was_stopped_gets_nothing_back(system: System) -> None:
    task = taken(system, BROKEN)
    system.stop_run("r")
    system.drain()
    system.finalize()
    with pytest.raises(errors.TaskCancelled):
        fail(system, BROKEN, task)


def test_counters_follow_a_task_that_comes_back(system: System) -> None:
    fail(system, BROKEN, taken(system, BROKEN))
    system.drain()
    assert system.found()[1].tally == system.recounted() == {(0, TaskStatus.PENDING): 1}


def test_what_was_handed_back_waits_behind_what_nobody_has_tried(clients: Clients) -> None:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 3, "per_instance_type": {"tasks": 2}})
    fail(system, BROKEN, taken(system, BROKEN))
    assert taken(system, BROKEN).attempt == 1
    assert claim(system, BROKEN).status == "wait"


def test_a_long_history_keeps_the_last_attempt_whole(clients: Clients) -> None:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 9, "per_instance_type": {"tasks": 1}})
    for number in range(9):
        fail(system, f"{number}{'x' * 150}", taken(system, f"{number}{'x' * 150}"))
    reason = system.all()[0].reason or ""
    assert len(reason) <= MAX_REASON_CHARS
    assert reason.endswith(f"runner_error: {FULL}")


def test_slots_of_one_runner_are_one_home() -> None:
    assert home_of("box-1-2-s1") == home_of("box-1-2-s10") == home_of("box-1-2")
    assert len({home_of(runner) for runner in ("box-1-2-s1", "box-1-3-s1", "box#1", "")}) == 4


def test_a_failure_without_another_attempt_keeps_its_own_reason(clients: Clients) -> None:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 1, "per_instance_type": {"tasks": 1}})
    fail(system, BROKEN, taken(system, BROKEN))
    assert (system.all()[0].status, system.all()[0].reason) == (TaskStatus.FAILED, "runner_error")


def test_the_second_of_two_attempts_tells_of_both(clients: Clients) -> None:
    system = System(clients)
    system.create_run({**BODY, "max_attempts": 2, "per_instance_type": {"tasks": 1}})
    for runner in (BROKEN, OTHER):
        fail(system, runner, taken(system, runner))
    assert (system.all()[0].reason or "").startswith(f"attempt 1 on {BROKEN}: ")
    assert f"; attempt 2 on {OTHER}: " in (system.all()[0].reason or "")


def ends(system: System, reply: ClaimReply, **said: Any) -> Task:
    """The task after the runner failed it (or what `said` names), by no fault of the infrastructure."""
    assert reply.task
    verdict = Verdict(TaskStatus.FAILED, OTHER, reply.task.attempt, system.clock(), error_type="x", error_message="m")
    system.finish_task("r", 1, replace(verdict, **said))
    return system.all()[0]


def test_a_failure_s_own_upload_is_what_it_ended_with(system: System) -> None:
    reply = claim(system, OTHER)
    assert reply.presigned_urls
    key = reply.presigned_urls.error_key
    system.objects.put(key, b"why", content_type="text/plain")
    task = ends(system, reply, error_key=key)
    assert (task.error_key, task.seal) == (key, system.storage.seal_of(key))
    assert ends(system, reply, error_key=key) == task  # the same word again
    with pytest.raises(errors.TaskFinished):
        ends(system, reply, error_type="y", error_key=key)
    with pytest.raises(errors.TaskFinished):
        ends(system, reply)


def test_what_a_runner_says_of_its_upload_counts_before_what_lies_there(system: System) -> None:
    reply = claim(system, OTHER)
    assert reply.presigned_urls
    assert ends(system, reply, error_key=reply.presigned_urls.error_key, seal="sha256:ab").seal == "sha256:ab"


def test_a_made_up_name_of_a_failure_means_the_issued_key_of_a_failure(system: System) -> None:
    reply = claim(system, OTHER)
    assert reply.presigned_urls
    assert ends(system, reply, error_key="made/up").error_key == reply.presigned_urls.error_key


def test_the_attempt_that_is_said_counts_before_that_of_the_key(system: System) -> None:
    reply = claim(system, OTHER)
    assert reply.presigned_urls
    key = reply.presigned_urls.error_key
    with pytest.raises(errors.LeaseLost):
        ends(system, reply, error_key=key, attempt=2)
    assert ends(system, reply, error_key=key, attempt=None).status is TaskStatus.FAILED
