"""One pure function per conditional write: the state change by name, as data. `table.py` sends them.

`#name` stands for an attribute, `:name` for a value; values that follow from a write's `sets` need no name of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchfleet_contract import limits
from benchfleet_contract.states import (
    NOT_PROVISIONED,
    ArchiveState,
    FailureClass,
    HeartbeatStatus,
    StopReason,
    TaskStatus,
)

from chalicelib.domain.counting import Tally
from chalicelib.domain.handing_back import ELSEWHERE_MS, history, home_of
from chalicelib.domain.leases import timeout_message
from chalicelib.domain.ports import Beat, Built, Flaw, Verdict
from chalicelib.domain.records import ClaimRequest, Ending, Run, RunState, Stop, Task
from chalicelib.domain.transitions import IN_FLIGHT, OPEN
from chalicelib.store import keys
from chalicelib.store.items import contents_value, counter, sequence_bytes, stop_name, stop_value, watermark

if TYPE_CHECKING:
    from chalicelib.domain.launch_records import Failure


@dataclass(frozen=True)
class Raw:
    """The right side of a SET that is an expression, not a value."""

    text: str


@dataclass(frozen=True)
class Write:
    """One `UpdateItem`. A `sets` value of None removes the attribute. `adds` are numbers, or members for a set."""

    pk: str
    sk: str
    condition: str
    sets: dict[str, Any] = field(default_factory=dict)
    adds: Mapping[str, int | frozenset[str]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)  # members out of a set


_PENDING = {":pending": TaskStatus.PENDING}
_FLYING = {f":{status}": status for status in IN_FLIGHT}
_IN_FLIGHT = f"#status IN ({', '.join(sorted(_FLYING))})"
_OPEN_VALUES = {f":{status}": status for status in OPEN}
_OPEN = f"#status IN ({', '.join(sorted(_OPEN_VALUES))})"
_FORGET_BEAT = dict.fromkeys(("heartbeat_status", "heartbeat_message", "current_benchmark", "progress_pct", "extended"))
_FORGET_LEASE = dict.fromkeys(
    ("executor_id", "generation", "lease_until_ms", "claim_token", "nonce", "bound", "claimed_ms", "heartbeat_ms")
)


def claim(run_id: str, number: int, request: ClaimRequest) -> Write:
    """pending → claimed, attempt + 1.

        created ──────► pending ──claim──► claimed ──beats──► lease_until ──sweep──► pending (attempt left)
                          ▲ `ready`: status is pending and its earliest time has come

    The writer's own second try (botocore repeats a call whose answer was lost) fails `ready`; the refusal brings the item
    back, and its claim token tells the writer that the task is already its own.
    """
    pk, sk = keys.task_key(run_id, number)
    ready = "#status = :pending AND (attribute_not_exists(#not_before_ms) OR #not_before_ms <= :now)"
    sets = {
        "status": TaskStatus.CLAIMED, "attempt": Raw("#attempt + :one"), "claim_token": request.token,
        "runner_id": request.runner_id, "nonce": request.nonce, "claimed_ms": request.now_ms, "heartbeat_ms": request.now_ms,
        "lease_until_ms": Raw(":now + #lease_ms"), "claim_order": keys.leased_order(request.demand, request.token),
        "former_runner_id": Raw("if_not_exists(#runner_id, :nobody)"), "not_before_ms": None,
        "bound": request.bound or None, "executor_id": request.executor_id, "generation": request.generation,
    }  # fmt: skip
    values = _PENDING | {":now": request.now_ms, ":one": 1, ":nobody": ""}
    return Write(pk, sk, ready, sets | _FORGET_BEAT, values=values)


def renew(run_id: str, number: int, beat: Beat) -> Write:
    """claimed | running → the same, lease_until moved; claimed → running when the beat says so. Touches no index."""
    pk, sk = keys.task_key(run_id, number)
    condition, values = _owned(beat.runner_id, beat.attempt, fleet_key=beat.fleet_key)
    sets: dict[str, Any] = {
        "heartbeat_ms": beat.now_ms, "heartbeat_status": beat.status, "heartbeat_message": beat.message,
        "lease_until_ms": Raw(":now + #lease_ms"), "extended": None,
    }  # fmt: skip
    if beat.current_benchmark is not None:
        sets["current_benchmark"] = beat.current_benchmark
    if beat.progress_pct is not None:
        sets["progress_pct"] = beat.progress_pct
    if beat.status is HeartbeatStatus.RUNNING:
        sets["status"] = TaskStatus.RUNNING
    return Write(pk, sk, condition, sets, values=values | {":now": beat.now_ms})


def finish(run_id: str, number: int, verdict: Verdict) -> Write:
    """claimed | running → completed | failed. Conditioned on owner, attempt and, where a key was given, its nonce."""
    pk, sk = keys.task_key(run_id, number)
    condition, values = _owned(verdict.runner_id, verdict.attempt, fleet_key=verdict.fleet_key)
    if verdict.nonce is not None:
        condition += " AND #nonce = :nonce"
        values[":nonce"] = verdict.nonce
    completed = verdict.status is TaskStatus.COMPLETED
    sets: dict[str, Any] = {
        "status": verdict.status, "ended_ms": verdict.now_ms, "reason": verdict.reason, "claim_order": None,
        "heartbeat_status": HeartbeatStatus.FINISHED if completed else HeartbeatStatus.ERROR, "lease_until_ms": None,
        "error_type": verdict.error_type, "error_message": verdict.error_message,
        "failure_class": verdict.failure_class, "result_key": verdict.result_key, "error_key": verdict.error_key,
        "seal": verdict.seal,
    }  # fmt: skip
    return Write(pk, sk, condition, sets | ({"progress_pct": 100} if completed else {}), values=values)


def hand_back(task: Task, verdict: Verdict) -> Write:
    """claimed | running → pending: its runner could not work, and attempts are left. Others are asked first."""
    condition, values = _owned(verdict.runner_id, task.attempt, fleet_key=verdict.fleet_key)
    if verdict.nonce is not None:
        condition += " AND #nonce = :nonce"
        values[":nonce"] = verdict.nonce
    until_ms = verdict.now_ms + ELSEWHERE_MS
    order = keys.handed_back_order(task.demand, task.number, home=home_of(verdict.runner_id), until_ms=until_ms)
    sets = {"status": TaskStatus.PENDING, "claim_order": order, "reason": history(task, verdict)}
    pk, sk = keys.task_key(task.run_id, task.number)
    return Write(pk, sk, condition, sets | _FORGET_LEASE | _FORGET_BEAT, values=values)


def extend(task: Task, *, now_ms: int) -> Write:
    """The mass-expiry guard: one more lease for exactly the lease that the sweep saw."""
    sets = {"lease_until_ms": now_ms + task.lease_ms, "extended": True}
    return _seen(task, sets)


def requeue(task: Task) -> Write:
    """claimed | running → pending: the lease that the sweep saw ran out, and attempts are left."""
    order = keys.pending_order(task.demand, task.number)
    sets = {"status": TaskStatus.PENDING, "claim_order": order, "reason": timeout_message(task)}
    return _seen(task, sets | _FORGET_LEASE | _FORGET_BEAT)


def time_out(task: Task, *, now_ms: int) -> Write:
    """claimed | running → failed: the lease that the sweep saw ran out, and no attempt is left."""
    sets = {
        "status": TaskStatus.FAILED, "claim_order": None, "lease_until_ms": None, "ended_ms": now_ms,
        "error_type": "timeout", "error_message": timeout_message(task), "failure_class": "infrastructure",
        "reason": "lease_expired", "heartbeat_status": HeartbeatStatus.ERROR,
    }  # fmt: skip
    return _seen(task, sets)


def end_open(task: Task, ending: Ending, *, now_ms: int) -> Write:
    """pending | claimed | running → cancelled (stop) or failed (deadline), whoever holds it."""
    sets: dict[str, Any] = {"claim_order": None, "lease_until_ms": None, "ended_ms": now_ms, "reason": ending}
    if ending is Ending.STOPPED:
        sets["status"] = TaskStatus.CANCELLED
    else:
        words = "The run's deadline passed before the task ended"
        sets |= {"status": TaskStatus.FAILED, "error_type": "deadline", "error_message": words}
        sets |= {"failure_class": "infrastructure", "heartbeat_status": HeartbeatStatus.ERROR}
    pk, sk = keys.task_key(task.run_id, task.number)
    return Write(pk, sk, _OPEN, sets, values=dict(_OPEN_VALUES))


def spare(task: Task, reason: StopReason, *, now_ms: int) -> Write:
    """pending → cancelled: its group has measured enough. What runs is left alone, and counts."""
    sets = {"status": TaskStatus.CANCELLED, "claim_order": None, "ended_ms": now_ms, "reason": reason}
    pk, sk = keys.task_key(task.run_id, task.number)
    return Write(pk, sk, "#status = :pending", sets, values=dict(_PENDING))


def give_up(task: Task, failure: "Failure", *, now_ms: int) -> Write:
    """pending → failed: no machine of its type can be had."""
    words = f"{failure.code}: {failure.words}; {failure.remedy}"[: limits.MAX_ERROR_CHARS]
    sets = {
        "status": TaskStatus.FAILED, "claim_order": None, "ended_ms": now_ms, "reason": NOT_PROVISIONED,
        "error_type": NOT_PROVISIONED, "error_message": words, "failure_class": FailureClass.INFRASTRUCTURE,
    }  # fmt: skip
    pk, sk = keys.task_key(task.run_id, task.number)
    return Write(pk, sk, "#status = :pending", sets, values=dict(_PENDING))


def note_flaw(run_id: str, flaw: Flaw) -> Write:
    """What the archive could not take of a task's upload. Its status stays: the stream has nothing to count."""
    pk, sk = keys.task_key(run_id, flaw.number)
    sets = {"result": flaw.state, "result_reason": flaw.reason}
    return Write(pk, sk, "#number = :number", sets, values={":number": flaw.number})


