"""Creates a fleet run: an ordinary run, whose shards lie in the bucket before it can be seen."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.fleets.plan import FleetPlan
from benchfleet_contract.fleets.runs import FleetHandle, FleetRunRequest

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.fleet_budget import NANO
from chalicelib.domain.fleet_errors import KeyTaken
from chalicelib.domain.fleet_plan import (
    MANIFEST_FILE,
    PLAN_FILE,
    as_plan,
    as_request,
    expected_artifacts,
    outline,
    run_ids,
)
from chalicelib.domain.fleet_ports import Claimed, FleetFiles, Fleets
from chalicelib.domain.leases import iso
from chalicelib.domain.plan import Plan
from chalicelib.domain.ports import Clock
from chalicelib.domain.records import Run
from chalicelib.services.fleets.carry_over import CarryOver
from chalicelib.services.fleets.read_request import ReadFleet, read_body
from chalicelib.services.runs.create_run import CreateRun, fingerprint_of, planned


@dataclass(frozen=True)
class CreateFleet:
    create: CreateRun
    fleets: Fleets
    files: FleetFiles
    read: ReadFleet
    carry_over: CarryOver
    clock: Clock

    def __call__(self, body: Mapping[str, Any]) -> FleetHandle:
        """Raises InvalidFleet (nothing was written), KeyTaken, Unavailable; of an earlier run RunNotFound and RunNotOver."""
        asked = read_body(FleetRunRequest, body)
        plan = self.read.plan(asked)
        earlier = self.carry_over.check(asked, plan)
        now_ms = self.clock()
        request = as_request(plan, asked)
        tasks = as_plan(plan, request)
        run = planned(
            request,
            tasks,
            fingerprint=fingerprint_of(body),
            warnings=tuple(plan.warnings),
            now_ms=now_ms,
        )
        run = run.evolve(label=plan.fleet_id)

        def write_first(run: Run) -> None:
            self._write(run, plan, asked)
            if earlier:
                self.carry_over(earlier, run.run_id, plan, errors_too=asked.retry_errors_of is None)

        key, ids = asked.idempotency_key, run_ids(plan.fleet_id, _stamp(run.created_ms))
        made = (
            self._once(run, key, ids, tasks, body, write_first)
            if key
            else self._made(run, ids, tasks, body, write_first)
        )
        return _handle(made, plan)

    def _made(
        self, run: Run, ids: Iterable[str], tasks: Plan, body: Mapping[str, Any], write_first: Callable[[Run], None]
    ) -> Run:
        for run_id in ids:
            if made := self.create.with_plan(run.evolve(run_id=run_id), tasks, body, write_first):
                return made
        raise Unavailable("No run id was free", code="no_free_id", retry_after_s=1)

    def _once(
        self,
        run: Run,
        key: str,
        ids: Iterable[str],
        tasks: Plan,
        body: Mapping[str, Any],
        write_first: Callable[[Run], None],
    ) -> Run:
        """The key is bound to an id before the run is made: whoever repeats the request goes on with that id."""
        for run_id in ids:
            if self.create.runs.get(run_id) is not None:
                continue
            mine = Claimed(run_id, run.body_sha256, run.created_ms)
            holds = self.fleets.claim_key(key, mine, now_ms=run.created_ms)
            if holds.body_sha256 != run.body_sha256:
                words = (
                    f"The idempotency key {key!r} belongs to run {holds.run_id}, which was asked for with another body"
                )
                raise KeyTaken(f"{words}; use another key")
            wanted = run.evolve(run_id=holds.run_id)
            return self.create.with_plan(wanted, tasks, body, write_first) or self.create.existing(wanted)
        raise Unavailable("No run id was free", code="no_free_id", retry_after_s=1)

    def _write(self, run: Run, plan: FleetPlan, asked: FleetRunRequest) -> None:
        self.files.keep_all(run.run_id, _documents(plan, asked))
        if plan.settings.max_cost is not None:
            self.fleets.begin_budget(run.run_id, int(plan.settings.max_cost * NANO))


def _documents(plan: FleetPlan, asked: FleetRunRequest) -> Iterator[tuple[str, bytes]]:
    for shard in plan.shards:
        yield f"shards/{shard.number}.json", shard.model_dump_json().encode()
    yield MANIFEST_FILE, json.dumps(asked.manifest, indent=2).encode()
    yield PLAN_FILE, json.dumps(outline(plan)).encode()


def _handle(run: Run, plan: FleetPlan) -> FleetHandle:
    return FleetHandle(
        run_id=run.run_id, fleet_id=plan.fleet_id, status_url=f"/fleets/runs/{run.run_id}",
        artifact_prefix=f"/fleets/runs/{run.run_id}/artifacts/", repository_count=len(plan.repositories),
        providers=list(dict.fromkeys(target.provider for target in plan.targets)),
        targets=[target.spec for target in plan.targets], started_at=iso(run.created_ms) or "",
        expected_artifacts=expected_artifacts(plan), request_count=plan.request_count, shards=len(plan.shards),
        warnings=list(plan.warnings),
    )  # fmt: skip


def _stamp(now_ms: int) -> str:
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d-%H%M%S")
