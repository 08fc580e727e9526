"""Units of one dimension: 9,000 ms and 9 s are the same number, so they are compared."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchfleet_results.boards.tasks import Task
from benchfleet_results.reading import merged
from benchfleet_results.series import Samples, Series

_TIMES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "microsecond", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nanosecond", "nanoseconds"), 1e-9),
    **dict.fromkeys(("min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3600.0),
}
_BYTES = {
    **dict.fromkeys(("bytes", "byte", "B"), 1.0),
    **{f"{prefix}B": 1000.0**power for power, prefix in enumerate(("k", "M", "G", "T"), start=1)},
    **{f"{prefix}iB": 1024.0**power for power, prefix in enumerate(("K", "M", "G", "T"), start=1)},
    "KB": 1000.0,
}
_RATE = re.compile(r"^(?P<what>.+?)\s*(?:/|\bper\b)\s*(?P<time>[^/]+)$")


def base(unit: str) -> tuple[str, float]:
    """The unit of its dimension that others are converted to, and what to multiply by: `ms` → (`s`, 0.001)."""
    name = unit.strip()
    if name in _TIMES:
        return "s", _TIMES[name]
    if name in _BYTES:
        return "bytes", _BYTES[name]
    rate = _RATE.match(name)
    if rate and rate["time"].strip() in _TIMES:
        what, factor = base(rate["what"]) if rate["what"] in _BYTES else (rate["what"], 1.0)
        return f"{what}/s", factor / _TIMES[rate["time"].strip()]
    return unit, 1.0


def harmonised(tasks: Sequence[Task]) -> list[Task]:
    """The same tasks; what was measured in several units of one dimension is in the base unit everywhere."""
    units: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for one in (one for task in tasks for one in task.samples):
        units[_thing(one.series)].add(one.series.unit)
    return [replace(task, samples=merged(_converted(one, units) for one in task.samples)) for task in tasks]


def _thing(series: Series) -> tuple[str, ...]:
    return (series.workload, series.benchmark, series.variant, series.metric, series.better, base(series.unit)[0])


def _converted(one: Samples, units: Mapping[tuple[str, ...], set[str]]) -> Samples:
    if len(units[_thing(one.series)]) < 2:
        return one
    unit, factor = base(one.series.unit)
    return one._replace(series=one.series._replace(unit=unit), values=tuple(value * factor for value in one.values))