def publish(run: Run) -> Write:
    """creating → running: from here on the run exists."""
    sets = {"state": RunState.RUNNING, "listed": keys.LISTED, "listed_at": keys.listed_at(run.created_ms, run.run_id)}
    return _run(run.run_id, "#state = :creating", sets, {":creating": RunState.CREATING})


def stop(run_id: str) -> Write:
    """running → cancelled."""
    sets = {"state": RunState.CANCELLED, "ending": Ending.STOPPED, "reason": Ending.STOPPED}
    return _run(run_id, "#state = :was AND attribute_not_exists(#ending)", sets, {":was": RunState.RUNNING})


def pass_deadline(run_id: str) -> Write:
    """running → running, closing: its open tasks are about to be failed."""
    sets = {"ending": Ending.DEADLINE, "reason": Ending.DEADLINE}
    return _run(run_id, "#state = :was AND attribute_not_exists(#ending)", sets, {":was": RunState.RUNNING})


def note_stops(run_id: str, stops: Mapping[int, Stop]) -> Write:
    """running → the same, with the stops of these groups; refused when one of them has a stop already."""
    fresh = [f"attribute_not_exists(#{stop_name(group)})" for group in sorted(stops)]
    sets = {stop_name(group): stop_value(stop) for group, stop in stops.items()}
    return _run(run_id, " AND ".join(["#state = :was", *fresh]), sets, {":was": RunState.RUNNING})


