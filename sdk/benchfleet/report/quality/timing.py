"""How a series was timed: the shortest interval of a clock, the cores it ran on, and modes that were shortened."""

from collections.abc import Iterator, Sequence

from benchfleet_results.boards.tasks import Task
from benchfleet_results.boards.units import base
from benchfleet_results.modes import Mode
from benchfleet_results.registry import aggregator
from benchfleet_results.series import Samples
from benchfleet_results.statistics.quality_pyperf import SHORTEST_S

from benchfleet.report import words
from benchfleet.report.model.quality import QualityFinding
from benchfleet.report.quality.hits import Hit, finding

_NEAR_THE_CLOCK_S = 1e-5  # of which 100 ns, what reading a clock twice takes, are 1 %
Part = tuple[Task, Samples]


def checked(parts: Sequence[Part]) -> Iterator[QualityFinding]:
    """`parts`: each task that measured the series, with its samples."""
    tasks = len(parts)
    yield from finding("raw time", [_short(shortest_s(*part)) for part in parts], tasks=tasks)
    yield from finding("affinity", [_elsewhere(*part) for part in parts], tasks=tasks)
    yield from finding("mode", [_shortened(*part) for part in parts], tasks=tasks)


def shortest_s(task: Task, samples: Samples) -> float | None:
    """Seconds; None where it was not recorded, and the samples themselves are no single intervals."""
    if samples.shortest_raw_s is not None:
        return samples.shortest_raw_s
    unit, factor = base(samples.series.unit)
    if unit != "s" or not aggregator(samples.series.workload).raw(task.options or {}, len(samples.values)):
        return None
    return min(samples.values) * factor


def is_time(samples: Samples) -> bool:
    return base(samples.series.unit)[0] == "s"


def modes(task: Task, samples: Samples) -> Sequence[Mode]:
    """As the options of the task say; none where its options were not recorded."""
    shortened = aggregator(samples.series.workload).shortened
    return shortened(task.options, len(samples.values)) if task.options is not None else ()


def _short(seconds: float | None) -> Hit | None:
    if seconds is None or seconds >= SHORTEST_S:
        return None
    said = f"the shortest timed interval is {words.quantity(seconds, 's')}"
    return Hit("poor" if seconds < _NEAR_THE_CLOCK_S else "fair", -seconds, said)


def _elsewhere(task: Task, samples: Samples) -> Hit | None:
    """On cores that were not the task's own, whoever else was on them."""
    if samples.cpu_affinity is None or task.pinned is None or set(samples.cpu_affinity) <= task.pinned:
        return None
    there, own = (", ".join(map(str, sorted(cores))) for cores in (samples.cpu_affinity, task.pinned))
    return Hit("poor", 1, f"measured on the cores {there}, while the task had {own}")


def _shortened(task: Task, samples: Samples) -> Hit | None:
    found = modes(task, samples)
    if not found:
        return None
    poor = any(mode.grade == "poor" for mode in found)
    return Hit("poor" if poor else "fair", 1, "measured with " + ", ".join(mode.words for mode in found))
