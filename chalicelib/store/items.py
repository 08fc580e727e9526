"""Record ↔ item. An item is a dict of plain values; `marshal` and `unmarshal` turn it into DynamoDB's typed form.

A record's field lives in an attribute of the same name; what is None is absent.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from benchfleet_contract.states import (
    ArchiveState,
    FailureClass,
    HeartbeatStatus,
    ResultState,
    StopReason,
    TaskStatus,
)

from chalicelib.domain.counting import Counts
from chalicelib.domain.fleets import fleet_of_text, fleet_text
from chalicelib.domain.presence import KEEP_MS
from chalicelib.domain.records import (
    ActiveRun,
    ArchiveRecord,
    Contents,
    Demand,
    Ending,
    Goal,
    Group,
    Header,
    Presence,
    Run,
    RunState,
    Stop,
    Task,
)
from chalicelib.store import keys

Item = dict[str, Any]
_STOP = re.compile(r"stop\d+")
_LETTERS = {
    TaskStatus.PENDING: "p", TaskStatus.CLAIMED: "c", TaskStatus.RUNNING: "r",
    TaskStatus.COMPLETED: "d", TaskStatus.FAILED: "f", TaskStatus.CANCELLED: "x",
}  # fmt: skip
_STATUSES = {letter: status for status, letter in _LETTERS.items()}
_TASK_SAME = (
    "run_id", "number", "group", "alias", "run_number", "max_attempts", "lease_ms", "attempt", "runner_id",
    "former_runner_id", "claim_token", "nonce", "bound",
    "executor_id", "generation", "claimed_ms", "lease_until_ms", "not_before_ms", "heartbeat_ms",
    "heartbeat_message", "current_benchmark", "progress_pct", "error_type", "error_message", "reason", "ended_ms",
    "result_key", "error_key", "seal", "result_reason", "subject", "part", "image", "options_at",
)  # fmt: skip
_RUN_SAME = (
    "run_id", "body_sha256", "created_ms", "deadline_ms", "ruby_version", "tasks_per_instance", "task_count", "lease_s",
    "max_attempts", "completed_ms", "reason", "order", "shards", "label", "origin",
)  # fmt: skip


def marshal(value: Any) -> dict[str, Any]:
    """One plain value in DynamoDB's typed form. Floats are not stored anywhere and raise TypeError."""
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": str(value)}
        case int():
            return {"N": str(value)}
        case bytes():
            return {"B": value}
        case frozenset() | set():
            return {"SS": sorted(value)}
        case list() | tuple():
            return {"L": [marshal(entry) for entry in value]}
        case dict():
            return {"M": marshal_item(value)}
    raise TypeError(f"cannot store {type(value).__name__}")


def marshal_item(item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: marshal(value) for name, value in item.items() if value is not None}


def unmarshal(typed: Mapping[str, Any]) -> Any:
    (kind, value), *_ = typed.items()
    match kind:
        case "N":
            return int(Decimal(value))
        case "L":
            return [unmarshal(entry) for entry in value]
        case "M":
            return unmarshal_item(value)
        case "SS":
            return frozenset(value)
        case "B":
            return bytes(value)
    return value


def unmarshal_item(typed: Mapping[str, Mapping[str, Any]]) -> Item:
    return {name: unmarshal(value) for name, value in typed.items()}


def task_item(task: Task) -> Item:
    """A task as it is created: pending."""
    pk, sk = keys.task_key(task.run_id, task.number)
    same = {name: getattr(task, name) for name in _TASK_SAME}
    return same | {
        "pk": pk, "sk": sk, "claim_order": keys.pending_order(task.demand, task.number), "status": str(task.status),
        "provider": task.demand.provider, "instance_type": task.demand.instance_type, "model": task.demand.model,
    }  # fmt: skip


def task_of(item: Mapping[str, Any]) -> Task:
    same: dict[str, Any] = {name: item.get(name) for name in _TASK_SAME}
    return Task(
        **same,
        demand=_demand(item),
        status=TaskStatus(item["status"]),
        extended=bool(item.get("extended")),
        heartbeat_status=HeartbeatStatus(item["heartbeat_status"]) if "heartbeat_status" in item else None,
        failure_class=FailureClass(item["failure_class"]) if "failure_class" in item else None,
        result=ResultState(item["result"]) if "result" in item else None,
    )


