"""Reads the bodies of runners' requests, in the reference system's order of checks and with its words."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

from benchfleet_contract import limits
from benchfleet_contract.names import RUN_ID, fits_a_key, split_task_id
from benchfleet_contract.states import FailureClass, HeartbeatStatus, TaskStatus

from chalicelib.domain.errors import BadRequest, TaskNotFound, Unauthorized
from chalicelib.domain.ports import Beat, Declared, Holder, Verdict
from chalicelib.domain.records import Demand
from chalicelib.domain.seals import of_digest
from chalicelib.domain.selection import Wanted

if TYPE_CHECKING:
    from benchfleet_contract.launches import LaunchReport

    from chalicelib.domain.records import ClaimRequest
    from chalicelib.services.tasks.claim_task import ClaimRequests

_MOST_DIGITS = 18
_RUNS_CURSOR = re.compile(rf"[0-9]{{15}}#{RUN_ID.pattern}")
_INFRASTRUCTURE = frozenset({"upload_failed", "timeout", "runner_stopped", "stalled", "no_claims"})


def task_address(task_id: str) -> tuple[str, int]:
    """Raises TaskNotFound for what cannot be a task's id."""
    address = split_task_id(task_id)
    if address is None:
        raise TaskNotFound
    return address


def read_claim_request(body: Mapping[str, Any], claim_requests: "ClaimRequests") -> "ClaimRequest":
    names = ("provider", "instance_type", "runner_id")
    provider, kind, runner_id = (_text(body, name, most=limits.MAX_RUNNER_ID_CHARS) for name in names)
    if not (provider and kind and runner_id):
        raise BadRequest("Missing required parameters", code="missing_parameter")
    if not (fits_a_key(provider) and fits_a_key(kind)):
        raise BadRequest("provider and instance_type are too long", code="invalid_parameter")
    token = _text(body, "claim_token", most=limits.MAX_TOKEN_CHARS)
    if token and not token.isascii():
        raise BadRequest("claim_token must be ASCII", code="invalid_parameter")
    request = claim_requests.make(Demand(provider, kind), runner_id, token, bound=_yes(body, "attempt_token"))
    executor_id = _text(body, "executor_id", most=limits.MAX_RUNNER_ID_CHARS)
    if body.get("executor_id") is not None and not executor_id:
        raise BadRequest("executor_id must not be empty: leave it out, or announce first", code="invalid_parameter")
    # A wrong one is refused even from a runner that tells no executor.
    generation = generation_of(body) if executor_id or body.get("generation") is not None else None
    read_active(body)
    return replace(request, executor_id=executor_id, generation=generation) if executor_id else request


def generation_of(body: Mapping[str, Any]) -> int:
    value = body.get("generation")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2**53:
        raise BadRequest("generation must be the one that the announcement was answered with", code="invalid_parameter")
    return value


def read_active(body: Mapping[str, Any]) -> int | None:
    """How many tasks an executor is at, by its own word; None where it says nothing. Raises BadRequest."""
    value = body.get("active")
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limits.MAX_ACTIVE
    ):
        words = f"active must be a whole number from 0 to {limits.MAX_ACTIVE}: how many tasks the runner is at, or leave it out"
        raise BadRequest(words, code="invalid_parameter")
    return value


def read_workloads(body: Mapping[str, Any]) -> frozenset[str]:
    """What the runner can run; empty for anything."""
    names = body.get("workloads")
    if names is None:
        return frozenset()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise BadRequest("workloads must be a list of names", code="invalid_parameter")
    return frozenset(names)


def is_retry(body: Mapping[str, Any]) -> bool:
    return _yes(body, "retry") and bool(body.get("claim_token"))


