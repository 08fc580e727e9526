"""Creates a run: with all its tasks, or not at all.

The order of writes makes it so. The marker and the reserved id come first, so that a sweep finds what a crash leaves
behind; then the tasks; then `publish`, one conditional write, is the moment from which the run exists; the headers that
let claimers in come last, and a claimer that misses one writes it itself.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from benchfleet_contract.limits import MAX_PLAN_BYTES
from benchfleet_contract.problems import Problem
from benchfleet_contract.runs import RunRequest
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.deleting import free_at_ms
from chalicelib.domain.errors import BadRequest, InvalidRun, RunExists, Unavailable
from chalicelib.domain.fleets import fleet_of
from chalicelib.domain.labels import label_of
from chalicelib.domain.leases import iso
from chalicelib.domain.plan import Plan, PlanTooLarge, plan_of
from chalicelib.domain.ports import Clock, ProvisionQueue, Runs, Storage, Tasks
from chalicelib.domain.records import Goal, Run, RunState, Task

_TRIES_FOR_AN_ID = 5
_MOST_WARNINGS = 100


@dataclass(frozen=True)
class CreateRun:
    """`suffix` gives a short random string, for a default id that is taken."""

    runs: Runs
    tasks: Tasks
    storage: Storage
    provision: ProvisionQueue
    clock: Clock
    suffix: Callable[[], str]

    def __call__(self, body: Mapping[str, Any], *, origin: str = "api") -> Run:
        """The run, new or created before with this very body. `origin` says who made it.

        Raises InvalidRun or BadRequest (nothing was written), RunExists, or Unavailable (still being created).
        """
        return self.with_tasks(body, most=0, origin=origin)[0]

    def with_tasks(self, body: Mapping[str, Any], *, most: int, origin: str = "api") -> tuple[Run, list[Task]]:
        """The run and the first of its tasks, as they are created. Raises as the call does."""
        request, warnings = _read(body)
        fingerprint = fingerprint_of(body)
        plan = _plan(request, seed=fingerprint)
        run = planned(request, plan, fingerprint=fingerprint, warnings=tuple(warnings), now_ms=self.clock())
        made = self._made(run.evolve(origin=origin), plan, body, named=request.run_id is not None)
        return made, list(islice(new_tasks(made, replace(plan, mirrored=made.mirrored)), most))

    def _made(self, run: Run, plan: Plan, body: Mapping[str, Any], *, named: bool) -> Run:
        for _ in range(_TRIES_FOR_AN_ID):
            if self.runs.get(run.run_id) is None and (created := self._create(run, plan, body)):
                return created
            if named:
                found = self.runs.get(run.run_id)
                return _same(found[0] if found else None, run)
            run = run.evolve(run_id=f"{run.created_ms // 1000}-{self.suffix()}")
        raise Unavailable("No run id was free", code="no_free_id")

    def with_plan(
        self, run: Run, plan: Plan, body: Mapping[str, Any], write_first: Callable[[Run], None]
    ) -> Run | None:
        """Creates a run that others have planned; None where its id is taken. `write_first` writes what its tasks need."""
        return None if self.runs.get(run.run_id) else self._create(run, plan, body, write_first)

    def existing(self, wanted: Run) -> Run:
        """The run that has the id already. Raises RunExists where another body asked for it, Unavailable while it is created."""
        found = self.runs.get(wanted.run_id)
        return _same(found[0] if found else None, wanted)

    def _create(
        self, run: Run, plan: Plan, body: Mapping[str, Any], write_first: Callable[[Run], None] = lambda run: None
    ) -> Run | None:
        """None: somebody else was first to take the id."""
        self.runs.announce(run)
        if not self.runs.reserve(run):
            return None
        self.runs.activate(run)
        self.storage.keep_request(run.run_id, json.dumps(body).encode())
        if not plan.is_shared:
            self.storage.keep_plan(run.run_id, plan.document)
        write_first(run)
        self.tasks.create(new_tasks(run, plan))
        if not self.runs.publish(run):
            raise Unavailable("The run took too long to create and was discarded", retry_after_s=5)
        run = run.evolve(state=RunState.RUNNING)
        self.tasks.open_headers(run)
        if run.fleet:
            self.provision.send(run.run_id)
        return run


def check_run(body: Mapping[str, Any]) -> RunRequest:
    """What `POST /runs` would make of this body. Raises InvalidRun or BadRequest as that does; writes nothing."""
    request, _ = _read(body)
    _plan(request, seed="")
    return request


def new_tasks(run: Run, plan: Plan) -> Iterator[Task]:
    """The run's tasks in the order of their numbers."""
    places = None if plan.is_shared else plan.places()
    for number, spec in enumerate(plan.specs(), start=1):
        yield Task(
            run_id=run.run_id, number=number, group=spec.group, demand=spec.demand, alias=spec.alias,
            run_number=spec.repeat, status=TaskStatus.PENDING, max_attempts=run.max_attempts,
            lease_ms=run.lease_s * 1000, subject=spec.subject, part=spec.part, image=spec.image,
            options_at=places[spec.options] if places else None,
        )  # fmt: skip


