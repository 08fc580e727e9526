"""What a reader must know before believing a number."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from benchfleet_contract.clocks import SET_BACK
from benchfleet_results.boards.dimensions import identity, machine
from benchfleet_results.boards.tasks import HAS_RESULTS, Task, by_group
from benchfleet_results.reading import UNUSABLE

from benchfleet.report import words
from benchfleet.report.dataset import Dataset
from benchfleet.report.model.board import Board
from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.model.quality import Quality
from benchfleet.report.quality import conditions as quality_conditions
from benchfleet.report.quality import words as quality_words
from benchfleet.report.stopping import stopping
from benchfleet.results.bounds import as_json, cut


def warnings(
    new: Dataset, old: Dataset, *, groups: Sequence[GroupFacts], boards: Sequence[Board], quality: Quality
) -> list[str]:
    """In the order of their weight, each once."""
    found = [
        *_nothing(new, boards),
        *_results(groups),
        *_replication(groups),
        *_instances(new.tasks),
        *_lone(boards),
        *(words for board in boards for words in _subset(board)),
        *_unlike(new, old),
        *quality_words.lines(quality),
        *_conditions(new, old),
        *_pooled(new),
        *_dropped((*new.tasks, *old.tasks)),
        *_incomplete((*new.tasks, *old.tasks)),
        *_noted((*new.tasks, *old.tasks)),
        *_twice((*new.tasks, *old.tasks)),
        *_clocks((*new.tasks, *old.tasks)),
        *stopping((*new.runs, *old.runs)),
        *(note for run in (*new.runs, *old.runs) for note in run.notes),
    ]
    return list(dict.fromkeys(found))


def _nothing(new: Dataset, boards: Sequence[Board]) -> Iterator[str]:
    if not boards:
        why = "no task has a result" if new.tasks else "no task is left after the filters, or there was none"
        yield f"Nothing was measured: {why}."


def _results(groups: Sequence[GroupFacts]) -> Iterator[str]:
    for group in groups:
        good = sum(count for outcome, count in group.outcomes.items() if outcome in HAS_RESULTS)
        if good < group.tasks:
            yield f"{group.label}: {group.tasks - good} of {group.tasks} tasks without a result."
        if partial := group.outcomes.get("partial"):
            yield f"{group.label}: {partial} of {group.tasks} tasks with only some of their benchmarks."
        if len(group.instance_types) > 1:
            types = ", ".join(group.instance_types)
            yield f"{group.label} holds several instance types ({types}): they are pooled, and have no one price."


def _replication(groups: Sequence[GroupFacts]) -> Iterator[str]:
    good = {group.label: group.executions for group in groups}
    single = [label for label, count in good.items() if count == 1]
    if single:
        yield (
            f"Only one task on {', '.join(single)}: no difference can be told from noise. Two tasks are the least, five "
            "are better."
        )


def _instances(tasks: Sequence[Task]) -> Iterator[str]:
    """Machines of which all tasks ran on one instance, and subjects that cannot be told from their instances."""
    found: dict[str, dict[str | None, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    for task in (task for task in tasks if task.outcome in HAS_RESULTS):
        found[machine(task.provider, task.group.name)][task.subject].append(task.host)
    for name, subjects in found.items():
        hosts = [host for mine in subjects.values() for host in mine]
        if None in hosts or len(hosts) < 2:
            continue
        if len(set(hosts)) == 1:
            yield (
                f"All tasks of {name} ran on one instance: differences between instances of that type are not in its "
                "intervals."
            )
        used = {subject: set(mine) for subject, mine in subjects.items()}
        apart = [f"{one} and {other}" for one, other in combinations(used, 2) if _confounded(used[one], used[other])]
        if apart:
            yield (
                f"{_some(apart)} never ran on the same instance of {name}: a difference between them may be one "
                "between instances."
            )


def _lone(boards: Sequence[Board]) -> Iterator[str]:
    """Benchmarks that only one task, or tasks of only one instance, measured, where the group has several."""
    found = [
        f"{cell.label} {one.benchmark}"
        for board in boards
        for one in board.benchmarks
        for cell in one.cells
        if cell.interval is None
        and cell.interval_over != "samples"
        and (cell.tasks == 1 or cell.instances in (1, None))
    ]
    if found:
        yield (
            f"{_some(found)}: measured by one task, or on one instance (those that were not recorded count as one), where there "
            "are several. Such a mean has no interval, and nothing of it is tested."
        )


def _confounded(one: set[str | None], other: set[str | None]) -> bool:
    """What differs from one instance to another is in an interval over several, and not in that of a single one."""
    return not one & other and min(len(one), len(other)) == 1


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(cut(name) for name in names[:3]) + more


def _subset(board: Board) -> Iterator[str]:
    total = len(board.benchmarks)
    where = board.title if board.metric in board.title else f"{board.title}, {board.metric}"
    if board.not_compared:
        yield f"{where}: not compared, because {board.not_compared}."
    elif not board.common and total:
        yield f"{where}: no benchmark was measured on every {words.noun(board.by)}, so there is no ranking."
    elif not board.ranking:
        yield f"{where}: its benchmarks have several units, so there is no ranking."
    elif len(board.common) < total / 2:
        yield f"{where}: only {len(board.common)} of {total} benchmarks were measured on every group."


def _unlike(new: Dataset, old: Dataset) -> Iterator[str]:
    """A comparison with a baseline means something only where both did the same work."""
    for what, other in (("workload", "another workload"), ("workload_options", "other workload options")):
        before, now = ({as_json(run.about.get(what)) for run in one.runs} for one in (old, new))
        if before and before != now:
            yield f"The baseline had {other}: what is compared may not be the same work."


def _conditions(new: Dataset, old: Dataset) -> Iterator[str]:
    """Groups that are compared with each other, and the same group in the baseline."""
    groups = by_group(new.tasks)
    yield from quality_conditions.apart({identity(*key[:3]): tasks for key, tasks in groups.items()})
    for key, before in by_group(old.tasks).items():
        if key in groups:
            name = identity(*key[:3])
            yield from quality_conditions.apart({f"{name} (this run)": groups[key], f"{name} (baseline)": before})


def no_price(groups: Sequence[GroupFacts]) -> str:
    names = ", ".join(dict.fromkeys(f"{one.provider} {'/'.join(one.instance_types)}" for one in groups))
    return f"The price table has no price for {names} (provider, instance type): there is no speed per dollar."


def _pooled(new: Dataset) -> Iterator[str]:
    if any(len({task.run_id for task in tasks}) > 1 for tasks in by_group(new.tasks).values()):
        names = ", ".join(run.run_id for run in new.runs)
        yield f"Tasks of runs {names} are pooled; use --baseline to compare runs with each other."
    asked = {as_json(run.about.get("workload_options")) for run in new.runs}
    if len(asked) > 1:
        yield "The pooled runs had different workload options."


def _dropped(tasks: Sequence[Task]) -> Iterator[str]:
    count = sum(one.dropped for task in tasks for one in task.samples)
    if count:
        yield f"{count} samples were no usable numbers ({UNUSABLE}) and were dropped."


def _incomplete(tasks: Sequence[Task]) -> Iterator[str]:
    """A benchmark that failed behind some samples has numbers as if all were well: fewer than were asked for."""
    for task in tasks:
        measured = {(one.series.benchmark, one.series.variant) for one in task.samples}
        for lost in task.failures:
            if (lost.benchmark, lost.variant) in measured:
                yield f"{cut(task.folder)}: the samples of {cut(lost.benchmark)} are incomplete: {cut(lost.reason)}"


def _noted(tasks: Sequence[Task]) -> Iterator[str]:
    """What the runner has to say of a result that is whole: that it ran on other cores, or does not fit into an archive."""
    noted: dict[str, list[str]] = defaultdict(list)
    for task in (task for task in tasks if task.outcome == "measured" and task.reason):
        noted[task.reason or ""].append(cut(task.folder))
    for reason, folders in noted.items():
        yield f"{_some(folders)}: {reason}"


def _twice(tasks: Sequence[Task]) -> Iterator[str]:
    """Two things of one name cannot be told apart: their samples are pooled, which may be nonsense."""
    for task in tasks:
        names = [cut(one.series.benchmark) for one in task.samples if one.listed > 1]
        if names:
            yield (
                f"{cut(task.folder)} lists {_some(names)} more than once: the samples of one name are "
                "pooled. Give each its own name."
            )


def _clocks(tasks: Sequence[Task]) -> Iterator[str]:
    """Times that a program took by the wall clock may be wrong, too."""
    odd = [cut(task.folder) for task in tasks if task.clock]
    if odd:
        yield f"{_some(odd)}: {SET_BACK}. Its start and end tell no duration."
