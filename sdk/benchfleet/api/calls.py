"""One call of the API, and the path of everything that can be called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.names import LAUNCH, RUN_ID, split_task_id

from benchfleet.exceptions import UsageError


@dataclass(frozen=True)
class Call:
    """`repeatable`: the server takes it twice without harm. `patient`: troubles that pass are waited for."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    patient: bool = True
    timeout_s: float = 30.0


def run_path(run_id: str, *rest: str) -> str:
    """Raises UsageError for an invalid run id: it would lead to another route."""
    if not RUN_ID.fullmatch(str(run_id)):
        raise UsageError(f"invalid run id {run_id!r}: use letters, digits, dots, dashes and underscores, at most 128")
    return "/".join(("/runs", str(run_id), *rest))


def executor_path(executor_id: str, *rest: str) -> str:
    """Raises UsageError for an invalid id."""
    return "/".join(("/executors", named(executor_id), *rest))


def named(value: str) -> str:
    """The id of an executor or a reservation. Raises UsageError for what cannot be one: it would lead to another route."""
    if not RUN_ID.fullmatch(str(value)):
        raise UsageError(f"invalid id {value!r}: use letters, digits, dots, dashes and underscores, at most 128")
    return str(value)


def launch_name(name: str) -> str:
    """Raises UsageError for an invalid one."""
    if not LAUNCH.fullmatch(str(name)):
        raise UsageError(f"invalid name of a launch {name!r}: it is as in bf-1a2b3c4d-1")
    return str(name)


def task_path(task_id: str, *rest: str) -> str:
    """Raises UsageError for an invalid task id."""
    if split_task_id(str(task_id)) is None:
        raise UsageError(f"invalid task id {task_id!r}: use a run id, a dot and a number, as in 1795327056.3")
    return "/".join(("/tasks", str(task_id), *rest))