def run_item(run: Run) -> Item:
    same = {name: getattr(run, name) for name in _RUN_SAME}
    return same | {
        "pk": keys.run_pk(run.run_id), "sk": keys.RUN, "state": str(run.state),
        "listed": keys.LISTED if run.state is not RunState.CREATING else None,
        "listed_at": keys.listed_at(run.created_ms, run.run_id), "kind": run.workload,
        "workload_options": json.dumps(run.workload_options), "metadata": json.dumps(run.metadata),
        "shared_options": None if run.shared_options is None else json.dumps(run.shared_options),
        "warnings": list(run.warnings), "archive": str(run.archive.state), "groups": groups_value(run.groups),
        "noise_floor": run.noise_floor or None,
        "mirrored": run.mirrored or None,
        "goal": json.dumps(asdict(run.goal)) if run.goal else None,
        "run_model": run.model.model_dump_json(exclude_defaults=True) if run.model else None,
        "fleet": fleet_text(run.fleet) if run.fleet else None,
    }  # fmt: skip


def _model_of(text: str) -> Any:
    """Loaded for the few runs that demand one."""
    from benchfleet_contract.registry.models import RunModel

    return RunModel.model_validate_json(text)


def run_of(item: Mapping[str, Any]) -> Run:
    same: dict[str, Any] = {name: item.get(name) for name in _RUN_SAME}
    return Run(
        **same,
        state=RunState(item["state"]),
        workload=item["kind"],
        shared_options=json.loads(item["shared_options"]) if "shared_options" in item else None,
        workload_options=json.loads(item["workload_options"]),
        metadata=json.loads(item["metadata"]),
        warnings=tuple(item["warnings"]),
        ending=Ending(item["ending"]) if "ending" in item else None,
        noise_floor=item.get("noise_floor", False),
        mirrored=item.get("mirrored", False),
        groups=groups_of(item["groups"]),
        goal=Goal(**json.loads(item["goal"])) if "goal" in item else None,
        model=_model_of(item["run_model"]) if "run_model" in item else None,
        fleet=fleet_of_text(item["fleet"]) if "fleet" in item else None,
        stops={int(name[4:]): _stop_of(value) for name, value in item.items() if _STOP.fullmatch(name)},
        archive=ArchiveRecord(
            state=ArchiveState(item["archive"]),
            key=item.get("archive_key"),
            size_bytes=item.get("archive_size_bytes"),
            sha256=item.get("archive_sha256"),
            error=item.get("archive_error"),
            building_until_ms=item.get("building_until_ms"),
            contents=_contents(item.get("archive_contents")),
        ),
    )


def stop_name(group: int) -> str:
    """The attribute of one group's stop: of its own, so that whoever is first to write it is the only one."""
    return f"stop{group}"


def stop_value(stop: Stop) -> str:
    """As JSON: the table holds no fractions."""
    return json.dumps([stop.reason, stop.at_ms, stop.tasks, stop.half_width])


def _stop_of(value: str) -> Stop:
    reason, at_ms, tasks, half_width = json.loads(value)
    return Stop(StopReason(reason), at_ms, tasks, half_width)


def groups_value(groups: Iterable[Group]) -> list[list[Any]]:
    """`[provider, instance type, total, blocks]`, with the subject and the model behind where there is one.

    Blocks are the same for all groups of a demand: they stand with the first of them, the others have an empty list.
    """
    told: set[Demand] = set()
    value: list[list[Any]] = []
    for group in groups:
        blocks = [] if group.demand in told else list(group.blocks)
        told.add(group.demand)
        more = {"subject": group.subject, "model": group.demand.model}
        some = {name: text for name, text in more.items() if text is not None}
        value.append(
            [group.demand.provider, group.demand.instance_type, group.total, blocks, *([some] if some else [])]
        )
    return value


def groups_of(value: Iterable[Any]) -> tuple[Group, ...]:
    blocks_of: dict[Demand, tuple[int, ...]] = {}
    groups: list[Group] = []
    for provider, kind, total, blocks, *more in value:
        some = more[0] if more else {}
        demand = Demand(provider, kind, some.get("model"))
        groups.append(Group(demand, total, blocks_of.setdefault(demand, tuple(blocks)), some.get("subject")))
    return tuple(groups)


