"""What a reader must know before believing a number."""

from collections.abc import Iterator, Sequence

from benchfleet_contract.clocks import SET_BACK
from benchfleet_results.reading import UNUSABLE

from benchfleet.report.dataset import HAS_RESULTS, Dataset, Task
from benchfleet.report.model import Board, GroupFacts
from benchfleet.results.bounds import as_json, cut


def warnings(new: Dataset, old: Dataset, *, groups: Sequence[GroupFacts], boards: Sequence[Board]) -> list[str]:
    """In the order of their weight, each once."""
    found = [
        *_nothing(new, boards),
        *_results(groups),
        *_replication(groups),
        *(words for board in boards for words in _subset(board)),
        *_unlike(new, old),
        *_pooled(new),
        *_dropped((*new.tasks, *old.tasks)),
        *_incomplete((*new.tasks, *old.tasks)),
        *_twice((*new.tasks, *old.tasks)),
        *_clocks((*new.tasks, *old.tasks)),
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
    good = {g.label: sum(n for outcome, n in g.outcomes.items() if outcome in HAS_RESULTS) for g in groups}
    single = [label for label, count in good.items() if count == 1]
    if single:
        yield (
            f"Only one task on {', '.join(single)}: whether a difference is beyond noise cannot be said. "
            "Two tasks are the least, five are better."
        )
    for group in groups:
        if group.hosts == 1 and good[group.label] > 1:
            yield (
                f"All tasks of {group.label} ran on one instance: differences between instances of that type are not "
                "in its intervals."
            )


def _subset(board: Board) -> Iterator[str]:
    total = len(board.benchmarks)
    where = f"{board.variant}, {board.metric}"
    if not board.common and total:
        yield f"{where}: no benchmark was measured on every group, so there is no ranking."
    elif len(board.common) < total / 2:
        yield f"{where}: only {len(board.common)} of {total} benchmarks were measured on every group."


def _unlike(new: Dataset, old: Dataset) -> Iterator[str]:
    """A comparison with a baseline means something only where both did the same work."""
    for what, words in (("workload", "another workload"), ("workload_options", "other workload options")):
        before, now = ({as_json(run.about.get(what)) for run in one.runs} for one in (old, new))
        if before and before != now:
            yield f"The baseline had {words}: what is compared may not be the same work."


def no_price(groups: Sequence[GroupFacts]) -> str:
    names = ", ".join(f"{one.provider} {'/'.join(one.instance_types)}" for one in groups)
    return f"The price table has no price for {names}: there is no speed per dollar."


def _pooled(new: Dataset) -> Iterator[str]:
    if len(new.runs) > 1:
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


def _twice(tasks: Sequence[Task]) -> Iterator[str]:
    """Two things of one name cannot be told apart: their samples are pooled, which may be nonsense."""
    for task in tasks:
        names = [cut(one.series.benchmark) for one in task.samples if one.listed > 1]
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield (
                f"{cut(task.folder)} lists {', '.join(names[:3])}{more} more than once: the samples of one name are "
                "pooled. Give each its own name."
            )


def _clocks(tasks: Sequence[Task]) -> Iterator[str]:
    """Times that a program took by the wall clock may be wrong, too."""
    odd = [cut(task.folder) for task in tasks if task.clock]
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        yield f"{', '.join(odd[:3])}{more}: {SET_BACK}. Its start and end tell no duration."
