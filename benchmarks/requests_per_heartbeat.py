"""A heartbeat is the most frequent request by far: one write that touches no index."""

from typing import Any

from benchmarks.metric import Metric
from benchmarks.subject import subject, units

BEATS = 50


def metrics() -> list[dict[str, Any]]:
    return [*_measured(heavy=False), *_measured(heavy=True)]


def _measured(*, heavy: bool) -> list[dict[str, Any]]:
    with subject() as under:
        claim = under.claim(under.create_run(tasks=2, heavy=heavy), runner="runner", token="token")
        before = units(under.written())
        under.meter.reset()
        for _ in range(BEATS):
            under.heartbeat(claim, runner="runner")
        requests, paid = under.meter.total(), units(under.written()) - before + under.meter.refused_units
    how = f"mean of {BEATS} heartbeats, the first of which moves the task to running"
    where = ", 4 KB of options" if heavy else ""
    return [
        Metric(f"DynamoDB requests per heartbeat{where}", requests / BEATS, "requests", 1, how).as_dict(),
        Metric(f"write units per heartbeat{where}", paid / BEATS, "WCU", 1, how).as_dict(),
    ]
