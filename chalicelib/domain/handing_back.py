"""When a task whose runner failed it, not its benchmark, is tried again, by whom, and what is told of it."""

import hashlib
import re

from benchfleet_contract import limits
from benchfleet_contract.states import FailureClass, TaskStatus

from chalicelib.domain.ports import Verdict
from chalicelib.domain.records import Task
from chalicelib.domain.transitions import IN_FLIGHT

ELSEWHERE_MS = 60_000  # how long only other runners are given the task; then the one that failed it may try again
_SLOT = re.compile(r"-s[0-9]+\Z")  # our runners name their slots so; all slots of one runner share its faults
_THE_CONFIGS = frozenset({"invalid_options"})  # no other machine can make sense of them either
_MESSAGE_CHARS = 320  # of an error that is told beside those of other attempts


def home_of(runner_id: str) -> str:
    """The runner behind a slot's id, as 12 hex digits: ids may hold anything, and this stands in a key."""
    return hashlib.sha256(_SLOT.sub("", runner_id).encode()).hexdigest()[:12]


def by_infrastructure(verdict: Verdict) -> bool:
    """Did something fail that another machine may not fail of?"""
    if verdict.error_type in _THE_CONFIGS:
        return False
    return verdict.status is TaskStatus.FAILED and verdict.failure_class is FailureClass.INFRASTRUCTURE


def is_holder(task: Task, verdict: Verdict) -> bool:
    """Does the verdict come from who works on the task now?"""
    same = verdict.attempt in (None, task.attempt) and verdict.runner_id == task.runner_id
    return same and task.status in IN_FLIGHT and not (verdict.fleet_key and task.bound)


def was_handed_back(task: Task, verdict: Verdict) -> bool:
    """Was this very failure accepted before, by giving the task back?"""
    same = verdict.attempt in (None, task.attempt) and verdict.runner_id == task.runner_id
    return same and task.status is TaskStatus.PENDING and (task.reason or "").endswith(_last(task, verdict))


def history(task: Task, verdict: Verdict) -> str:
    """What every attempt failed of, the last one whole: `attempt 1 on box-s1: upload_failed: …; attempt 2 on …`."""
    last = _last(task, verdict)
    before = f"{task.reason}; " if task.attempt > 1 and task.reason else ""
    room = limits.MAX_REASON_CHARS - len(last)
    return (before if len(before) <= room else "") + last


def _last(task: Task, verdict: Verdict) -> str:
    words = " ".join((verdict.error_message or "").split())[:_MESSAGE_CHARS]
    return f"attempt {task.attempt} on {verdict.runner_id}: {verdict.error_type}: {words}"[: limits.MAX_REASON_CHARS]
