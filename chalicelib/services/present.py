"""Records as the wire shows them."""

from collections.abc import Callable
from typing import Any

from benchfleet_contract.limits import MAX_OPTIONS_BYTES
from benchfleet_contract.run_options import ruby_version_of
from benchfleet_contract.runs import (
    Archive,
    GroupCounts,
    LostResult,
    NewTask,
    PerInstanceType,
    RunDetail,
    RunListItem,
    TaskCounts,
)
from benchfleet_contract.states import RunStatus, TaskStatus
from benchfleet_contract.tasks import AssignedTask, ClaimReply, HeartbeatReply
from benchfleet_contract.tasks import Task as TaskView

from chalicelib.domain.counting import Counts
from chalicelib.domain.leases import iso, next_heartbeat_in_s
from chalicelib.domain.outcomes import Assigned, Done, Outcome, Wait
from chalicelib.domain.ports import Storage
from chalicelib.domain.records import Contents, Header, Run, Task


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


def new_task(task: Task) -> NewTask:
    return NewTask(
        id=task.id, provider=task.demand.provider, instance_type=task.demand.instance_type, instance_type_alias=task.alias,
        run_number=task.run_number, status=TaskStatus.PENDING, subject=task.subject, part=task.part,
    )  # fmt: skip


def task_view(task: Task) -> TaskView:
    return TaskView(
        id=task.id, provider=task.demand.provider, instance_type=task.demand.instance_type, instance_type_alias=task.alias,
        run_number=task.run_number, status=task.status, runner_id=task.runner_id, claimed_at=iso(task.claimed_ms),
        heartbeat_at=iso(task.heartbeat_ms), heartbeat_status=task.heartbeat_status,
        heartbeat_message=task.heartbeat_message, current_benchmark=task.current_benchmark,
        progress_pct=task.progress_pct, error_type=task.error_type, error_message=task.error_message,
        failure_class=task.failure_class, reason=task.reason, attempt=task.attempt, max_attempts=task.max_attempts,
        lease_until=iso(task.lease_until_ms), ended_at=iso(task.ended_ms), result_key=task.result_key,
        error_key=task.error_key, result=task.result, result_reason=task.result_reason,
        subject=task.subject, part=task.part,
    )  # fmt: skip


def list_item(run: Run) -> RunListItem:
    """What the label says is, for every kind until now, versions of ruby."""
    return RunListItem(
        run_id=run.run_id, status=RunStatus(run.state), ruby_version=run.label,
        created_at=iso(run.created_ms) or "", workload=run.workload,
    )  # fmt: skip


def run_detail(run: Run, counts: Counts, storage: Storage) -> RunDetail:
    url = storage.sign_archive(run)
    contents = run.archive.contents
    archive = Archive(
        state=run.archive.state, key=run.archive.key, size_bytes=run.archive.size_bytes, sha256=run.archive.sha256,
        url=url, error=run.archive.error, **(_contents(contents) if contents else {}),
    )  # fmt: skip
    return RunDetail(
        run_id=run.run_id, status=RunStatus(run.state), ruby_version=run.asked_ruby_version,
        per_instance_type=PerInstanceType(tasks=run.tasks_per_instance), tasks=task_counts(run, counts), gzip_url=url,
        created_at=iso(run.created_ms) or "", completed_at=iso(run.completed_ms), deadline_at=iso(run.deadline_ms) or "",
        reason=run.reason, workload=run.workload, workload_options=run.workload_options, lease_s=run.lease_s,
        max_attempts=run.max_attempts, metadata=run.metadata, archive=archive, groups=_groups(run, counts),
    )  # fmt: skip


def _contents(contents: Contents) -> dict[str, Any]:
    lost = [LostResult.model_validate({"task_id": t, "archived": how, "reason": why}) for t, how, why in contents.lost]
    return {"whole": contents.whole, "corrupt": contents.corrupt, "missing": contents.missing, "lost": lost}


def task_counts(run: Run, counts: Counts) -> TaskCounts:
    return TaskCounts(total=run.task_count, **{str(status): counts.of(status) for status in TaskStatus})


def _groups(run: Run, counts: Counts) -> list[GroupCounts]:
    return [
        GroupCounts(
            provider=group.demand.provider,
            instance_type=group.demand.instance_type,
            subject=group.subject,
            total=group.total,
            **{str(status): counts.of(status, ordinal) for status in TaskStatus},
        )
        for ordinal, group in enumerate(run.groups)
    ]
