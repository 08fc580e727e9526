"""A fleet's plan as a run: one subject for each target, one part for each repository (and scenario), one task for each shard."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from benchfleet_contract.fleets.plan import FleetPlan
from benchfleet_contract.fleets.runs import FleetRunRequest
from benchfleet_contract.runs import Instance, RunRequest, Subject
from benchfleet_contract.workloads.known import LLM

from chalicelib.domain.blocks import blocks_of
from chalicelib.domain.plan import Piece, Plan
from chalicelib.domain.records import Demand, Group

PLAN_FILE, MANIFEST_FILE = "plan.json", "manifest.json"
_STAMP = re.compile(r"-\d{8}-\d{6}(-\d+)?$")
_MOST_TRIES = 50


def run_ids(fleet_id: str, stamp: str) -> Iterator[str]:
    """`{fleet_id}-{YYYYMMDD-HHMMSS}`, then the same with `-2`, `-3` …"""
    yield f"{fleet_id}-{stamp}"
    for number in range(2, _MOST_TRIES + 1):
        yield f"{fleet_id}-{stamp}-{number}"


def fleet_id_of(run_id: str) -> str:
    return _STAMP.sub("", run_id)


def as_request(plan: FleetPlan, asked: FleetRunRequest) -> RunRequest:
    where = asked.runs_on
    return RunRequest(
        run_id=None, ruby_version=None, workload=LLM, workload_options={"fleet_id": plan.fleet_id},
        tasks_per_instance=1, lease_s=asked.lease_s, max_attempts=asked.max_attempts, deadline_s=asked.deadline_s,
        metadata=asked.metadata, instances=[Instance(provider=where.provider, instance_type=where.instance_type, alias=None)],
        subjects=[Subject(name=target.name) for target in plan.targets], order="grouped",
    )  # fmt: skip


def as_plan(plan: FleetPlan, request: RunRequest) -> Plan:
    """Task n is shard n: tasks are planned in the order of the shards, whatever the order of targets."""
    pieces = tuple(Piece(shard.target.name, None, shard.part, 0) for shard in plan.shards)
    options = b'{"fleet_id": "%s"}' % plan.fleet_id.encode()
    return Plan(tuple(request.instances), 1, pieces, "grouped", "", _groups(plan, request.instances[0]), (options,))


def outline(plan: FleetPlan) -> dict[str, Any]:
    """The plan with numbers of tests instead of tests: what a status is made of."""
    document = plan.model_dump(mode="json", exclude={"shards"})
    shards = [
        {
            "number": shard.number, "repository_id": shard.repository_id, "scenario": shard.scenario,
            "target": shard.target.name, "spec": shard.target.spec, "tests": len(shard.tests),
        }
        for shard in plan.shards
    ]  # fmt: skip
    return document | {"shards": shards}


def expected_artifacts(plan: FleetPlan) -> list[str]:
    """The two files of the fleet, then two of each repository and target, with a level for scenarios where there are several."""
    found = ["fleet-results.json", "fleet-summary.csv"]
    told = outline(plan)
    for shard in told["shards"]:
        folder = folder_of(told, shard)
        found += [f"{folder}/results.json", f"{folder}/summary.csv"]
    return found


def folder_of(told: Mapping[str, Any], shard: Mapping[str, Any]) -> str:
    """Where the files of a shard stand among the artifacts; `told` and `shard` are of an `outline`."""
    several = any(one["id"] == shard["repository_id"] and len(one["scenarios"]) > 1 for one in told["repositories"])
    levels = [shard["repository_id"], shard["target"], *([shard["scenario"]] if several and shard["scenario"] else [])]
    return "/".join(levels)


def _groups(plan: FleetPlan, instance: Instance) -> tuple[Group, ...]:
    demand = Demand(instance.provider, instance.instance_type, None)
    sizes = Counter(shard.target.name for shard in plan.shards)
    blocks = tuple(sorted(blocks_of(1, len(plan.shards))))
    return tuple(Group(demand, size, blocks, name) for name, size in sizes.items())
