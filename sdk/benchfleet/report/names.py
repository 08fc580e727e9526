"""What names of variants mean, as their workload says: `interp` says nothing to who reads it for the first time."""

from collections.abc import Collection, Iterable

from benchfleet_results.boards.tasks import Task
from benchfleet_results.registry import aggregator

from benchfleet.report.model.report import Report


def names(tasks: Iterable[Task]) -> dict[str, str]:
    """Of those that were measured, and that somebody describes."""
    series = dict.fromkeys((one.series.workload, one.series.variant) for task in tasks for one in task.samples)
    found = {variant: aggregator(workload).variants.get(variant) for workload, variant in series}
    return {variant: meaning for variant, meaning in found.items() if meaning}


def in_words(report: Report, *, said: Collection[str | None] = ()) -> str:
    """`interp: Ruby's interpreter alone; yjit: …`, without those that are `said` already. Empty without any."""
    told = "; ".join(f"{name}: {meaning}" for name, meaning in report.names.items() if name not in said)
    return f"{told}." if told else ""
