"""Runs, tasks and runners as the API tells them, made up for tests of explanations."""

from datetime import UTC, datetime, timedelta
from typing import Any

from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.runs import Archive, PerInstanceType, RunDetail, TaskCounts
from benchfleet_contract.tasks import Task

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
STATUSES = ["pending", "claimed", "running", "completed", "failed", "cancelled"]


def at(seconds_ago: float) -> str:
    return f"{NOW - timedelta(seconds=seconds_ago):%Y-%m-%dT%H:%M:%SZ}"


def a_task(number: int = 1, status: str = "pending", **changes: Any) -> Task:
    flying = status in ("claimed", "running")
    told: dict[str, Any] = dict.fromkeys(Task.model_fields) | {
        "id": f"r.{number}", "provider": "local", "instance_type": "docker", "run_number": number, "status": status,
        "attempt": 0 if status == "pending" else 1, "max_attempts": 3,
        "runner_id": None if status == "pending" else "box", "heartbeat_at": at(3) if flying else None,
        "claimed_at": at(60) if flying else None, "lease_until": at(-117) if flying else None,
    }  # fmt: skip
    return Task.model_validate(told | changes)


def a_failure(number: int = 1, **changes: Any) -> Task:
    told = {"error_type": "benchmark_failed", "error_message": "exit 1", "failure_class": "benchmark"}
    return a_task(number, "failed", **told, ended_at=at(50), **changes)


def a_runner(runner_id: str = "box", kind: str = "local/docker", **changes: Any) -> RunnerSeen:
    provider, instance_type = kind.split("/")
    told = {"seen_at": at(5), "live": True, "task_ids": []} | changes
    return RunnerSeen(runner_id=runner_id, provider=provider, instance_type=instance_type, **told)


def a_run(tasks: list[Task], **changes: Any) -> RunDetail:
    counts = {status: sum(task.status == status for task in tasks) for status in STATUSES}
    told: dict[str, Any] = {
        "run_id": "r", "status": "running", "ruby_version": None, "per_instance_type": PerInstanceType(tasks=1),
        "tasks": TaskCounts(total=len(tasks), **counts), "gzip_url": None, "created_at": at(300), "completed_at": None,
        "deadline_at": at(-80_000), "reason": None, "workload": "mock", "workload_options": {}, "metadata": {},
        "archive": Archive(state="none"), "groups": [],
    }  # fmt: skip
    return RunDetail.model_validate(told | changes)
