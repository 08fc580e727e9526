"""Change sets that make and change stacks as requests without them do: moto's know no outputs, events or failures.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-changesets.html
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.cloudformation import models
from moto.cloudformation.exceptions import ValidationError

from local_emulator.account.stacks.stack import Stack

_Backend = models.CloudFormationBackend
_REVIEW = "REVIEW_IN_PROGRESS"


def _create(backend: Any, stack_name: str, *arguments: Any, **named: Any) -> Any:
    """A stack that has only ever had a change set is taken up again, not made beside itself."""
    kind = named.get("change_set_type") or arguments[4]
    if kind == "CREATE":
        for stack in [each for each in backend.stacks.values() if each.name == stack_name]:
            if stack.status != _REVIEW:
                raise ValidationError(message=f"Stack [{stack_name}] already exists and cannot be created again")
            _forget(backend, stack)
    return _MOTO_CREATE(backend, stack_name, *arguments, **named)


def _execute(backend: Any, change_set_name: str, stack_name: str | None = None) -> None:
    change_set = _named(backend, change_set_name, stack_name)
    stack = backend.stacks[change_set.stack_id]
    if change_set.change_set_type == "CREATE":
        backend.stacks[change_set.stack_id] = made = _made(backend, change_set)
        made.events[:0] = stack.events
        made._ends("CREATE_IN_PROGRESS", "User Initiated")
        made.create_resources()
    else:
        stack.update(change_set.template, parameters=change_set.parameters, tags=change_set.tags)
    _forget_change_sets(backend, stack)


def _delete(backend: Any, change_set_name: str) -> None:
    """One that is not there is deleted already."""
    for key in [key for key, each in backend.change_sets.items() if change_set_name in (key, each.change_set_name)]:
        del backend.change_sets[key]


def _made(backend: Any, change_set: Any) -> Stack:
    make: Any = Stack  # moto leaves methods of it abstract
    made: Stack = make(
        stack_id=change_set.stack_id,
        name=change_set.stack_name,
        template=change_set.template,
        parameters=change_set.parameters,
        account_id=backend.account_id,
        region_name=backend.region_name,
        notification_arns=change_set.notification_arns,
        tags=change_set.tags,
        role_arn=change_set.role_arn,
    )
    return made


def _named(backend: Any, name: str, stack_name: str | None) -> Any:
    for key, each in backend.change_sets.items():
        if name in (key, each.change_set_name) and stack_name in (None, "", each.stack_name, each.stack_id):
            return each
    raise ValidationError(message=f"ChangeSet [{name}] does not exist")


def _forget(backend: Any, stack: Any) -> None:
    _forget_change_sets(backend, stack)
    del backend.stacks[stack.stack_id]


def _forget_change_sets(backend: Any, stack: Any) -> None:
    """An executed change set is deleted with all others of its stack."""
    for key in [key for key, each in backend.change_sets.items() if each.stack_id == stack.stack_id]:
        del backend.change_sets[key]


_OURS = {"create_change_set": _create, "execute_change_set": _execute, "delete_change_set": _delete}
_MOTO_CREATE = _Backend.create_change_set


@contextmanager
def our_change_sets() -> Iterator[None]:
    """moto's backend has these methods meanwhile."""
    before = {name: getattr(_Backend, name) for name in _OURS}
    for name, method in _OURS.items():
        setattr(_Backend, name, method)
    try:
        yield
    finally:
        for name, method in before.items():
            setattr(_Backend, name, method)
