"""Which dimensions of a run are compared with each other: machines, subjects, variants.

What is compared stands side by side on one board. What is not is kept apart: each of its values has boards of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal, get_args

from benchfleet_results.boards.tasks import HAS_RESULTS, UNKNOWN, GroupKey, Task
from benchfleet_results.registry import aggregator

Dimension = Literal["machine", "subject", "variant"]
By = tuple[Dimension, ...]
NAMES: By = get_args(Dimension)
NO_SUBJECT = "no subject"


def default(tasks: Sequence[Task]) -> By:
    """Subjects where there are several (on each machine, if there are several of those, too), else machines.

    Else variants: on one machine, without subjects, they are all that can be compared.
    """
    machines = {task.group[:2] for task in tasks}
    if len({task.subject for task in tasks}) > 1:
        return ("machine", "subject") if len(machines) > 1 else ("subject",)
    return ("machine",) if len(machines) > 1 or not several_variants(tasks) else ("variant",)


def several_variants(tasks: Iterable[Task]) -> bool:
    """Did any kind of work measure two? Conditions of measuring are none."""
    found: dict[str, set[str]] = defaultdict(set)
    for task in (task for task in tasks if task.outcome in HAS_RESULTS):
        for one in task.samples:
            if not aggregator(one.series.workload).condition(one.series.variant):
                found[one.series.workload].add(one.series.variant)
    return any(len(variants) > 1 for variants in found.values())


def machine(provider: str, name: str) -> str:
    """Where no metadata names a provider, the name is all there is."""
    return name if provider == UNKNOWN else f"{provider} {name}"


def identity(provider: str, name: str, subject: str | None) -> str:
    """`aws c8g.large / ruby-3.4`"""
    return f"{machine(provider, name)} / {subject}" if subject else machine(provider, name)


def label(key: GroupKey, by: By) -> str:
    """A group among the others of its board: only what it is compared by is said."""
    words = {"machine": machine(key.provider, key.name), "subject": key.subject or NO_SUBJECT, "variant": key.variant}
    return " / ".join(words[name] or "" for name in NAMES if name in by)
