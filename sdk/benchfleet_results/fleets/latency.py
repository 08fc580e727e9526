"""Latency of successes alone, and goodput. Definitions and their sources: docs/fleet-metrics.md."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean

from benchfleet_contract.fleets.results import Goodput, Latency, TestResult

from benchfleet_results.fleets.percentile import spread

MEASURES = ("ttft_ms", "tpot_ms", "e2el_ms", "queue_ms", "retry_wait_ms")


def latency(
    results: Sequence[TestResult], *, wall_ms: float = 0, limits: Mapping[str, float] | None = None
) -> Latency | None:
    """None where no success has a measure. Without `wall_ms` nothing is given by the second. Cached answers have no latency."""
    results = [one for one in results if not one.cached]
    good = [one for one in results if one.status == "success"]
    found = {name: spread(_values(good, name)) for name in MEASURES}
    gaps = spread([gap for one in good for gap in one.itl_ms or ()])
    if gaps is None and not any(found.values()):
        return None
    return Latency(
        **found,
        itl_ms=gaps,
        goodput=_goodput(results, limits, wall_ms) if limits else None,
        output_tokens_per_s=_per_second(_output(good), wall_ms),
    )


def mean_gap(one: TestResult) -> float | None:
    return fmean(one.itl_ms) if one.itl_ms else None


def _values(results: Iterable[TestResult], name: str) -> list[float]:
    return [value for one in results if (value := getattr(one, name)) is not None]


def _goodput(results: Sequence[TestResult], limits: Mapping[str, float], wall_ms: float) -> Goodput:
    sent = [one for one in results if one.status != "skipped"]
    good = sum(_holds(one, limits) for one in sent)
    rate = good / len(sent) if sent else 0.0
    return Goodput(limits=dict(limits), good=good, share=rate, per_second=_per_second(good, wall_ms))


def _holds(one: TestResult, limits: Mapping[str, float]) -> bool:
    """A limit of inter-token latency is one of the mean gap. One token has no gap, and so keeps that limit."""
    return one.status == "success" and all(_within(one, name, most) for name, most in limits.items())


_READ: dict[str, Callable[[TestResult], float | None]] = {"itl_ms": mean_gap}
_OF_MANY_TOKENS = frozenset({"itl_ms", "tpot_ms"})


def _within(one: TestResult, name: str, most: float) -> bool:
    read = _READ.get(name)
    value = read(one) if read else getattr(one, name, None)
    return name in _OF_MANY_TOKENS if value is None else value <= most


def _output(results: Iterable[TestResult]) -> int:
    return sum(one.response.usage.completion_tokens for one in results if one.response)


def _per_second(count: float, wall_ms: float) -> float | None:
    return count / wall_ms * 1000 if wall_ms else None
