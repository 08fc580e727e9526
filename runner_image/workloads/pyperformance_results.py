"""pyperf's JSON as the common shape."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from pydantic import BaseModel, ConfigDict, ValidationError

from runner_image.workloads.files import read_plain
from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.pyperformance_console import Section

UNITS = {"second": ("time", "s"), "byte": ("memory", "bytes"), "integer": ("count", "1")}  # of pyperf → metric, unit


class RawRun(BaseModel):
    """One worker process. `values` are per loop; `warmups` are (loops, value per loop). A calibration has no values."""

    model_config = ConfigDict(allow_inf_nan=False)

    values: list[float] = []
    warmups: list[tuple[int, float]] = []


class RawBenchmark(BaseModel):
    metadata: dict[str, Any] = {}
    runs: list[RawRun]


class RawSuite(BaseModel):
    """`metadata` is what all benchmarks share; a benchmark's own wins."""

    metadata: dict[str, Any] = {}
    benchmarks: list[RawBenchmark]


def load(path: Path) -> RawSuite:
    """Raises WorkloadError `benchmark_failed` if the file is not pyperf's."""
    try:
        return RawSuite.model_validate(json.loads(read_plain(path)))
    except (OSError, ValueError, ValidationError) as error:
        raise WorkloadError(f"{path.name} cannot be read: {error}") from error


def output(suite: RawSuite | None, *, variant: str, sections: Iterable[Section]) -> Output:
    """Every benchmark with values; a failure for each that was started and said to have failed.

    Without any file (`suite` None) everything that was started has failed.
    """
    measurements = [
        found for raw in (suite.benchmarks if suite else []) if (found := _measurement(suite, raw, variant))
    ]
    lost = [section for section in sections if section.error or suite is None]
    failures = [BenchmarkFailure(benchmark=s.benchmark, variant=variant, reason=s.reason) for s in lost]
    return Output(workload="pyperformance", measurements=measurements, failures=failures)


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
    )
