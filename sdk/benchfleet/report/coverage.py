"""What there is and what there is not: runs, groups, tasks without a result, benchmarks that failed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from benchfleet_results.boards.dimensions import identity
from benchfleet_results.boards.tasks import HAS_RESULTS, GroupKey, Task, by_execution

from benchfleet.report.costs import slots_at_work, total
from benchfleet.report.dataset import Run
from benchfleet.report.model.facts import BenchmarkProblem, GroupFacts, RunFacts, SubjectFacts, TaskProblem
from benchfleet.report.stopping import precision_of
from benchfleet.report.surroundings import OPTION, option_text
from benchfleet.results.bounds import cut, tame_options

Role = Literal["measured", "baseline"]


def run_facts(run: Run, tasks: Sequence[Task], *, role: Role) -> RunFacts:
    about, mine = run.about, [task for task in tasks if task.run_id == run.run_id]
    options = about.get("workload_options")
    workloads = {one.series.workload for task in mine for one in task.samples}
    return RunFacts(
        run_id=run.run_id,
        role=role,
        status=_text(about.get("status")),
        reason=_text(about.get("reason"), 500),
        workload=_text(about.get("workload")) or ", ".join(sorted(workloads)) or None,
        workload_options=tame_options(options),
        subjects=list(_subjects(about.get("subjects"), options, mine)),
        ruby_version=_text(about.get("ruby_version")),
        created_at=_text(about.get("created_at")),
        started_at=min((task.started_at for task in mine if task.started_at), default=None),
        ended_at=max((task.ended_at for task in mine if task.ended_at), default=None),
        tasks=len(mine),
        without_result=sum(task.outcome not in HAS_RESULTS for task in mine),
        not_needed=run.not_needed,
        precision=precision_of(run),
    )


def _subjects(asked: Any, options: Any, tasks: Sequence[Task]) -> Iterator[SubjectFacts]:
    """In the order of run.json. What is a subject's own is what its tasks had, and the run has not."""
    known = [name for name in asked if isinstance(name, str)] if isinstance(asked, list) else []
    shared = {name: cut(option_text(value)) for name, value in options.items()} if isinstance(options, dict) else {}
    mine = {task.subject: task.environment for task in reversed(tasks)}
    for name in dict.fromkeys([*known, *(task.subject for task in tasks if task.subject)]):
        facts = {
            fact.removeprefix(OPTION): value for fact, value in mine.get(name, {}).items() if fact.startswith(OPTION)
        }
        own = {option: value for option, value in facts.items() if shared.get(option) != value}
        yield SubjectFacts(name=cut(name), image=mine.get(name, {}).get("container image"), options=own)


def group_facts(tasks: Iterable[Task], *, role: Role) -> list[GroupFacts]:
    """In the order of first appearance."""
    groups: dict[GroupKey, list[Task]] = {}
    for task in tasks:
        groups.setdefault(task.group, []).append(task)
    return [_group(key, found, role) for key, found in groups.items()]


def _group(key: GroupKey, tasks: Sequence[Task], role: Role) -> GroupFacts:
    with_results = [task for task in tasks if task.outcome in HAS_RESULTS]
    hosts = {task.host for task in with_results}
    return GroupFacts(
        provider=key.provider,
        name=key.name,
        subject=key.subject,
        label=identity(*key[:3]),
        role=role,
        instance_types=sorted({task.instance_type for task in tasks}),
        tasks=len(tasks),
        executions=len({key for key, _ in by_execution(with_results)}),
        outcomes=dict(sorted(Counter(task.outcome for task in tasks).items())),
        hosts=None if not hosts or None in hosts else len(hosts),
        slots_at_work=slots_at_work(with_results),
        hours=total(tasks),
        environment=_environment(with_results or tasks),
    )


def _environment(tasks: Sequence[Task]) -> dict[str, str]:
    found: dict[str, dict[str, None]] = {}  # a dict for the order
    for task in tasks:
        for name, value in task.environment.items():
            found.setdefault(name, {})[value] = None
    return {name: cut(" or ".join(values), 500) for name, values in found.items()}


def task_problems(tasks: Iterable[Task]) -> list[TaskProblem]:
    return [
        TaskProblem(
            provider=task.provider,
            name=task.group.name,
            subject=task.subject,
            label=identity(*task.group[:3]),
            run_id=task.run_id,
            task=task.folder,
            outcome=task.outcome,
            reason=task.reason,
        )
        for task in tasks
        if task.outcome != "measured"
    ]


def benchmark_problems(tasks: Iterable[Task]) -> list[BenchmarkProblem]:
    return [
        BenchmarkProblem(
            provider=task.provider,
            name=task.group.name,
            subject=task.subject,
            label=identity(*task.group[:3]),
            run_id=task.run_id,
            task=task.folder,
            benchmark=failure.benchmark,
            variant=failure.variant,
            reason=failure.reason,
        )
        for task in tasks
        for failure in task.failures
    ]


def _text(value: Any, most: int = 200) -> str | None:
    return cut(value, most) if isinstance(value, str | int) and value != "" else None
