"""CloudFormation's requests, around moto's: what it forgets of a stack that is protected or cannot be deleted."""

from collections.abc import Callable
from typing import Any

from moto.backends import get_backend

from local_emulator.account.answers import answer_error
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.stacks import change_sets
from local_emulator.account.stacks.stack import Stack
from local_emulator.config import ACCOUNT


def handle(request: ApiRequest, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes] | None:
    """None leaves the request to moto. Callers hold the endpoint's lock."""
    given = request.parameters
    if request.operation == "DeleteStack":
        return _before_deletion(_named(request), start)
    if request.operation == "CreateStack":
        wanted = "DO_NOTHING" if given.get("DisableRollback") == "true" else given.get("OnFailure", "ROLLBACK")
        if wanted == "DELETE":
            message = "the emulated account does not know OnFailure=DELETE: leave it out, or DO_NOTHING"
            return answer_error(start, "query", status=400, code="ValidationError", message=message)
        Stack.on_failure = wanted
    return change_sets.refusal(request, _backend(request.region), environ, start)


def after(request: ApiRequest) -> None:
    """moto forgets a stack before it deletes its resources: one that could not be deleted is still there."""
    backend = _backend(request.region)
    if request.operation == "ExecuteChangeSet":
        change_sets.after_execution(request, backend)
    if request.operation != "DeleteStack":
        return
    for stack in [each for each in backend.deleted_stacks.values() if each.status == "DELETE_FAILED"]:
        del backend.deleted_stacks[stack.stack_id]
        backend.stacks[stack.stack_id] = stack


def _before_deletion(stack: Any, start: Callable[..., Any]) -> list[bytes] | None:
    if stack is None or not stack.enable_termination_protection:
        return None
    message = f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
    return answer_error(start, "query", status=400, code="ValidationError", message=message)


def _named(request: ApiRequest) -> Any:
    wanted = request.parameters.get("StackName")
    return next(
        (each for each in _backend(request.region).stacks.values() if wanted in (each.name, each.stack_id)), None
    )


def _backend(region: str) -> Any:
    return get_backend("cloudformation")[ACCOUNT][region]
