"""Creates a run: with all its tasks, or not at all.

The order of writes makes it so. The marker and the reserved id come first, so that a sweep finds what a crash leaves
behind; then the tasks; then `publish`, one conditional write, is the moment from which the run exists; the headers that
let claimers in come last, and a claimer that misses one writes it itself.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.run_instances import NO_INSTANCES
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.runs import RunRequest
from benchfleet_contract.states import TaskStatus

from chalicelib.domain.blocks import block_of
from chalicelib.domain.deleting import free_at_ms
from chalicelib.domain.errors import BadRequest, InvalidRun, RunExists, Unavailable
from chalicelib.domain.leases import iso
from chalicelib.domain.ports import Clock, Runs, Storage, Tasks
from chalicelib.domain.records import Demand, Group, Run, RunState, Task

_TRIES_FOR_AN_ID = 5
_MOST_WARNINGS = 100


@dataclass(frozen=True)
class CreateRun:
    """`suffix` gives a short random string, for a default id that is taken."""

    runs: Runs
    tasks: Tasks
    storage: Storage
    clock: Clock
    suffix: Callable[[], str]

    def __call__(self, body: Mapping[str, Any]) -> Run:
        """The run, new or created before with this very body.

        Raises InvalidRun or BadRequest (nothing was written), RunExists, or Unavailable (still being created).
        """
        request, warnings = _read(body)
        run = planned(request, fingerprint=_fingerprint(body), warnings=tuple(warnings), now_ms=self.clock())
        for _ in range(_TRIES_FOR_AN_ID):
            if self.runs.get(run.run_id) is None and (created := self._create(run, request, body)):
                return created
            if request.run_id:
                found = self.runs.get(run.run_id)
                return _same(found[0] if found else None, run)
            run = run.evolve(run_id=f"{run.created_ms // 1000}-{self.suffix()}")
        raise Unavailable("No run id was free", code="no_free_id")

    def _create(self, run: Run, request: RunRequest, body: Mapping[str, Any]) -> Run | None:
        """None: somebody else was first to take the id."""
        self.runs.announce(run)
        if not self.runs.reserve(run):
            return None
        self.runs.activate(run)
        self.storage.keep_request(run.run_id, json.dumps(body).encode())
        self.tasks.create(new_tasks(run, request))
        if not self.runs.publish(run):
            raise Unavailable("The run took too long to create and was discarded", retry_after_s=5)
        run = run.evolve(state=RunState.RUNNING)
        self.tasks.open_headers(run)
        return run


def new_tasks(run: Run, request: RunRequest) -> Iterator[Task]:
    """The run's tasks in the order of their numbers: instances as listed, `run_number` 1 … n for each."""
    ordinals = {group.demand: i for i, group in enumerate(run.groups)}
    number = 0
    for instance in request.instances:
        demand = Demand(instance.provider, instance.instance_type)
        for run_number in range(1, request.tasks_per_instance + 1):
            number += 1
            yield Task(
                run_id=run.run_id, number=number, group=ordinals[demand], demand=demand, alias=instance.alias,
                run_number=run_number, status=TaskStatus.PENDING, max_attempts=run.max_attempts,
                lease_ms=run.lease_s * 1000,
            )  # fmt: skip


def _read(body: Mapping[str, Any]) -> tuple[RunRequest, list[str]]:
    reading = read_run_request(body)
    if not reading.has_instances:
        raise BadRequest(NO_INSTANCES, code="no_instances", problems=reading.problems)
    if reading.request is None:
        raise InvalidRun(reading.words, problems=reading.problems)
    return reading.request, reading.warnings


def _fingerprint(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def planned(request: RunRequest, *, fingerprint: str, warnings: tuple[str, ...], now_ms: int) -> Run:
    """The run as it will be written; `fingerprint` is that of the body that asked for it."""
    return Run(
        run_id=request.run_id or str(now_ms // 1000), state=RunState.CREATING, body_sha256=fingerprint,
        created_ms=now_ms, deadline_ms=now_ms + request.deadline_s * 1000, ruby_version=request.ruby_version,
        workload=request.workload, workload_options=request.workload_options,
        tasks_per_instance=request.tasks_per_instance, task_count=request.task_count, lease_s=request.lease_s,
        max_attempts=request.max_attempts, metadata=request.metadata, groups=_groups(request),
        warnings=_some(warnings),
    )  # fmt: skip


def _some(warnings: tuple[str, ...]) -> tuple[str, ...]:
    more = len(warnings) - _MOST_WARNINGS
    return warnings if more <= 0 else (*warnings[:_MOST_WARNINGS], f"and {more} more")


def _groups(request: RunRequest) -> tuple[Group, ...]:
    totals: dict[Demand, int] = {}
    blocks: dict[Demand, set[int]] = {}
    number = 0
    for instance in request.instances:
        demand = Demand(instance.provider, instance.instance_type)
        last = number + request.tasks_per_instance
        totals[demand] = totals.get(demand, 0) + request.tasks_per_instance
        blocks.setdefault(demand, set()).update(range(block_of(number + 1), block_of(last) + 1))
        number = last
    return tuple(Group(key, total, tuple(sorted(blocks[key]))) for key, total in totals.items())


def _same(existing: Run | None, wanted: Run) -> Run:
    if existing is None:
        raise Unavailable("The run is being created by another request", code="being_created")
    if existing.state in (RunState.DELETING, RunState.DELETED):
        raise _not_free_yet(existing, now_ms=wanted.created_ms)
    if existing.body_sha256 != wanted.body_sha256:
        raise RunExists
    if existing.state is RunState.CREATING:
        raise Unavailable("The run is still being created", retry_after_s=5, code="being_created")
    return existing


def _not_free_yet(run: Run, *, now_ms: int) -> Unavailable:
    """Whoever still holds an upload URL or a token of the deleted run must not reach a new one."""
    free_ms = max(free_at_ms(run), now_ms + 5_000)
    words = f"Run {run.run_id} was deleted a short time ago: its id is free from {iso(free_ms)} on, another one is now"
    return Unavailable(words, retry_after_s=-(-(free_ms - now_ms) // 1000), code="being_deleted")
