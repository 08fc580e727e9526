"""The summary of one benchmark. Formulas of aggregation 1.0.0: durations are those of all tests, failures too."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from math import fsum

from benchfleet_contract.fleets.results import ResultSummary, TestResult

from benchfleet_results.fleets.latency import latency
from benchfleet_results.fleets.percentile import observed
from benchfleet_results.fleets.scoring.judging import judging
from benchfleet_results.fleets.scoring.quality import quality


def summarise(
    results: Sequence[TestResult], *, total_duration_ms: int = 0, limits: Mapping[str, float] | None = None
) -> ResultSummary:
    """`total_duration_ms` is the wall time of the benchmark, `limits` those of goodput."""
    counts = Counter(one.status for one in results)
    tokens, (cost, unpriced) = tokens_of(results), cost_of(results)
    return ResultSummary(
        total=len(results),
        succeeded=counts["success"],
        failed=counts["failure"],
        timeout=counts["timeout"],
        skipped=counts["skipped"],
        success_rate=share(counts["success"], len(results)),
        **durations(results),
        total_tokens=tokens,
        avg_tokens_per_request=share(tokens, counts["success"]),
        total_cost=cost,
        cached=sum(bool(one.cached) for one in results) or None,
        unpriced=unpriced or None,
        latency=latency(results, wall_ms=total_duration_ms, limits=limits),
        quality=quality([("", one.test_id, one) for one in results]),
        judging=judging(results),
    )


def durations(results: Sequence[TestResult]) -> dict[str, float]:
    """Average, percentiles, least and most: the fields of that name."""
    ordered = sorted(one.duration_ms for one in results)
    return {
        "avg_duration_ms": share(sum(ordered), len(ordered)),
        **{f"p{p}_duration_ms": float(observed(ordered, p)) for p in (50, 95, 99)},
        "min_duration_ms": ordered[0] if ordered else 0,
        "max_duration_ms": ordered[-1] if ordered else 0,
    }


def tokens_of(results: Iterable[TestResult]) -> int:
    return sum(one.response.usage.total_tokens for one in results if one.response)


def cost_of(results: Iterable[TestResult]) -> tuple[float | None, int]:
    """USD that are known to be spent, and how many answers have no price. None where answers came and none has one."""
    known, unpriced = [], 0
    for one in results:
        if one.cost_usd is not None:
            known.append(one.cost_usd)
        elif one.response:
            unpriced += 1
    return (None if unpriced and not known else fsum(known)), unpriced


def summed(costs: Iterable[float | None]) -> float | None:
    """What is known of several; None where nothing is."""
    every = list(costs)
    known = [cost for cost in every if cost is not None]
    return None if every and not known else fsum(known)


def share(part: float, whole: float) -> float:
    """0.0 of nothing."""
    return part / whole if whole else 0.0
