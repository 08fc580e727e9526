"""Who may speak for a task, and with which word everybody else is refused."""

from dataclasses import replace
from typing import Any

import pytest
from benchfleet_contract.states import TaskStatus

from chalicelib.domain import errors
from chalicelib.domain.ports import Holder
from chalicelib.domain.records import Task
from chalicelib.services.tasks.refusals import CheckOwner, explain
from chalicelib.services.tasks.sign_uploads import SignUploads
from tests.contract.records import a_request, a_task
from tests.contract.system import Clients, System
from tests.each_case import each_case

HELD = a_task(status=TaskStatus.RUNNING, attempt=2, runner_id="one", former_runner_id="zero")
BOUND = replace(HELD, bound=True)


@pytest.fixture
def system(clients: Clients) -> System:
    """One task, which the runner `one` has claimed with a token of its own."""
    system = System(clients)
    system.tasks.create([a_task()])
    system.tasks.claim("r", 1, replace(a_request(), bound=True))
    return system


@each_case(
    ("task", "asked", "kind", "code"),
    [
        (None, {}, errors.TaskNotFound, "task_not_found"),
        (HELD, {"runner_id": "two"}, errors.InvalidRunner, "invalid_runner"),
        (HELD, {"runner_id": "zero", "attempt": None}, errors.LeaseLost, "lease_lost"),
        (HELD, {"runner_id": "two", "attempt": 1}, errors.LeaseLost, "lease_lost"),
        (HELD, {"runner_id": "two", "attempt": 2}, errors.InvalidRunner, "invalid_runner"),
        (
            replace(HELD, former_runner_id=""),
            {"runner_id": "", "attempt": None},
            errors.InvalidRunner,
            "invalid_runner",
        ),
        (HELD, {"attempt": 1}, errors.LeaseLost, "lease_lost"),
        (HELD, {}, errors.BadRequest, "foreign_key"),
        (BOUND, {}, errors.BadRequest, "foreign_key"),
        (BOUND, {"fleet_key": True}, errors.Forbidden, "attempt_token_needed"),
        (HELD, {"fleet_key": True}, errors.BadRequest, "foreign_key"),
        (replace(BOUND, status=TaskStatus.COMPLETED), {"fleet_key": True}, errors.TaskFinished, "task_finished"),
        (replace(HELD, status=TaskStatus.CANCELLED), {}, errors.TaskCancelled, "task_cancelled"),
        (replace(HELD, status=TaskStatus.PENDING), {}, errors.LeaseLost, "lease_lost"),
        (replace(HELD, status=TaskStatus.FAILED), {}, errors.TaskFinished, "task_finished"),
    ],
)
def test_whoever_may_not_speak_is_told_why(
    task: Task | None, asked: dict[str, Any], kind: type[errors.Refusal], code: str
) -> None:
    refusal = explain(task, **{"runner_id": "one", "attempt": 2, **asked})
    assert (type(refusal), refusal.code) == (kind, code)


def sign(system: System, runner_id: str = "one", number: int = 1, **holder: Any) -> str:
    """The key under which the result goes up."""
    signer = SignUploads(system.tasks, system.storage)
    holds = Holder(**{"attempt": 1, "fleet_key": False, **holder})
    return signer("r", number, runner_id=runner_id, holder=holds, declared=None).result_key


def test_the_holder_gets_upload_urls_with_and_without_an_attempt(system: System) -> None:
    assert sign(system) == sign(system, attempt=None)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"runner_id": "two"}, errors.InvalidRunner),
        ({"runner_id": "two", "attempt": None}, errors.InvalidRunner),
        ({"attempt": 2}, errors.LeaseLost),
        ({"attempt": 0}, errors.LeaseLost),
        ({"fleet_key": True}, errors.Forbidden),
        ({"number": 2}, errors.TaskNotFound),
    ],
)
def test_nobody_else_gets_upload_urls(system: System, asked: dict[str, Any], kind: type[errors.Refusal]) -> None:
    with pytest.raises(kind):
        sign(system, **asked)


def test_a_task_that_is_not_held_gets_no_upload_urls(system: System) -> None:
    held = system.tasks.get("r", 1)
    assert held
    system.tasks.requeue(held)
    with pytest.raises(errors.LeaseLost):
        sign(system)


def test_a_key_that_all_runners_share_gets_upload_urls_of_attempts_without_a_token(system: System) -> None:
    system.tasks.create([a_task(2)])
    system.tasks.claim("r", 2, a_request("two"))
    assert sign(system, "two", 2, fleet_key=True)


def test_only_the_runner_of_a_task_owns_it(system: System) -> None:
    check = CheckOwner(system.tasks)
    check("r", 1, runner_id="one")
    with pytest.raises(errors.InvalidRunner):
        check("r", 1, runner_id="two")
    with pytest.raises(errors.TaskNotFound):
        check("r", 2, runner_id="one")