def begin_archive(run_id: str, *, now_ms: int, until_ms: int) -> Write:
    """archive none → building, or a build whose builder died is taken over."""
    condition = "#archive = :none OR (#archive = :building AND #building_until_ms < :now)"
    sets = {"archive": ArchiveState.BUILDING, "building_until_ms": until_ms}
    values = {":none": ArchiveState.NONE, ":now": now_ms, ":building": ArchiveState.BUILDING}
    write = _run(run_id, condition, sets, values)
    return Write(write.pk, write.sk, write.condition, write.sets, {"archive_attempts": 1}, write.values)


_MY_BUILD = "#archive = :was AND #archive_attempts = :build"


def keep_archive(run_id: str, build: int, *, until_ms: int) -> Write:
    """archive building → building: build number `build` is alive."""
    return _run(run_id, _MY_BUILD, {"building_until_ms": until_ms}, {":was": ArchiveState.BUILDING, ":build": build})


def release_archive(run_id: str, build: int, *, error: str) -> Write:
    """archive building → none: this build failed, another may try."""
    sets = {"archive": ArchiveState.NONE, "building_until_ms": None, "archive_error": error}
    return _run(run_id, _MY_BUILD, sets, {":was": ArchiveState.BUILDING, ":build": build})


def abandon_archive(run_id: str, *, until_ms: int) -> Write:
    """archive building → none: the builder that held the right until `until_ms` has died."""
    sets = {"archive": ArchiveState.NONE, "building_until_ms": None, "archive_error": "the builder was killed"}
    condition = "#archive = :was AND #building_until_ms = :until"
    return _run(run_id, condition, sets, {":was": ArchiveState.BUILDING, ":until": until_ms})


