"""`output.json` of one task as series that can be computed with."""

from collections.abc import Iterable
from typing import NamedTuple

from benchfleet_contract.bounds import MAX_SAMPLES, MAX_VALUES, has_many_values
from benchfleet_contract.output_reading import OutputError, read_output
from benchfleet_contract.results import Measurement, Output

from benchfleet_results.series import Failure, Samples, Series

MAX_MAGNITUDE = 1e18  # of a sample: sums and squares of larger ones leave the floats
MIN_MAGNITUDE = 1e-18
UNUSABLE = "NaN, infinite, beyond 1e18 or below 1e-18"


class ResultError(ValueError):
    """The document is none of ours, or too large; the message says why."""


class TaskResult(NamedTuple):
    samples: tuple[Samples, ...]
    failures: tuple[Failure, ...]


def read_result(raw: bytes) -> TaskResult:
    """Every series that can be read; what cannot is among the failures. Raises ResultError."""
    if has_many_values(raw):  # parsed, a sample takes up to forty times the memory of its text
        raise ResultError(f"holds more than {MAX_VALUES} values: too many")
    return of_output(_parsed(raw))


def of_output(output: Output) -> TaskResult:
    """Its series; samples beyond all sense are dropped and counted."""
    samples = merged(_samples(output.workload, found) for found in output.measurements)
    return TaskResult(samples, tuple(Failure(one.benchmark, one.variant, one.reason) for one in output.failures))


def _parsed(raw: bytes) -> Output:
    try:
        output = read_output(raw, finite=False)
    except OutputError as error:
        raise ResultError(f"is none of ours: {error}") from error
    count = sum(len(found.samples) for found in output.measurements)
    if count > MAX_SAMPLES:
        raise ResultError(f"holds {len(output.measurements)} measurements and {count} samples: too many")
    return output


def _samples(workload: str, found: Measurement) -> Samples:
    series = Series(workload, found.benchmark, found.variant, found.metric, found.unit, found.better)
    values = tuple(value for value in found.samples if usable(value))
    cores = None if found.cpu_affinity is None else tuple(found.cpu_affinity)
    dropped = len(found.samples) - len(values)
    shortest = found.shortest_raw_s
    told = shortest if shortest is not None and usable(shortest) and shortest >= 0 else None
    return Samples(series, values, dropped, shortest_raw_s=told, cpu_affinity=cores)


def usable(value: float) -> bool:
    """Neither NaN nor endless, and of a size of which squares and quotients stay within the floats, if it is an int, too."""
    return value == 0 or MIN_MAGNITUDE <= abs(value) <= MAX_MAGNITUDE


def merged(samples: Iterable[Samples]) -> tuple[Samples, ...]:
    """A series that is listed twice is one series: its samples have the same machine and moment."""
    found: dict[Series, Samples] = {}
    for one in samples:
        before = found.get(one.series)
        found[one.series] = _both(before, one) if before else one
    return tuple(found.values())


def _both(one: Samples, other: Samples) -> Samples:
    raw = [each.shortest_raw_s for each in (one, other) if each.shortest_raw_s is not None]
    return Samples(
        one.series,
        one.values + other.values,
        one.dropped + other.dropped,
        one.listed + other.listed,
        shortest_raw_s=min(raw, default=None),
        cpu_affinity=one.cpu_affinity if one.cpu_affinity == other.cpu_affinity else None,
    )