def demand_value(demand: Demand) -> list[str]:
    return [part for part in (demand.provider, demand.instance_type, demand.model) if part is not None]


def _demand(item: Mapping[str, Any]) -> Demand:
    return Demand(item["provider"], item["instance_type"], item.get("model"))


def contents_value(contents: Contents) -> list[Any]:
    return [contents.whole, contents.corrupt, contents.missing, [list(lost) for lost in contents.lost]]


def _contents(value: Any) -> Contents | None:
    """None for an archive that was built before its contents were counted."""
    if value is None:
        return None
    whole, corrupt, missing, lost = value
    return Contents(int(whole), int(corrupt), int(missing), tuple((task, how, why) for task, how, why in lost))


def header_item(run: Run, demand: Demand, block: int) -> Item:
    header = run.header(demand)
    value = {
        "open": header.open, "ruby_version": header.ruby_version, "kind": header.workload,
        "options": json.dumps(header.options), "blocks": list(header.blocks), **({"in_order": True} if header.in_order else {}),
    }  # fmt: skip
    return {
        "pk": keys.block_pk(run.run_id, block), "sk": keys.header_sk(demand), "claim_order": keys.header_order(demand),
        "header": value,
    }  # fmt: skip


def header_of(item: Mapping[str, Any]) -> Header:
    header = item["header"]
    options, blocks = json.loads(header["options"]), tuple(header["blocks"])
    in_order = header.get("in_order", False)  # no header had it before there was an order that needs it
    return Header(header["open"], header.get("ruby_version"), header["kind"], options, blocks, in_order)


def counts_item(run: Run) -> Item:
    pending = {counter(i, TaskStatus.PENDING): group.total for i, group in enumerate(run.groups)}
    fixed = {"pk": keys.run_pk(run.run_id), "sk": keys.COUNTS, "changed_ms": run.created_ms, "verified_ms": 0}
    return pending | fixed | {"judged": True if run.goal else None}


def counts_of(item: Mapping[str, Any]) -> Counts:
    tally = {
        (int(name[1:-1]), _STATUSES[name[-1]]): value
        for name, value in item.items()
        if name[0] == "g" and name[1:-1].isdigit() and value
    }
    watermarks = {int(n[1:]): int.from_bytes(v, "big") for n, v in item.items() if n[0] == "s" and n[1:].isdigit()}
    return Counts(
        tally, item["changed_ms"], item["verified_ms"], item.get("drift"), item.get("drift_seen_ms", 0), watermarks,
        judged="judged" in item,
    )  # fmt: skip


def counter(group: int, status: TaskStatus) -> str:
    """The attribute of one counter: `g3p` is what is pending of the fourth group."""
    return f"g{group}{_LETTERS[status]}"


def watermark(block: int) -> str:
    """The attribute with the last stream sequence number that was applied for a block."""
    return f"s{block}"


def sequence_bytes(sequence: int) -> bytes:
    """Sequence numbers have up to 40 digits, DynamoDB's numbers 38: as bytes they keep their order."""
    return sequence.to_bytes(17, "big")


def active_item(run: Run) -> Item:
    demands = dict.fromkeys(group.demand for group in run.groups)
    return {
        "pk": keys.ACTIVE,
        "sk": run.run_id,
        "created_ms": run.created_ms,
        "kind": run.workload,
        "demands": [demand_value(demand) for demand in demands],
    }


def active_of(item: Mapping[str, Any]) -> ActiveRun:
    demands = frozenset(Demand(*value) for value in item["demands"])
    return ActiveRun(item["sk"], item["created_ms"], item["kind"], demands)


def presence_item(presence: Presence) -> Item:
    pk, sk = keys.seen_key(presence.run_id, presence.runner_id)
    demand = presence.demand
    return {
        "pk": pk, "sk": sk, "runner_id": presence.runner_id, "provider": demand.provider, "model": demand.model,
        "instance_type": demand.instance_type, "run_id": presence.run_id, "seen_ms": presence.seen_ms,
        "expires_s": (presence.seen_ms + KEEP_MS) // 1000,
    }  # fmt: skip


def presence_of(item: Mapping[str, Any]) -> Presence:
    return Presence(item["runner_id"], _demand(item), item.get("run_id"), item["seen_ms"])
