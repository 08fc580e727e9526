"""What a shard leaves in its work dir: `shard.json`, saved responses, and measurements in the common format."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Shard
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from benchfleet_results.fleets.artifacts import as_json
from benchfleet_results.fleets.benchmarks import benchmark, rfc3339

from runner_image.workloads.files import write_plain

SHARD_JSON, RESPONSES = "shard.json", "responses"
_LATENCIES = ("ttft_ms", "tpot_ms", "e2el_ms")
MOST_NAME_BYTES = 90  # of a file, with `.json`


def write_shard(
    folder: Path,
    shard: Shard,
    outcomes: Sequence[Outcome],
    *,
    fleet_id: str,
    run_id: str,
    started: datetime,
    lasted_s: float,
    warnings: Sequence[str] = (),
) -> None:
    """The shard as one benchmark, scored, in the order of the dataset: the finalizer sums them up."""
    results = benchmark(
        shard,
        {each.key: each for each in outcomes},
        fleet_id=fleet_id,
        run_id=run_id,
        started_at=rfc3339(started.timestamp()),
        completed_at=rfc3339(started.timestamp() + lasted_s),
        total_duration_ms=round(lasted_s * 1000),
        warnings=warnings,
    )
    write_plain(folder / SHARD_JSON, as_json(results))


def write_responses(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """One file for each test that was answered; its name is the key, with what no file can be called percent-encoded."""
    place = folder / RESPONSES
    place.mkdir(exist_ok=True)
    for outcome in outcomes:
        if outcome.response:
            content = json.dumps(outcome.response.model_dump(mode="json"), ensure_ascii=False, indent=2)
            write_plain(place / response_file(outcome.key), content.encode() + b"\n")


def response_file(key: str) -> str:
    """A key is an id of the contract's characters, or ends in `#<repeat>`: that is kept, and anything odd is encoded."""
    name = quote(key, safe="#")
    if len(name) > MOST_NAME_BYTES - 5:  # a digest tells long names apart
        name = f"{name[: MOST_NAME_BYTES - 14]}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"
    return f"{name}.json"


def output_of(shard: Shard, outcomes: Sequence[Outcome], *, lasted_s: float) -> Output:
    """A benchmark is a repository (and scenario); a sample is a test. Latencies are of successes only.

    Of a shard of which nothing was sent, since there was no money for it, say, that is what was measured.
    """
    good = [each for each in outcomes if each.status == "success" and not each.cached]
    sent = [each for each in outcomes if each.status != "skipped"]
    measurements = [_measurement(shard, name.removesuffix("_ms"), "ms", _values(good, name)) for name in _LATENCIES]
    gaps = [gap for each in good for gap in each.itl_ms or ()]
    measurements.append(_measurement(shard, "itl", "ms", gaps[:100_000]))
    made = sum(each.response.usage.completion_tokens for each in good if each.response and each.usage_source)
    if made and lasted_s > 0:
        measurements.append(_measurement(shard, "output_tokens", "tokens/s", [made / lasted_s], better="higher"))
    shares = [1.0 if each.status == "success" else 0.0 for each in sent]
    measurements.append(_measurement(shard, "success", "share", shares, better="higher"))
    if not sent:
        measurements = [_measurement(shard, "sent", "share", [0.0] * len(outcomes), better="higher")]
    return Output(
        workload="llm",
        measurements=[each for each in measurements if each.samples],
        failures=[_failure(each) for each in outcomes if each.status != "success"],
    )


def _values(outcomes: Sequence[Outcome], name: str) -> list[float]:
    return [value for each in outcomes if (value := getattr(each, name)) is not None]


def _measurement(shard: Shard, metric: str, unit: str, samples: list[float], *, better: Any = "lower") -> Measurement:
    return Measurement(
        benchmark=shard.part, variant="default", metric=metric, unit=unit, better=better, samples=samples
    )


def _failure(outcome: Outcome) -> BenchmarkFailure:
    reason = f"{outcome.error.kind}: {outcome.error.message}" if outcome.error else outcome.status
    return BenchmarkFailure(benchmark=outcome.key, variant="default", reason=reason[:300])
