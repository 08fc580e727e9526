"""What the generator tells of a run: histograms, counts, and how busy it was itself."""

from array import array
from collections.abc import Iterable
from typing import Any

from hdrh.histogram import HdrHistogram

from runner_image.workloads.http.load.driver import CLASSES, ERRORS
from runner_image.workloads.http.load.open_loop.generator import Record
from runner_image.workloads.http.load.open_loop.plan import Plan

MOST_US, DIGITS = 3_600_000_000, 3  # an hour; values are right to a thousandth
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p95": 95.0, "p99": 99.0, "p999": 99.9}
SOON_S = 0.01


def distribution(seconds: Iterable[float]) -> dict[str, Any]:
    """The fields of `Distribution`: milliseconds."""
    histogram, total, most, count = HdrHistogram(1, MOST_US, DIGITS), 0.0, 0.0, 0
    for each in seconds:
        histogram.record_value(max(1, round(each * 1e6)))
        total, most, count = total + each, max(most, each), count + 1
    if not count:
        return {"count": 0}
    points = {name: histogram.get_value_at_percentile(at) / 1000 for name, at in PERCENTILES.items()}
    encoded = histogram.encode().decode()
    return {"count": count, "mean": total / count * 1000, **points, "max": most * 1000, "encoded": encoded}


def counted(record: Record, plan: Plan, *, start: float) -> dict[str, Any]:
    """`ok`: all right answers; `in_time`: those that came while requests were still due, or as soon after as one takes."""
    service = distribution(_differences(record.done, record.sent_at))
    end = start + plan.duration_s + service.get("p50", 0.0) / 1000 + SOON_S
    return {
        "response": distribution(_differences(record.done, record.due)),
        "service": service,
        "dispatch_lag": distribution(record.lags),
        "intended": round(plan.rate * plan.duration_s),
        "sent": record.sent,
        "completed": record.completed,
        "ok": len(record.done),
        "in_time": sum(done <= end for done in record.done),
        "by_class": by_class(record.statuses),
        "wrong_body": record.wrong_body,
        "errors": {name: record.errors[name] for name in ERRORS},
        "unanswered": record.errors["timeout"] + record.waiting,
        "bytes": record.bytes,
        "max_queue": record.max_queue,
    }


def by_class(statuses: dict[int, int]) -> dict[str, int]:
    counts = dict.fromkeys(CLASSES, 0)
    for status, count in statuses.items():
        name = f"{status // 100}xx"
        counts[name if name in counts else "other"] += count
    return counts


def _differences(later: "array[float]", earlier: "array[float]") -> Iterable[float]:
    return (one - two for one, two in zip(later, earlier, strict=True))