def read_beat(body: Mapping[str, Any], holder: Holder, now_ms: int) -> Beat:
    status = body.get("status")
    if status in (None, ""):
        raise BadRequest("Missing status parameter", code="missing_parameter")
    if status not in HeartbeatStatus.__members__.values():
        words = "Validation failed: Heartbeat status is not included in the list"
        raise BadRequest(words, code="invalid_status")
    return Beat(
        runner_id=runner_of(body), attempt=attempt_of(body, holder), fleet_key=holder.fleet_key,
        status=HeartbeatStatus(status), now_ms=now_ms,
        message=_cut(body.get("message"), limits.MAX_MESSAGE_CHARS),
        current_benchmark=_cut(body.get("current_benchmark"), limits.MAX_BENCHMARK_CHARS),
        progress_pct=_percent(body.get("progress_pct")),
    )  # fmt: skip


def read_launch_report(body: Mapping[str, Any]) -> "LaunchReport":
    """The message is cut, as that of a heartbeat is: what a machine has to say should not be lost for its length."""
    from benchfleet_contract.launches import MAX_REPORT_CHARS, LaunchPhase, LaunchReport

    phase, phases = body.get("phase"), get_args(LaunchPhase)
    if phase in (None, ""):
        raise BadRequest("Missing phase parameter", code="missing_parameter")
    if phase not in phases:
        raise BadRequest(f"phase must be one of {', '.join(phases)}", code="invalid_phase")
    return LaunchReport(phase=phase, message=_cut(body.get("message"), MAX_REPORT_CHARS))


def read_completion(body: Mapping[str, Any], holder: Holder, now_ms: int) -> Verdict:
    key = _text(body, "s3_result_key", most=limits.MAX_KEY_CHARS)
    if not key:
        raise BadRequest("Missing s3_result_key parameter", code="missing_parameter")
    reason = _cut(body.get("reason"), limits.MAX_REASON_CHARS)
    return Verdict(
        TaskStatus.COMPLETED, runner_of(body), attempt_of(body, holder), now_ms,
        result_key=key, seal=_seal(body, "result_sha256"), reason=reason, fleet_key=holder.fleet_key,
    )  # fmt: skip


def read_failure(body: Mapping[str, Any], holder: Holder, now_ms: int) -> Verdict:
    kind = _cut(body.get("error_type"), limits.MAX_ERROR_TYPE_CHARS)
    words = _cut(body.get("error_message"), limits.MAX_ERROR_CHARS)
    if not kind or not words:
        raise BadRequest("Missing error_type or error_message parameter", code="missing_parameter")
    return Verdict(
        TaskStatus.FAILED, runner_of(body), attempt_of(body, holder), now_ms, fleet_key=holder.fleet_key,
        error_key=_text(body, "s3_error_key", most=limits.MAX_KEY_CHARS), seal=_seal(body, "error_sha256"),
        error_type=kind, error_message=words,
        failure_class=_failure_class(body.get("failure_class"), kind),
        reason=_cut(body.get("reason"), limits.MAX_REASON_CHARS) or kind,
    )  # fmt: skip


def read_declared(query: Mapping[str, str]) -> Declared | None:
    """What the runner says of the one file that it wants to upload."""
    said = [kind for kind in ("result", "error") if f"{kind}_sha256" in query or f"{kind}_bytes" in query]
    if not said:
        return None
    size, checksum = query.get(f"{said[0]}_bytes", ""), query.get(f"{said[0]}_sha256", "").lower()
    if len(said) > 1:
        raise BadRequest("Declare either result_bytes and result_sha256 or error_bytes and error_sha256, not both")
    if not 0 < _whole(size) <= limits.MAX_UPLOAD_BYTES:
        raise BadRequest(
            f"{said[0]}_bytes must be a whole number from 1 to {limits.MAX_UPLOAD_BYTES}, not {size[:40]!r}"
        )
    return Declared(said[0], _whole(size), _digest(f"{said[0]}_sha256", checksum))


