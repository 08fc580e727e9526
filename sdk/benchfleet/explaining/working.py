"""What tasks in flight are doing, and which of their runners have fallen silent."""

from collections.abc import Iterator

from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import Finding
from benchfleet.explaining.scene import Scene, count, first_ids, subjects_of, verb
from benchfleet.watch.durations import span
from benchfleet.watch.groups import key_of

_SHOWN = 20


def working(scene: Scene) -> Iterator[Finding]:
    """At most two findings: the silent ones, and the others."""
    flying = [task for task in scene.tasks if task.status in ("claimed", "running")]
    silent = [task for task in flying if _silent_s(scene, task) > scene.silence_s]
    if silent:
        yield _silent(scene, silent)
    if fine := [task for task in flying if task not in silent]:
        words = f"{count(len(fine), 'task')} {verb(len(fine), 'is', 'are')} being worked on"
        yield Finding(
            kind="running", weight="fine", words=words, tasks=len(fine), task_ids=first_ids(fine),
            subjects=subjects_of(fine),
            details=[_line(scene, task) for task in fine[:_SHOWN]],
        )  # fmt: skip


def _silent(scene: Scene, tasks: list[Task]) -> Finding:
    several = f"{count(len(tasks), 'task')} {verb(len(tasks), 'has', 'have')} a silent runner"
    return Finding(
        kind="silent", weight="problem", words=several, tasks=len(tasks), task_ids=first_ids(tasks),
        subjects=subjects_of(tasks), since=min((task.heartbeat_at or task.claimed_at or scene.run.created_at) for task in tasks),
        details=[f"{_line(scene, task)}; {_lease(scene, task)}" for task in tasks[:_SHOWN]],
        remedy="look whether the runner's machine is still there; a task whose lease ends is handed to another runner, "
        "or fails with `timeout` after its last attempt",
    )  # fmt: skip


def _line(scene: Scene, task: Task) -> str:
    """`r.1 on box-7: attempt 1 of 2, optcarrot, 40 %, last beat 3 s ago, lease until 12:00:07 UTC`."""
    seconds = _silent_s(scene, task)
    beat = f"silent for {span(seconds)}" if seconds > scene.silence_s else f"last beat {span(seconds)} ago"
    percent = None if task.progress_pct is None else f"{task.progress_pct} %"
    doing = task.current_benchmark or task.heartbeat_message or task.heartbeat_status or task.status
    until = f"lease until {task.lease_until[11:19]} UTC" if task.lease_until else None
    attempt = f"attempt {task.attempt} of {task.max_attempts}"
    told = ", ".join(part for part in (attempt, str(doing), percent, beat, until) if part)
    line = f"{task.id} ({key_of(task)}) on {task.runner_id}: {told}"
    before = f"; before it: {task.reason}" if task.attempt > 1 and task.reason else ""
    return line + before


def _lease(scene: Scene, task: Task) -> str:
    left = -scene.seconds_since(task.lease_until) if task.lease_until else 0.0
    if left > 0:
        return f"the lease ends in {span(left)}"
    return f"the lease ended {span(-left)} ago: the next sweep, within a minute, takes the task back"


def _silent_s(scene: Scene, task: Task) -> float:
    return max(0.0, scene.seconds_since(task.heartbeat_at or task.claimed_at or scene.run.created_at))