def _read(body: Mapping[str, Any]) -> tuple[RunRequest, list[str]]:
    """Only who creates runs needs the rules: they are imported here, not when a function starts."""
    from benchfleet_contract.run_instances import NO_INSTANCES
    from benchfleet_contract.run_request import read_run_request

    reading = read_run_request(body)
    if not reading.has_instances:
        raise BadRequest(NO_INSTANCES, code="no_instances", problems=reading.problems)
    if reading.request is None:
        raise InvalidRun(reading.words, problems=reading.problems)
    if reading.request.workload == LLM:
        _refuse_fleets()
    return reading.request, reading.warnings


def _refuse_fleets() -> None:
    words = f"workload {LLM} is that of fleet runs, which are made of a manifest"
    remedy = "POST /fleets/runs, or FleetBenchmark of the SDK (docs/fleet.md)"
    problem = Problem(field="workload", value=LLM, message=words, remedy=remedy)
    raise InvalidRun([f"{words}; {remedy}"], problems=[problem])


def fingerprint_of(body: Mapping[str, Any]) -> str:
    """What tells whether a body asks for the same."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _plan(request: RunRequest, *, seed: str) -> Plan:
    try:
        return plan_of(request, seed=seed)
    except PlanTooLarge:
        words = f"The options of all tasks have more than {MAX_PLAN_BYTES} bytes"
        problem = Problem(
            field="shards", value=request.shards, message=words, remedy="fewer shards, or smaller options"
        )
        raise InvalidRun([words], problems=[problem]) from None


def planned(request: RunRequest, plan: Plan, *, fingerprint: str, warnings: tuple[str, ...], now_ms: int) -> Run:
    """The run as it will be written; `fingerprint` is that of the body that asked for it."""
    return Run(
        run_id=request.run_id or str(now_ms // 1000), state=RunState.CREATING, body_sha256=fingerprint,
        created_ms=now_ms, deadline_ms=now_ms + request.deadline_s * 1000, ruby_version=request.ruby_version,
        workload=request.workload, workload_options=request.workload_options,
        tasks_per_instance=request.tasks_per_instance, task_count=plan.task_count, lease_s=request.lease_s,
        max_attempts=request.max_attempts, metadata=request.metadata, groups=plan.groups, warnings=_some(warnings),
        order=request.order, shards=request.shards, shared_options=_shared(request, plan), label=label_of(request),
        noise_floor=request.noise_floor,
        mirrored=plan.mirrored and plan.order == "interleaved" and len(plan.pieces) > 1,
        goal=_goal(request),
        model=request.model,
        fleet=fleet_of(request),
    )  # fmt: skip


def _goal(request: RunRequest) -> Goal | None:
    asked = request.precision
    return Goal(asked.target, asked.pilot, asked.max_time_s) if asked else None


def _shared(request: RunRequest, plan: Plan) -> dict[str, Any] | None:
    """None where they are the request's own, which the run holds anyway."""
    options: dict[str, Any] = json.loads(plan.option_sets[0]) if plan.is_shared else {}
    return None if options == request.workload_options else options


def _some(warnings: tuple[str, ...]) -> tuple[str, ...]:
    more = len(warnings) - _MOST_WARNINGS
    return warnings if more <= 0 else (*warnings[:_MOST_WARNINGS], f"and {more} more")


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
