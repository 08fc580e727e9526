"""Runs and tasks for tests of the store, made without asking any service."""

from dataclasses import replace
from typing import Any

from benchfleet_contract.states import HeartbeatStatus, TaskStatus

from chalicelib.domain.blocks import blocks_of
from chalicelib.domain.ports import Beat, Verdict
from chalicelib.domain.records import ClaimRequest, Demand, Group, Run, RunState, Task

NOW_MS = 1_800_000_000_000
LEASE_MS = 120_000
LOCAL = Demand("local", "docker")
CLOUD = Demand("aws", "c8g.medium")


def a_run(run_id: str = "r", *, sizes: dict[Demand, int] | None = None, **changes: Any) -> Run:
    """A run in creation; `sizes` are the tasks of each group, numbered one group after the other."""
    groups, number = [], 0
    for key, size in (sizes or {LOCAL: 3}).items():
        groups.append(Group(key, size, tuple(blocks_of(number + 1, number + size))))
        number += size
    run = Run(
        run_id=run_id, state=RunState.CREATING, body_sha256="0" * 64, created_ms=NOW_MS, deadline_ms=NOW_MS + 86_400_000,
        ruby_version=None, workload="mock", workload_options={"n": 1}, tasks_per_instance=1, task_count=number,
        lease_s=LEASE_MS // 1000, max_attempts=2, metadata={"why": "test"}, groups=tuple(groups),
    )  # fmt: skip
    return replace(run, **changes)


def a_task(number: int = 1, *, run_id: str = "r", demand: Demand = LOCAL, **changes: Any) -> Task:
    task = Task(
        run_id=run_id, number=number, group=0, demand=demand, alias="box", run_number=number, status=TaskStatus.PENDING,
        max_attempts=2, lease_ms=LEASE_MS,
    )  # fmt: skip
    return replace(task, **changes)


def tasks_of(run: Run) -> list[Task]:
    owners = [(ordinal, group.demand) for ordinal, group in enumerate(run.groups) for _ in range(group.total)]
    return [
        a_task(number, run_id=run.run_id, demand=key, group=ordinal)
        for number, (ordinal, key) in enumerate(owners, start=1)
    ]


def a_request(
    runner: str = "one", *, token: str | None = None, now_ms: int = NOW_MS, demand: Demand = LOCAL
) -> ClaimRequest:
    return ClaimRequest(demand, runner, token or f"token-{runner}", f"nonce-{runner}", now_ms)


def a_beat(runner: str = "one", *, attempt: int | None = 1, now_ms: int = NOW_MS + 1_000, **changes: Any) -> Beat:
    return replace(Beat(runner, attempt, HeartbeatStatus.RUNNING, "on it", "mandelbrot", 40, now_ms), **changes)


def a_verdict(runner: str = "one", *, attempt: int | None = 1, **changes: Any) -> Verdict:
    verdict = Verdict(TaskStatus.COMPLETED, runner, attempt, NOW_MS + 5_000, nonce=f"nonce-{runner}", result_key="k")
    return replace(verdict, **changes)
