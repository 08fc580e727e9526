"""Why pending tasks wait."""

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator

from benchfleet_contract.runners import RunnerSeen
from benchfleet_contract.tasks import Task

from benchfleet.explaining.document import Finding
from benchfleet.explaining.scene import GroupKey, Scene, count, first_ids, key_of, kind_name, verb

POLL_S = 30
_TOLD = "mend the runner's machine as the reason says, or end that runner; other runners get the task first"


def waiting(scene: Scene) -> Iterator[Finding]:
    """One finding for each instance type that has pending tasks, and one more where tasks came back."""
    pending = [task for task in scene.tasks if task.status == "pending"]
    for key, total in scene.pending().items():
        mine = [task for task in pending if key_of(task) == key]
        yield _group(scene, key, mine).model_copy(update={"tasks": total})
        if returned := [task for task in mine if task.attempt]:
            yield _handed_back(key, returned)


def _group(scene: Scene, key: GroupKey, tasks: list[Task]) -> Finding:
    live = [runner for runner in scene.fitting(key) if runner.live]
    if not live:
        return _no_runner(scene, key, tasks)
    idle = [runner for runner in live if not runner.task_ids]
    return _soon(scene, key, tasks, idle) if idle else _busy(scene, key, tasks, live)


def _no_runner(scene: Scene, key: GroupKey, tasks: list[Task]) -> Finding:
    last = scene.last_seen(key)
    others = [runner for runner in scene.runners if runner.live]
    created = f"none has come since the run was created, {scene.ago(scene.run.created_at)}"
    since = f"the last one was seen {scene.ago(last)}" if last else created
    return _finding(
        "no_runner", key, tasks, weight="problem",
        words=f"{_waits(scene, key, tasks)} for {kind_name(key)}: {_nobody(others, key)}; {since}",
        since=last or scene.run.created_at,
        details=_elsewhere(scene, key),
        remedy="start a runner that fits (the key comes from BENCHFLEET_API_KEY):",
        command=_command(scene, key),
    )  # fmt: skip


def _nobody(others: list[RunnerSeen], key: GroupKey) -> str:
    if not others:
        return "there is no live runner at all"
    kinds = Counter(kind_name((runner.provider, runner.instance_type)) for runner in others)
    names = ", ".join(f"{name} ({n})" if n > 1 and len(kinds) > 1 else name for name, n in kinds.most_common(5))
    they, none = verb(len(others), "it is", "they are"), verb(len(others), "is not", "none is")
    if len(others) == 1:
        return f"the only live runner {none} {kind_name(key)} ({they} {names})"
    return f"{count(len(others), 'live runner')}, {none} {kind_name(key)} ({they} {names})"


def _elsewhere(scene: Scene, key: GroupKey) -> list[str]:
    """Where a fitting runner may be after all: one for any run is only heard of while it waits or works for this one."""
    cut = [f"only the {len(scene.runners):,} runners that were seen last were looked at"] if scene.some_runners else []
    return (
        cut
        + [
            f"runner {runner.runner_id} takes tasks of any run and was last seen {scene.ago(runner.seen_at)}: "
            "it may be at work for another run"
            for runner in scene.fitting(key)
            if runner.any_run
        ][:3]
    )


def _command(scene: Scene, key: GroupKey) -> str:
    words = ["benchfleet", "runner"]
    if scene.api_url:
        words += ["--orchestrator-url", scene.api_url]
    words += ["--run-id", scene.run.run_id, "--provider", key[0], "--instance-type", key[1]]
    return shlex.join(words)


def _busy(scene: Scene, key: GroupKey, tasks: list[Task], live: list[RunnerSeen]) -> Finding:
    who = "the one fitting runner is busy" if len(live) == 1 else f"all {len(live)} fitting runners are busy"
    return _finding(
        "busy", key, tasks, weight="waiting", words=f"{_waits(scene, key, tasks)} for {kind_name(key)}: {who}"
    )


def _soon(scene: Scene, key: GroupKey, tasks: list[Task], idle: list[RunnerSeen]) -> Finding:
    last = max(runner.seen_at for runner in idle)
    picky = all(runner.any_run for runner in idle)
    who = f"{count(len(idle), 'fitting runner')} {verb(len(idle), 'is', 'are')} free"
    words = (
        f"{_waits(scene, key, tasks)} for {kind_name(key)}: {who} and {verb(len(idle), 'asks', 'ask')} every {POLL_S} s"
    )
    return _finding(
        "soon", key, tasks, weight="waiting", words=f"{words} (last {scene.ago(last)})",
        details=[f"they take tasks of any run, but perhaps not of the workload {scene.run.workload}"] if picky else [],
    )  # fmt: skip


def _handed_back(key: GroupKey, tasks: list[Task]) -> Finding:
    several = f"{count(len(tasks), 'task')} for {kind_name(key)} {verb(len(tasks), 'has', 'have')} been handed back"
    details = [
        f"{task.id}: attempt {task.attempt + 1} of {task.max_attempts} comes next; before it: "
        f"{task.reason or 'its lease ran out'}"
        for task in tasks[:5]
    ]
    told = any((task.reason or "").startswith("attempt ") for task in tasks)
    remedy = _TOLD if told else "look whether the machine of the runner that fell silent is still there"
    return _finding("handed_back", key, tasks, weight="problem", words=several, details=details, remedy=remedy)


def _waits(scene: Scene, key: GroupKey, tasks: list[Task]) -> str:
    total = scene.pending()[key]
    return (
        f"{tasks[0].id} waits" if total == len(tasks) == 1 else f"{count(total, 'task')} {verb(total, 'waits', 'wait')}"
    )


def _finding(kind: str, key: GroupKey, tasks: Iterable[Task], **told: object) -> Finding:
    tasks = list(tasks)
    place = {"provider": key[0], "instance_type": key[1], "tasks": len(tasks), "task_ids": first_ids(tasks)}
    return Finding.model_validate({"kind": kind, **place, **told})
