"""What failed, by whose fault, and what is missing although a task completed."""

from collections import Counter
from collections.abc import Iterable, Iterator

from benchfleet_contract.states import FailureClass
from benchfleet_contract.tasks import Task

from benchfleet.explaining.advice import advice
from benchfleet.explaining.document import Finding
from benchfleet.explaining.scene import Scene, count, first_ids, of_subjects, subjects_of
from benchfleet.watch.groups import demand_of

FailureKey = tuple[FailureClass | None, str | None]
_MESSAGES = 3  # different ones that a finding tells
_BLAME = {
    FailureClass.BENCHMARK: "the benchmark failed",
    FailureClass.INFRASTRUCTURE: "infrastructure failed, not the benchmark",
}


def failed(scene: Scene) -> Iterator[Finding]:
    """One finding for each class and type of failure; infrastructure first, since it says nothing of what was measured."""
    groups = failures(scene.tasks)
    order = sorted(groups, key=lambda key: (key[0] is FailureClass.BENCHMARK, -len(groups[key])))
    for key in order:
        yield _failed(scene, key, groups[key])


def failures(tasks: Iterable[Task]) -> dict[FailureKey, list[Task]]:
    """The failed ones of these tasks, by class and type."""
    found: dict[FailureKey, list[Task]] = {}
    for task in tasks:
        if task.status == "failed":
            found.setdefault((task.failure_class, task.error_type), []).append(task)
    return found


def partial(scene: Scene) -> Iterator[Finding]:
    """Tasks that completed and say that something is missing."""
    short = [task for task in scene.tasks if task.status == "completed" and task.reason]
    if short:
        yield Finding(
            kind="partial", weight="problem", words=f"{count(len(short), 'completed task')} gave only a part",
            tasks=len(short), task_ids=first_ids(short), details=[f"{task.id}: {task.reason}" for task in short[:20]],
            remedy="the parts that are there count; read the task's output in the archive for the others",
        )  # fmt: skip


def _failed(scene: Scene, key: FailureKey, tasks: list[Task]) -> Finding:
    blame, kind = key
    who = tasks[0].id if len(tasks) == 1 else count(len(tasks), "task")
    demands = sorted({str(demand_of(task)) for task in tasks})
    where = f" on {demands[0]}" if len(demands) == 1 else f" on {len(demands)} instance types"
    fault = _BLAME[blame or FailureClass.INFRASTRUCTURE]
    return Finding(
        kind="failed", weight="problem", failure_class=blame, error_type=kind,
        words=f"{who}{of_subjects(tasks)} failed{where} with {kind or 'no error type'}: {fault}",
        subjects=subjects_of(tasks),
        tasks=len(tasks), task_ids=first_ids(tasks), since=min((t.ended_at for t in tasks if t.ended_at), default=None),
        details=_details(tasks), remedy=advice(kind, blame),
        log=next((scene.tails[task.id] for task in tasks if task.id in scene.tails), None),
    )  # fmt: skip


def _details(tasks: list[Task]) -> list[str]:
    if len(tasks) == 1:
        return list(_one(tasks[0]))
    messages = Counter(task.error_message or "no message" for task in tasks)
    told = [f"{n} x {message}" for message, n in messages.most_common(_MESSAGES)]
    left = len(messages) - _MESSAGES
    by_subject = Counter(task.subject for task in tasks if task.subject).most_common()
    if len(by_subject) > 1:
        told.append("by subject: " + ", ".join(f"{name} {n} x" for name, n in by_subject))
    return told + ([f"and {left} other messages: --json or the single tasks tell them"] if left > 0 else [])


def _one(task: Task) -> Iterator[str]:
    yield task.error_message or "no message"
    if task.reason and task.reason not in (task.error_type, task.error_message):
        yield f"reason: {task.reason}"
    if task.attempt:
        by = f", by runner {task.runner_id}" if task.runner_id else ""
        yield f"that was attempt {task.attempt} of {task.max_attempts}{by}"
    else:
        yield "no runner ever took it"
    if task.current_benchmark:
        yield f"at work then: {task.current_benchmark}"