def close_archive(run: Run, build: int, built: Built, *, now_ms: int) -> Write:
    """archive building → ready | failed and run → its last state, in one write: the pointer comes last."""
    sets: dict[str, Any] = {
        "archive": built.state, "archive_key": built.key, "archive_size_bytes": built.size_bytes,
        "archive_sha256": built.sha256, "archive_error": built.error, "building_until_ms": None,
        "state": built.run_state, "completed_ms": now_ms, "reason": built.reason,
        "archive_contents": contents_value(built.contents) if built.contents else None,
    }  # fmt: skip
    values = {":was": ArchiveState.BUILDING, ":seen": run.state}
    return _run(run.run_id, f"{_MY_BUILD} AND #state = :seen", sets, values | {":build": build})


def count(run_id: str, tally: Tally, watermarks: dict[int, tuple[int, int]], *, now_ms: int) -> Write:
    """Adds what a batch of the stream changed; refused when any of its blocks has already counted any of it.

    `watermarks`: block → first and last sequence number of the batch.
    """
    fresh = [f"(attribute_not_exists(#{watermark(b)}) OR #{watermark(b)} < :first{b})" for b in sorted(watermarks)]
    sets: dict[str, Any] = {watermark(block): sequence_bytes(last) for block, (_, last) in watermarks.items()}
    sets |= {"changed_ms": now_ms, "drift": None, "drift_seen_ms": None}
    values = {f":first{block}": sequence_bytes(first) for block, (first, _) in watermarks.items()}
    adds = {counter(group, status): n for (group, status), n in tally.items()}
    condition = " AND ".join(["attribute_exists(#pk)", *fresh])
    return Write(keys.run_pk(run_id), keys.COUNTS, condition, sets, adds, values)


def correct(run_id: str, tally: Tally, *, seen_changed_ms: int, verified_ms: int | None) -> Write:
    """Sets the counters of `tally`, unless any counter moved meanwhile; `verified_ms` comes with the last of them."""
    sets: dict[str, Any] = {counter(group, status): n for (group, status), n in tally.items()}
    sets |= {} if verified_ms is None else {"verified_ms": verified_ms, "drift": None, "drift_seen_ms": None}
    values = {":seen": seen_changed_ms}
    return Write(keys.run_pk(run_id), keys.COUNTS, "#changed_ms = :seen", sets, values=values)


def note_drift(run_id: str, drift: str, *, seen_changed_ms: int, now_ms: int) -> Write:
    """Notes beside the counters what a recount found that differs from them, unless any counter moved meanwhile."""
    sets = {"drift": drift, "drift_seen_ms": now_ms}
    values = {":seen": seen_changed_ms}
    return Write(keys.run_pk(run_id), keys.COUNTS, "#changed_ms = :seen", sets, values=values)


def _run(run_id: str, condition: str, sets: dict[str, Any], values: dict[str, Any]) -> Write:
    return Write(keys.run_pk(run_id), keys.RUN, condition, sets, values=values)


def _owned(runner_id: str, attempt: int | None, *, fleet_key: bool) -> tuple[str, dict[str, Any]]:
    """A key that all runners share speaks only for attempts without a token of their own."""
    condition = f"#runner_id = :runner AND {_IN_FLIGHT}"
    values: dict[str, Any] = {":runner": runner_id} | _FLYING
    if attempt is not None:
        condition += " AND #attempt = :attempt"
        values[":attempt"] = attempt
    return condition + (" AND attribute_not_exists(#bound)" if fleet_key else ""), values


def _seen(task: Task, sets: dict[str, Any]) -> Write:
    """A sweeper's write, conditioned on the exact lease that it saw."""
    pk, sk = keys.task_key(task.run_id, task.number)
    condition = f"{_IN_FLIGHT} AND #attempt = :attempt AND #lease_until_ms = :until"
    return Write(pk, sk, condition, sets, values=_FLYING | {":attempt": task.attempt, ":until": task.lease_until_ms})
