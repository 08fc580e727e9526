"""The judgement: pure, from what is known to an explanation."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from benchfleet_contract.clocks import set_back
from benchfleet_contract.launches import LaunchView
from benchfleet_contract.runners import RunnerList
from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import NOT_NEEDED, TERMINAL, ArchiveState, RunStatus
from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import Explanation, Finding, LogTail
from benchfleet.explaining.failing import failed, partial
from benchfleet.explaining.machines import machines
from benchfleet.explaining.models import Registry, models
from benchfleet.explaining.scene import Scene, count, first_ids, verb
from benchfleet.explaining.waiting import waiting
from benchfleet.explaining.working import working
from benchfleet.results.lost import lost_words
from benchfleet.results.stops import not_needed, stop_words
from benchfleet.watch.durations import span
from benchfleet.watch.groups import in_flight, open_tasks

DEADLINE_NEAR_S = 600
_LOST_REMEDY = "a corrupt upload lies under corrupt/ in the archive as it came; run the tasks again for the others"
_ORDER = [
    "archive_failed", "lost", "machine_failed", "failed", "deadline_near", "model", "no_runner", "silent", "handed_back",
    "partial", "coming", "busy", "soon", "running", "archiving", "enough", "cancelled", "completed", "clock",
]  # fmt: skip


def judge(
    run: RunDetail,
    tasks: Sequence[Task],
    runners: RunnerList,
    now: datetime,
    *,
    task_id: str | None = None,
    tails: Mapping[str, LogTail] | None = None,
    api_url: str | None = None,
    sampled: bool = False,
    launches: Sequence[LaunchView] = (),
    registry: Registry | None = None,
) -> Explanation:
    """Why these tasks of the run wait or failed. `now` is an aware time; `task_id` says that one task was asked about."""
    scene = Scene(run, tasks, runners.runners, now, tails or {}, api_url, runners.truncated, sampled, launches)
    found = [
        *machines(scene),
        *failed(scene),
        *models(scene, registry),
        *waiting(scene),
        *working(scene),
        *partial(scene),
        *_ended(scene, task_id),
        *_clock(scene),
    ]
    if task_id is None:
        found += [*_archive(scene), *_deadline(scene)]
    found.sort(key=lambda finding: (_is_aside(finding), _ORDER.index(finding.kind)))
    fine = all(finding.weight != "problem" for finding in found)
    return Explanation(
        run_id=run.run_id, task_id=task_id, status=run.status, fine=fine, headline=_headline(scene, found, task_id),
        deadline_at=run.deadline_at, sampled=sampled, findings=found,
    )  # fmt: skip


def _is_aside(finding: Finding) -> bool:
    """What is fine with the model never comes before what hinders the tasks after all."""
    return finding.kind == "model" and finding.weight == "fine"


def _headline(scene: Scene, found: list[Finding], task_id: str | None) -> str:
    if found and (found[0].weight == "problem" or task_id):
        more = len([finding for finding in found if finding.weight == "problem"]) - 1
        return found[0].words + (f" (and {count(more, 'other problem')})" if more > 0 else "")
    return f"{_how(scene)}: {_progress(scene)}"


def _how(scene: Scene) -> str:
    if scene.run.status == RunStatus.CANCELLED:
        return "the run was cancelled"
    by_design = not_needed(scene.run)
    return "everything is fine" if by_design or not scene.run.tasks.cancelled else "not all of it happened"


def _progress(scene: Scene) -> str:
    counts, total = scene.run.tasks, scene.run.tasks.total
    spared = not_needed(scene.run)
    if counts.completed + spared == total and scene.run.archive.state == ArchiveState.READY:
        rest = f", {spared} more {verb(spared, 'was', 'were')} not needed" if spared else ""
        return f"{count(counts.completed, 'task')} completed{rest}, the archive is ready"
    flying = in_flight(counts)
    told = [f"{counts.completed} of {count(total, 'task')} {verb(counts.completed, 'is', 'are')} done"]
    told += [f"{flying} {verb(flying, 'runs', 'run')}"] if flying else []
    told += [f"{counts.pending} {verb(counts.pending, 'waits', 'wait')}"] if counts.pending else []
    how = "not needed" if spared else "cancelled"
    told += [f"{counts.cancelled} {verb(counts.cancelled, 'was', 'were')} {how}"] if counts.cancelled else []
    return ", ".join(told)


def _ended(scene: Scene, task_id: str | None) -> Iterator[Finding]:
    """Cancelled tasks; completed ones only where one was asked about."""
    yield from _enough(scene, task_id)
    cancelled = [task for task in scene.tasks if task.status == "cancelled" and task.reason not in NOT_NEEDED]
    if cancelled:
        who = cancelled[0].id if len(cancelled) == 1 else count(len(cancelled), "task")
        words = f"{who} {verb(len(cancelled), 'was', 'were')} cancelled: the run was {scene.run.reason or 'stopped'}"
        ids = first_ids(cancelled)
        yield Finding(kind="cancelled", weight="fine", words=words, tasks=len(cancelled), task_ids=ids)
    for task in scene.tasks if task_id else ():
        if task.result:
            words = f"{task.id} is {task.result} in the archive: {task.result_reason or 'no reason is known'}"
            yield Finding(
                kind="lost", weight="problem", words=words, since=task.ended_at, tasks=1, task_ids=[task.id],
                remedy=_LOST_REMEDY,
            )  # fmt: skip
        elif task.status == "completed" and not task.reason:
            words = f"{task.id} completed on runner {task.runner_id}, in attempt {task.attempt} of {task.max_attempts}"
            yield Finding(
                kind="completed", weight="fine", words=words, since=task.ended_at, tasks=1, task_ids=[task.id]
            )


def _enough(scene: Scene, task_id: str | None) -> Iterator[Finding]:
    """What a run with a target precision did without, and why."""
    spared = [task for task in scene.tasks if task.status == "cancelled" and task.reason in NOT_NEEDED]
    stops = stop_words(scene.run.precision) if scene.run.precision else []
    if not spared and (task_id or not stops):
        return
    who = spared[0].id if len(spared) == 1 else count(len(spared), "task")
    words = f"{who} {verb(len(spared), 'was', 'were')} not needed" if spared else "the run has measured what it was to"
    yield Finding(
        kind="enough", weight="fine", words=words, tasks=len(spared), task_ids=first_ids(spared), details=stops
    )


def _clock(scene: Scene) -> Iterator[Finding]:
    """The control plane's own times; a runner's are in its task's metadata.json."""
    odd = [task for task in scene.tasks if set_back(task.claimed_at, task.ended_at)]
    if odd or set_back(scene.run.created_at, scene.run.completed_at):
        who = f"{count(len(odd), 'task')} ended" if odd else "the run ended"
        yield Finding(
            kind="clock", weight="fine", tasks=len(odd), task_ids=first_ids(odd),
            words=f"{who} before {verb(len(odd) or 1, 'it', 'they')} began: the control plane's clock was set back meanwhile",
            remedy="durations by its times say nothing; metadata.json has each task's duration_s",
        )  # fmt: skip


