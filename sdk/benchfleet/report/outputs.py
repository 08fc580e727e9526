"""`output.json` of one task as samples that can be computed with."""

import math
from pathlib import Path

from benchfleet_contract.output_reading import OutputError
from benchfleet_contract.output_reading import read_output as read_items
from benchfleet_contract.results import Measurement, Output

from benchfleet.report import bounds
from benchfleet.report.dataset import Failure, Samples, Series
from benchfleet.report.files import Unreadable, read_bytes


def read_output(path: Path) -> tuple[tuple[Samples, ...], tuple[Failure, ...]] | None:
    """None if there is no such file. Raises Unreadable if it is none of ours, or too large."""
    raw = read_bytes(path, most=bounds.MAX_OUTPUT_BYTES)
    if raw is None:
        return None
    if raw.count(b",") > bounds.MAX_VALUES:  # parsed, a sample takes up to forty times the memory of its text
        raise Unreadable(f"{path.name} holds more than {bounds.MAX_VALUES} values: too many")
    output = _parsed(raw, path.name)
    samples = tuple(_samples(output.workload, found) for found in output.measurements)
    failures = (
        Failure(one.benchmark, one.variant, bounds.cut(one.reason, bounds.MAX_REASON_CHARS)) for one in output.failures
    )
    return _merged(samples), tuple(failures)


def _parsed(raw: bytes, name: str) -> Output:
    try:
        output = read_items(raw, finite=False)
    except OutputError as error:
        raise Unreadable(f"{name} is none of ours: {bounds.cut(error)}") from error
    count = sum(len(found.samples) for found in output.measurements)
    if count > bounds.MAX_SAMPLES:
        raise Unreadable(f"{name} holds {len(output.measurements)} measurements and {count} samples: too many")
    return output


def _samples(workload: str, found: Measurement) -> Samples:
    series = Series(workload, found.benchmark, found.variant, found.metric, found.unit, found.better)
    values = tuple(value for value in found.samples if _usable(value))
    return Samples(series, values, dropped=len(found.samples) - len(values))


def _usable(value: float) -> bool:
    return math.isfinite(value) and (value == 0 or bounds.MIN_MAGNITUDE <= abs(value) <= bounds.MAX_MAGNITUDE)


def _merged(samples: tuple[Samples, ...]) -> tuple[Samples, ...]:
    """A series that a task lists twice is one series: its samples have the same machine and moment."""
    found: dict[Series, Samples] = {}
    for one in samples:
        before = found.get(one.series)
        found[one.series] = (
            Samples(one.series, before.values + one.values, before.dropped + one.dropped, before.listed + 1)
            if before
            else one
        )
    return tuple(found.values())
