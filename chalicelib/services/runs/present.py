"""Runs and tasks as the wire shows them to readers."""

from collections.abc import Iterable
from typing import Any

from benchfleet_contract.runs import (
    Archive,
    CreatedRun,
    GroupCounts,
    GroupStop,
    LostResult,
    NewTask,
    PerInstanceType,
    RunDetail,
    RunListItem,
    RunPrecision,
    TaskCounts,
)
from benchfleet_contract.states import RunStatus, TaskStatus
from benchfleet_contract.tasks import Task as TaskView

from chalicelib.domain.counting import Counts
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Storage
from chalicelib.domain.records import Contents, Goal, Run, Task


def created(run: Run, tasks: Iterable[Task]) -> CreatedRun:
    told = [new_task(task) for task in tasks]
    return CreatedRun(run_id=run.run_id, tasks_created=run.task_count, tasks=told, warnings=list(run.warnings))


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
        precision=_precision(run, run.goal) if run.goal else None, model=run.model,
    )  # fmt: skip


def _precision(run: Run, goal: Goal) -> RunPrecision:
    stops = [
        GroupStop(
            provider=group.demand.provider, instance_type=group.demand.instance_type, subject=group.subject,
            reason=stop.reason, at=iso(stop.at_ms) or "", tasks=stop.tasks, half_width=stop.half_width,
        )
        for group, stop in ((run.groups[ordinal], stop) for ordinal, stop in sorted(run.stops.items()))
    ]  # fmt: skip
    return RunPrecision(
        target=goal.target, pilot=goal.pilot, max_time_s=goal.max_time_s, max_tasks=run.tasks_per_instance, stops=stops
    )


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
