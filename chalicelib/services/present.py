"""What a runner is told: of its claims and heartbeats. Loaded at a start; what readers are told is in `runs/present.py`."""

from collections.abc import Callable
from typing import Any

from benchfleet_contract.limits import MAX_OPTIONS_BYTES
from benchfleet_contract.run_options import ruby_version_of
from benchfleet_contract.tasks import AssignedTask, ClaimReply, HeartbeatReply

from chalicelib.domain.leases import iso, next_heartbeat_in_s
from chalicelib.domain.outcomes import Assigned, Done, Outcome, Wait
from chalicelib.domain.ports import Storage
from chalicelib.domain.records import Header, Task


def claimed(outcome: Outcome, storage: Storage, sign: Callable[[str, int], str] | None = None) -> ClaimReply:
    """`sign` makes the token of an attempt, where one was asked for. Raises Unavailable when the plan cannot be read.

    What is not set is not on the wire.
    """
    match outcome:
        case Assigned(task, header):
            reply = assigned(task, header, storage)
            return reply.model_copy(update={"attempt_token": sign(task.id, task.attempt)}) if sign else reply
        case Wait(seconds, message):
            said = {"retry_after_seconds": seconds} | _message(message)
            return ClaimReply.model_validate({"status": "wait", **said})
        case Done(message):
            return ClaimReply.model_validate({"status": "done", **_message(message)})


def _message(message: str | None) -> dict[str, Any]:
    return {} if message is None else {"message": message}


def assigned(task: Task, header: Header, storage: Storage) -> ClaimReply:
    given = _options(task, header, storage)
    shown = ruby_version_of(header.workload, given["workload_options"], header.ruby_version)
    only = {"subject": task.subject, "part": task.part, "image": task.image}
    view = AssignedTask(
        id=task.id, provider=task.demand.provider, instance_type=task.demand.instance_type, instance_type_alias=task.alias,
        run_number=task.run_number, ruby_version=shown, run_id=task.run_id, workload=header.workload,
        attempt=task.attempt, max_attempts=task.max_attempts, lease_until=iso(task.lease_until_ms) or "",
        next_heartbeat_in_s=next_heartbeat_in_s(task.lease_ms), **given,
        **{name: value for name, value in only.items() if value is not None},
    )  # fmt: skip
    return ClaimReply(status="assigned", task=view, presigned_urls=storage.sign_uploads(task))


def _options(task: Task, header: Header, storage: Storage) -> dict[str, Any]:
    """The task's options as they are, or where they can be read: many bytes in every reply help nobody."""
    if task.options_at is None:
        return {"workload_options": header.options}
    offset, length = map(int, task.options_at.split(":"))
    if length <= MAX_OPTIONS_BYTES:
        return {"workload_options": storage.options(task.run_id, offset, length)}
    url, last = storage.sign_plan(task.run_id), offset + length - 1
    return {"workload_options": {}, "workload_options_url": url, "workload_options_range": f"{offset}-{last}"}


def renewed(task: Task) -> HeartbeatReply:
    return HeartbeatReply(
        message="Heartbeat received", cancel=False, lease_until=iso(task.lease_until_ms) or "",
        next_heartbeat_in_s=next_heartbeat_in_s(task.lease_ms),
    )  # fmt: skip
