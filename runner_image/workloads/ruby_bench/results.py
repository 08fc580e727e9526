"""ruby-bench's `output_NNN.json` as the common shape. The csv and txt beside it change their layout: never read."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchfleet_contract.results import BenchmarkFailure, Measurement, Output, Sample
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from runner_image.workloads.files import read_plain
from runner_image.workloads.protocol import WorkloadError
from runner_image.workloads.ruby_bench.console import Reader
from runner_image.workloads.ruby_bench.suite import check_variant

UNTOLD = "ruby-bench lists it among its failed benchmarks, and its console says no more of it"


class RawBench(BaseModel):
    """One benchmark under one variant: iterations in seconds, `rss_samples` in bytes, one for each iteration."""

    model_config = ConfigDict(allow_inf_nan=False)

    description: str = Field(alias="RUBY_DESCRIPTION")
    warmup: list[Sample] = []
    bench: list[Sample] = Field(min_length=1)
    rss_samples: list[Sample] = []


def load(path: Path) -> dict[str, dict[str, Any]]:
    """{variant: {benchmark: raw}}. Raises WorkloadError `benchmark_failed` if the file is not ruby-bench's."""
    try:
        raw = json.loads(read_plain(path).decode("utf-8-sig"))["raw_data"]
        return {str(variant): dict(benches) for variant, benches in raw.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkloadError(f"{path.name} cannot be read: {error}") from error


def output(raw: dict[str, dict[str, Any]], *, variants: Sequence[str], console: Reader, memory: bool = False) -> Output:
    """Everything that was measured, and a failure for each benchmark that was started and is absent or unreadable, or
    that ruby-bench itself lists as failed.

    Raises WorkloadError `wrong_variant` if a benchmark did not run under the compiler that its variant names.
    """
    measurements: list[Measurement] = []
    unreadable: dict[tuple[str, str], str] = {}
    for variant, name, bench in _benches(raw):
        try:
            measurements += _measurements(RawBench.model_validate(bench), variant=variant, name=name, memory=memory)
        except ValidationError as error:
            unreadable[variant, name] = "unreadable result: " + "; ".join(found["msg"] for found in error.errors())
    started = {(variants[min(s.variant, len(variants) - 1)], s.benchmark): s.last_words for s in console.sections}
    absent = {key: why for key, why in started.items() if key[1] not in raw.get(key[0], {})}
    listed = {key: started.get(key, UNTOLD) for key in console.listed if key[0] in variants}
    reasons = listed | absent | unreadable
    failures = [
        BenchmarkFailure(benchmark=name, variant=variant, reason=why) for (variant, name), why in reasons.items()
    ]
    return Output(workload="ruby-bench", measurements=measurements, failures=failures)


def _benches(raw: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    return ((variant, name, bench) for variant, benches in raw.items() for name, bench in benches.items())


def _measurements(bench: RawBench, *, variant: str, name: str, memory: bool) -> list[Measurement]:
    check_variant(variant, bench.description)
    found = [
        Measurement(
            benchmark=name,
            variant=variant,
            unit="s",
            better="lower",
            samples=bench.bench,
            warmup=bench.warmup,
            shortest_raw_s=min(bench.bench),  # ruby-bench times each iteration by itself
        )
    ]
    if memory and bench.rss_samples:
        found.append(
            Measurement(
                benchmark=name, variant=variant, metric="rss", unit="bytes", better="lower", samples=bench.rss_samples
            )
        )
    return found
