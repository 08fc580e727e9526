"""Whether what was measured in one repeat was measured at one place and time. Judged by the results that there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from benchfleet_contract.clocks import took_s

from benchfleet_results.boards.tasks import Task

LONG_APART_S = 60.0  # that no subject of a repeat was measured in, if that is also longer than measuring took
Apart = Literal["other_instance", "long_apart"]


def apart(tasks: Sequence[Task]) -> Apart | None:
    """Of a repeat. Parts of a split execution may each have an instance of their own, and a time, if those are the same ones
    for all subjects: what one part measured is only compared with the same part of another subject.
    """
    parts: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        parts[task.part].append(task)
    shared = [mine for mine in parts.values() if len({task.subject for task in mine}) > 1]
    if any(len({task.host for task in mine}) > 1 or mine[0].host is None for mine in shared):
        return "other_instance"
    return "long_apart" if any(_long_apart(mine, tasks) for mine in shared) else None


def _long_apart(part: Sequence[Task], repeat: Sequence[Task]) -> bool:
    """Times that are not known, or wrong, say nothing. Tasks beside each other take more time together than passes.

    What other parts measured in between on the same instance was no waiting.
    """
    nearby = [task for task in repeat if task.host == part[0].host]
    spans = _spans(nearby)
    if spans is None:
        return False
    mine = [span for task, span in zip(nearby, spans, strict=True) if task.part == part[0].part]
    first, last = min(start for start, _ in mine), max(end for _, end in mine)
    measuring = sum(max(0.0, min(end, last) - max(start, first)) for start, end in spans)
    return last - first - measuring > max(LONG_APART_S, measuring)


def _spans(tasks: Sequence[Task]) -> list[tuple[float, float]] | None:
    """From start to end, in seconds after the first one's start; None where one is not known."""
    first = tasks[0].started_at
    spans = [(took_s(first, task.started_at), took_s(first, task.ended_at)) for task in tasks]
    known = [(start, end) for start, end in spans if start is not None and end is not None and start <= end]
    return None if len(known) < len(tasks) or any(task.clock for task in tasks) else known
