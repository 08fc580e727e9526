"""Why pending tasks wait, as findings. Runners claim by demand alone, so that one cause is told once for all subjects."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator

from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import Finding
from benchfleet.explaining.machines import machines_of
from benchfleet.explaining.scene import Scene, count, first_ids, of_subjects, subjects_of, verb
from benchfleet.watch.groups import Demand, demand_of
from benchfleet.watch.machines import OPEN, name_words, state_words
from benchfleet.watch.waiting import Cause, Wait

POLL_S = 30
_MACHINES = 10  # that are told of
_TOLD = "mend the runner's machine as the reason says, or end that runner; other runners get the task first"


def waiting(scene: Scene) -> Iterator[Finding]:
    """One finding for each instance type that has pending tasks, and one more where tasks came back."""
    pending = [task for task in scene.tasks if task.status == "pending"]
    judge = {Cause.NO_RUNNER: _no_runner, Cause.BUSY: _busy, Cause.SOON: _soon}
    for wait in scene.waits():
        mine = [task for task in pending if demand_of(task) == wait.demand]
        judged = _coming if wait.cause is Cause.NO_RUNNER and machines_of(scene, wait.demand) else judge[wait.cause]
        yield judged(scene, wait, mine).model_copy(update={"tasks": wait.pending})
        if returned := [task for task in mine if task.attempt]:
            yield _handed_back(wait.demand, returned)


def _no_runner(scene: Scene, wait: Wait, tasks: list[Task]) -> Finding:
    last = scene.last_seen(wait)
    others = [runner for runner in scene.runners if runner.live]
    created = f"none has come since the run was created, {scene.ago(scene.run.created_at)}"
    since = f"the last one was seen {scene.ago(last)}" if last else created
    return _finding(
        "no_runner", wait.demand, tasks, weight="problem",
        words=f"{_waits(wait, tasks)} for {wait.demand}: {_nobody(others, wait.demand)}; {since}",
        since=last or scene.run.created_at,
        details=_elsewhere(scene, wait),
        remedy="start a runner that fits (the key comes from BENCHFLEET_API_KEY):",
        command=_command(scene, wait.demand),
    )  # fmt: skip


def _coming(scene: Scene, wait: Wait, tasks: list[Task]) -> Finding:
    """No runner, but machines that were asked for."""
    mine = machines_of(scene, wait.demand)
    open_ = [launch for launch in mine if launch.state in OPEN]
    who = f"{count(len(open_), 'machine')} {verb(len(open_), 'is', 'are')} on {verb(len(open_), 'its', 'their')} way"
    return _finding(
        "coming", wait.demand, tasks, weight="waiting",
        words=f"{_waits(wait, tasks)} for {wait.demand}: {who if open_ else 'the next machine has yet to be launched'}",
        details=[f"{name_words(launch)}: {state_words(launch)}" for launch in (open_ or mine)[:_MACHINES]],
    )  # fmt: skip


def _nobody(others: list[RunnerSeen], demand: Demand) -> str:
    if not others:
        return "there is no live runner at all"
    kinds = Counter(str(demand_of(runner)) for runner in others)
    names = ", ".join(f"{name} ({n})" if n > 1 and len(kinds) > 1 else name for name, n in kinds.most_common(5))
    they, none = verb(len(others), "it is", "they are"), verb(len(others), "is not", "none is")
    if len(others) == 1:
        return f"the only live runner {none} {demand} ({they} {names})"
    return f"{count(len(others), 'live runner')}, {none} {demand} ({they} {names})"


def _elsewhere(scene: Scene, wait: Wait) -> list[str]:
    """Where a fitting runner may be after all: one for any run is only heard of while it waits or works for this one."""
    cut = [f"only the {len(scene.runners):,} runners that were seen last were looked at"] if scene.some_runners else []
    return (
        cut
        + [
            f"runner {runner.runner_id} takes tasks of any run and was last seen {scene.ago(runner.seen_at)}: "
            "it may be at work for another run"
            for runner in wait.fitting
            if runner.any_run
        ][:3]
    )


def _command(scene: Scene, demand: Demand) -> str:
    words = ["benchfleet", "runner"]
    if scene.api_url:
        words += ["--orchestrator-url", scene.api_url]
    words += ["--run-id", scene.run.run_id, "--provider", demand.provider, "--instance-type", demand.instance_type]
    return shlex.join(words)


def _busy(scene: Scene, wait: Wait, tasks: list[Task]) -> Finding:
    live = len(wait.live)
    who = "the one fitting runner is busy" if live == 1 else f"all {live} fitting runners are busy"
    return _finding(
        "busy", wait.demand, tasks, weight="waiting", words=f"{_waits(wait, tasks)} for {wait.demand}: {who}"
    )


def _soon(scene: Scene, wait: Wait, tasks: list[Task]) -> Finding:
    idle = wait.idle
    last = max(runner.seen_at for runner in idle)
    picky = all(runner.any_run for runner in idle)
    who = f"{count(len(idle), 'fitting runner')} {verb(len(idle), 'is', 'are')} free"
    words = f"{_waits(wait, tasks)} for {wait.demand}: {who} and {verb(len(idle), 'asks', 'ask')} every {POLL_S} s"
    return _finding(
        "soon", wait.demand, tasks, weight="waiting", words=f"{words} (last {scene.ago(last)})",
        details=[f"they take tasks of any run, but perhaps not of the workload {scene.run.workload}"] if picky else [],
    )  # fmt: skip


def _handed_back(demand: Demand, tasks: list[Task]) -> Finding:
    who = f"{count(len(tasks), 'task')}{of_subjects(tasks)} for {demand}"
    words = f"{who} {verb(len(tasks), 'has', 'have')} been handed back"
    details = [
        f"{task.id}: attempt {task.attempt + 1} of {task.max_attempts} comes next; before it: "
        f"{task.reason or 'its lease ran out'}"
        for task in tasks[:5]
    ]
    told = any((task.reason or "").startswith("attempt ") for task in tasks)
    remedy = _TOLD if told else "look whether the machine of the runner that fell silent is still there"
    return _finding("handed_back", demand, tasks, weight="problem", words=words, details=details, remedy=remedy)


def _waits(wait: Wait, tasks: list[Task]) -> str:
    one = wait.pending == len(tasks) == 1
    who = tasks[0].id if one else count(wait.pending, "task")
    return f"{who}{of_subjects(tasks)} {verb(wait.pending, 'waits', 'wait')}"


def _finding(kind: str, demand: Demand, tasks: Iterable[Task], **told: object) -> Finding:
    tasks = list(tasks)
    place = {**demand._asdict(), "subjects": subjects_of(tasks), "tasks": len(tasks), "task_ids": first_ids(tasks)}
    return Finding.model_validate({"kind": kind, **place, **told})
