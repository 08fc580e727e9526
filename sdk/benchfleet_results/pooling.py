"""Parts of one execution put together: a suite that is split over tasks is still run once for each repeat."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

from benchfleet_results.reading import merged
from benchfleet_results.series import Samples

Key = TypeVar("Key", bound=Hashable)


def executions(parts: Iterable[tuple[Key, tuple[Samples, ...]]]) -> dict[Key, tuple[Samples, ...]]:
    """Execution → all that its parts measured, in order of first appearance.

    Each part names its execution: by run, machine, subject and repeat. A series that two parts measured is one series.
    """
    found: dict[Key, list[Samples]] = defaultdict(list)
    for key, samples in parts:
        found[key] += samples
    return {key: merged(samples) for key, samples in found.items()}