def read_page(query: Mapping[str, str]) -> tuple[int, int]:
    """(cursor, limit) of a page of tasks."""
    cursor, limit = query.get("cursor", "0"), query.get("limit", str(limits.TASKS_PAGE))
    if not 0 <= _whole(cursor) < 10**9:
        raise BadRequest(f"cursor must be a next_cursor of an earlier page, not {cursor[:40]!r}")
    if not 0 < _whole(limit) <= limits.MAX_TASKS_PAGE:
        raise BadRequest(f"limit must be a whole number from 1 to {limits.MAX_TASKS_PAGE}, not {limit[:40]!r}")
    return _whole(cursor), _whole(limit)


def read_runs_cursor(query: Mapping[str, str]) -> str | None:
    """Where a page of runs starts; None for the newest."""
    cursor = query.get("cursor")
    if cursor is not None and not _RUNS_CURSOR.fullmatch(cursor):
        raise BadRequest(f"cursor must be a next_cursor of an earlier page, not {cursor[:40]!r}")
    return cursor


def _whole(text: str) -> int:
    """-1 for what is no whole number, or one that nobody can mean."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else -1


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """The filters of a page of tasks; an empty one asks for nothing in particular."""
    status = query.get("status") or None
    if status is not None and status not in tuple(TaskStatus):
        raise BadRequest(
            f"status must be one of {', '.join(TaskStatus)}, not {status[:40]!r}", code="invalid_parameter"
        )
    named = [query.get(name) or None for name in ("provider", "instance_type", "subject")]
    return Wanted(named[0], named[1], status and TaskStatus(status), named[2])


def runner_of(body: Mapping[str, Any]) -> str:
    """Never empty for an owner: a task without one has no runner to be mistaken for."""
    return _cut(body.get("runner_id"), limits.MAX_RUNNER_ID_CHARS) or ""


def attempt_of(body: Mapping[str, Any], holder: Holder) -> int | None:
    """What the caller says, or what its token is bound to. Raises Unauthorized where they differ, BadRequest."""
    said = _attempt(body.get("attempt"))
    if holder.attempt is not None and said not in (None, holder.attempt):
        raise Unauthorized
    return said if holder.attempt is None else holder.attempt


def _attempt(value: Any) -> int | None:
    """None where nothing is said. What cannot be read is refused: as nothing said, it would leave the fence open."""
    if value is None or value == "":
        return None
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    said = -1 if isinstance(number, bool) or not isinstance(number, int | str) else _whole(str(number))
    if not 1 <= said <= limits.MAX_ATTEMPT_NUMBER:
        words = f"attempt must be a whole number from 1 to {limits.MAX_ATTEMPT_NUMBER}, not {str(value)[:40]!r}"
        raise BadRequest(words, code="invalid_parameter")
    return said


def _text(body: Mapping[str, Any], name: str, *, most: int) -> str | None:
    value = body.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > most:
        raise BadRequest(f"{name} must be a string of at most {most} characters", code="invalid_parameter")
    return value


def _yes(body: Mapping[str, Any], name: str) -> bool:
    """A form has no other way to say `true`."""
    said = body.get(name)
    return said is True or (isinstance(said, str) and said in ("true", "1"))


def _seal(body: Mapping[str, Any], name: str) -> str | None:
    """What the client says that it uploaded; None where it does not say."""
    said = _text(body, name, most=limits.MAX_REASON_CHARS)
    return said and of_digest(_digest(name, said.lower()))


def _digest(name: str, said: str) -> str:
    if len(said) != 64 or set(said) - set("0123456789abcdef"):
        raise BadRequest(f"{name} must be 64 hexadecimal digits, not {said[:80]!r}")
    return said


def _cut(value: Any, most: int) -> str | None:
    return None if value is None else str(value)[:most]


def _percent(value: Any) -> int | None:
    """0 to 100. What is not a number counts as 0, as it always did; what is out of range is brought into it."""
    if value is None:
        return None
    try:
        return max(0, min(100, int(float(value))))
    except (TypeError, ValueError, OverflowError):
        return 0


def _failure_class(said: Any, kind: str) -> FailureClass:
    if said in tuple(FailureClass):
        return FailureClass(said)
    return FailureClass.INFRASTRUCTURE if kind in _INFRASTRUCTURE else FailureClass.BENCHMARK
