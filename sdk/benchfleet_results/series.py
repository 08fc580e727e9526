"""What a task measured."""

from typing import Literal, NamedTuple


class Series(NamedTuple):
    """What was measured. Only samples of the same series are ever compared."""

    workload: str
    benchmark: str
    variant: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]


class Samples(NamedTuple):
    """One series of one task; `dropped` samples were no usable numbers (NaN, infinite, beyond all sense).

    `listed`: how many times the task listed it, which is once unless two of its benchmarks have the same name.
    `shortest_raw_s` and `cpu_affinity` are the measurement's own; None where it does not say.
    """

    series: Series
    values: tuple[float, ...]
    dropped: int = 0
    listed: int = 1
    shortest_raw_s: float | None = None
    cpu_affinity: tuple[int, ...] | None = None


class Failure(NamedTuple):
    """A benchmark that gave no result, while others of the same task did."""

    benchmark: str
    variant: str
    reason: str
