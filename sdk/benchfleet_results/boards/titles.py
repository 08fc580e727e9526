"""What tells a board from the others of its report."""

from collections.abc import Iterator, Sequence

from benchfleet_results.boards.dimensions import machine
from benchfleet_results.boards.grouping import USUAL_METRIC, BoardKey
from benchfleet_results.registry import aggregator

_ONLY_VARIANT = "default"  # what a workload without variants calls it


def title(key: BoardKey, every: Sequence[BoardKey]) -> str:
    return ", ".join(_parts(key, every)) or key.metric


def _parts(key: BoardKey, every: Sequence[BoardKey]) -> Iterator[str]:
    """Machine and workload where there are several; the metric where it is not time."""
    if len({other.workload for other in every}) > 1:
        yield key.workload
    if len({(other.provider, other.name) for other in every}) > 1:
        yield machine(key.provider, key.name)
    if key.subject:
        yield key.subject
    if key.variant and (key.variant != _ONLY_VARIANT or _several_variants(every)):
        yield key.variant
    if key.metric != USUAL_METRIC:
        yield key.metric


def _several_variants(every: Sequence[BoardKey]) -> bool:
    return len({other.variant for other in every if not aggregator(other.workload).condition(other.variant)}) > 1