def _archive(scene: Scene) -> Iterator[Finding]:
    archive = scene.run.archive
    if archive.state == ArchiveState.FAILED:
        why = archive.error or scene.run.reason or "no reason was told"
        yield Finding(
            kind="archive_failed", weight="problem", words=f"the run's archive could not be built: {why}",
            remedy="what the tasks uploaded is kept: GET /tasks/<id>/files signs a download of each",
        )  # fmt: skip
    elif lost := lost_words(archive):
        yield Finding(
            kind="lost", weight="problem", words=lost, tasks=(archive.corrupt or 0) + (archive.missing or 0),
            task_ids=[one.task_id for one in archive.lost],
            details=[f"{one.task_id} is {one.archived}: {one.reason}" for one in archive.lost],
            remedy=_LOST_REMEDY,
        )  # fmt: skip
    elif archive.state != ArchiveState.READY and scene.tasks and all(t.status in TERMINAL for t in scene.tasks):
        words = "every task has ended; the archive is being built"
        yield Finding(kind="archiving", weight="fine", words=words, tasks=0)


def _deadline(scene: Scene) -> Iterator[Finding]:
    left = -scene.seconds_since(scene.run.deadline_at)
    unfinished = open_tasks(scene.run.tasks)
    if scene.run.status.is_over or not unfinished or left > DEADLINE_NEAR_S:
        return
    when = f"is in {span(left)}" if left > 0 else f"was {span(-left)} ago"
    words = f"the run's deadline {when}, and {count(unfinished, 'task')} {verb(unfinished, 'has', 'have')} not ended"
    remedy = "what has ended by then is kept; the rest fails with `deadline`"
    yield Finding(kind="deadline_near", weight="problem", words=words, since=scene.run.deadline_at, remedy=remedy)
