"""The same tests under rising loads, and the load that pays most.

The knee is where power, throughput divided by response time, is greatest: L. Kleinrock, "Power and Deterministic Rules of Thumb
for Probabilistic Problems in Computer Communications" (1979).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from math import fsum
from statistics import fmean
from typing import Literal

from benchfleet_contract.fleets.results import SweepPoint, SweepResult, TestResult

from benchfleet_results.fleets.latency import latency


def swept(
    kind: Literal["concurrency", "rate"], results: Sequence[TestResult], limits: Mapping[str, float]
) -> SweepResult:
    """`results` have a `load` each; in the order of loads."""
    loads = sorted({one.load for one in results if one.load is not None})
    points = [_point(load, [one for one in results if one.load == load], limits) for load in loads]
    knee = max((one for one in points if one.power is not None), key=lambda one: one.power or 0.0, default=None)
    measured = [one.load for one in points if one.power is not None]
    return SweepResult(
        kind=kind, points=points, knee=knee.load if knee else None, beyond=bool(knee and knee.load < measured[-1])
    )


def _point(load: float, results: Sequence[TestResult], limits: Mapping[str, float]) -> SweepPoint:
    good = [one for one in results if one.status == "success"]
    wall_s = _wall_s(results)
    rate = len(good) / wall_s if wall_s else 0.0
    response_ms = fmean(map(_response_ms, good)) if good else None
    return SweepPoint(
        load=load,
        tests=len(results),
        succeeded=len(good),
        wall_s=wall_s,
        requests_per_s=rate,
        response_ms=response_ms,
        power=rate / (response_ms / 1000) if response_ms and rate else None,
        latency=latency(results, wall_ms=wall_s * 1000, limits=limits),
    )


def _response_ms(one: TestResult) -> float:
    """From a request's turn by the load model: waiting is a part of it, or a rate that is too high would look fast."""
    return (one.queue_ms or 0.0) + (one.retry_wait_ms or 0.0) + one.duration_ms


def _wall_s(results: Sequence[TestResult]) -> float:
    """From the first request to the end of the last answer, for each attempt of the shard: what lay between is nobody's time."""
    spans: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for one in results:
        if one.status != "skipped":
            sent = datetime.fromisoformat(one.timestamp).timestamp()
            waited = ((one.queue_ms or 0.0) + (one.retry_wait_ms or 0.0)) / 1000
            spans[one.attempt or 1].append((sent - waited, sent + one.duration_ms / 1000))
    ends = [(min(start for start, _ in every), max(end for _, end in every)) for every in spans.values()]
    return round(fsum(end - start for start, end in ends), 3)
