"""pyperf's JSON as the common shape."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchfleet_contract.results import BenchmarkFailure, Measurement, Output, Sample
from benchfleet_results.formats.pyperf import UNITS
from pydantic import BaseModel, ConfigDict, ValidationError

from runner_image import core_lists
from runner_image.workloads.files import read_plain
from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.pyperformance.console import Section


class RawRun(BaseModel):
    """One worker process. `values` are per loop; `warmups` are (loops, value per loop). A calibration has no values.

    `metadata` is what its benchmark's runs do not share.
    """

    model_config = ConfigDict(allow_inf_nan=False)

    metadata: dict[str, Any] = {}
    values: list[Sample] = []
    warmups: list[tuple[int, Sample]] = []


class RawBenchmark(BaseModel):
    metadata: dict[str, Any] = {}
    runs: list[RawRun]


class RawSuite(BaseModel):
    """`metadata` is what all benchmarks share; a benchmark's own wins."""

    version: Any = "1.0"  # of pyperf's format
    metadata: dict[str, Any] = {}
    benchmarks: list[Any]  # each is read for itself: see `output`


def load(path: Path) -> RawSuite:
    """Raises WorkloadError `benchmark_failed` if the file is not pyperf's."""
    try:
        suite = RawSuite.model_validate(json.loads(read_plain(path).decode("utf-8-sig")))
        if suite.benchmarks and not any(_is_readable(item) for item in suite.benchmarks):
            RawBenchmark.model_validate(suite.benchmarks[0])  # says what is wrong with it
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise WorkloadError(f"{path.name} cannot be read: {error}") from error
    return suite


def joined(suites: Sequence[RawSuite]) -> RawSuite:
    """Several files as one, each benchmark with all that was said of it: a file that pyperf reads, too."""
    benchmarks = [_whole(suite, item) for suite in suites for item in suite.benchmarks]
    return RawSuite(version=suites[0].version, benchmarks=benchmarks)


def _whole(suite: RawSuite, item: Any) -> Any:
    own = item.get("metadata", {}) if isinstance(item, dict) else None
    return {**item, "metadata": {**suite.metadata, **own}} if isinstance(own, dict) else item


def _is_readable(item: Any) -> bool:
    try:
        RawBenchmark.model_validate(item)
    except ValidationError:
        return False
    return True


def output(suite: RawSuite | None, *, variant: str, sections: Iterable[Section]) -> Output:
    """Every benchmark with values; a failure for each that was started and said to have failed.

    Without any file (`suite` None) everything that was started has failed.
    """
    measurements: list[Measurement] = []
    lost = [section for section in sections if section.error or suite is None]
    failures = [BenchmarkFailure(benchmark=s.benchmark, variant=variant, reason=s.reason) for s in lost]
    known = {failure.benchmark for failure in failures}
    for number, item in enumerate(suite.benchmarks if suite else []):
        found = _read(suite, item, number, variant)
        if isinstance(found, Measurement):
            measurements.append(found)
        elif found.benchmark not in known:  # the console knew a better reason
            failures.append(found)
    return Output(workload="pyperformance", measurements=measurements, failures=failures)


def _read(suite: RawSuite | None, item: Any, number: int, variant: str) -> Measurement | BenchmarkFailure:
    """One benchmark, or why it is none: a format that is not known is told, and not taken for an empty result."""
    name, why = f"benchmarks.{number}", "pyperf's file holds no values of it"
    try:
        raw = RawBenchmark.model_validate(item)
        name = str({**(suite.metadata if suite else {}), **raw.metadata}.get("name", name))
        if found := _measurement(suite, raw, variant):
            return found
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        about = item.get("metadata") if isinstance(item, dict) else None
        name = str(about.get("name", name)) if isinstance(about, dict) else name
        why = f"pyperf's file cannot be read: {'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
    return BenchmarkFailure(benchmark=name, variant=variant, reason=why)


def _measurement(suite: RawSuite | None, raw: RawBenchmark, variant: str) -> Measurement | None:
    about = {**(suite.metadata if suite else {}), **raw.metadata}
    metric, unit = UNITS.get(str(about.get("unit", "second")), ("value", str(about.get("unit"))))
    measured = [run for run in raw.runs if run.values]
    if not measured:
        return None
    return Measurement(
        benchmark=str(about.get("name", "unnamed")),
        variant=variant,
        metric=metric,
        unit=unit,
        better="lower",
        samples=[value for run in measured for value in run.values],
        warmup=[value for run in measured for _, value in run.warmups],
        shortest_raw_s=min(_shortest_raw(about, run) for run in measured) if unit == "s" else None,
        cpu_affinity=_affinity({**about, **run.metadata} for run in measured),
    )


def _shortest_raw(about: Mapping[str, Any], run: RawRun) -> float:
    """Seconds. pyperf times all loops together, each of them with `inner_loops` in it, and divides by both."""
    own = {**about, **run.metadata}
    loops = [count for name in ("loops", "inner_loops") if isinstance(count := own.get(name, 1), int) and count > 0]
    return min(run.values) * math.prod(loops)


def _affinity(runs: Iterable[Mapping[str, Any]]) -> list[int] | None:
    """The cores of all workers together. pyperf leaves them out where they are all that the machine has."""
    cores: set[int] = set()
    for about in runs:
        told, count = about.get("cpu_affinity"), about.get("cpu_count")
        if told is None and isinstance(count, int) and str(about.get("platform", "")).startswith("Linux"):
            told = f"0-{count - 1}"
        try:
            cores.update(core_lists.read(str(told)))
        except ValueError:
            return None
    return sorted(cores)
