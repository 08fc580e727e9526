"""From what the load tools say to the shapes of `http.json`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from benchfleet_contract.http_results import AtRate, Level, Percentiles, Resources, Status, Validity, WorkloadResult

from runner_image.workloads.http.load.driver import Distribution, Latency, Saturation

if TYPE_CHECKING:
    from runner_image.workloads.http.measure import Asked

Counts = Mapping[str, int]


def level(found: Saturation, used: Resources, doubts: Sequence[str]) -> Level:
    return Level(
        tool=found.tool,
        argv=list(found.argv),
        connections=found.connections,
        keep_alive=found.keep_alive,
        duration_s=found.duration_s,
        requests=found.requests,
        ok=found.ok,
        rps=found.rps,
        by_class=dict(found.by_class),
        wrong_body=found.wrong_body,
        errors=dict(found.errors),
        bytes=found.bytes,
        client_cpu_s=found.client_cpu_s,
        server_cpu_s=used.cpu_s,
        in_flight=found.in_flight,
        validity=_validity(doubts),
    )


def at_rate(found: Latency, fraction: float, used: Resources, doubts: Sequence[str]) -> AtRate:
    return AtRate(
        tool=found.tool,
        argv=list(found.argv),
        fraction=fraction,
        rate=found.rate,
        achieved=found.achieved,
        connections=found.connections,
        keep_alive=found.keep_alive,
        duration_s=found.duration_s,
        response=percentiles(found.response),
        service=percentiles(found.service),
        dispatch_lag=percentiles(found.dispatch_lag),
        intended=found.intended,
        sent=found.sent,
        completed=found.completed,
        ok=found.ok,
        by_class=dict(found.by_class),
        wrong_body=found.wrong_body,
        errors=dict(found.errors),
        unanswered=found.unanswered,
        max_queue=found.max_queue,
        client_cpu_s=found.client_cpu_s,
        server_cpu_s=used.cpu_s,
        validity=_validity(doubts),
    )


def percentiles(found: Distribution) -> Percentiles:
    return Percentiles(
        count=found.count,
        mean=found.mean,
        p50=found.p50,
        p90=found.p90,
        p95=found.p95,
        p99=found.p99,
        p999=found.p999,
        max=found.max,
        encoded=found.encoded or None,
    )


def _validity(doubts: Sequence[str]) -> Validity:
    reasons = list(dict.fromkeys(doubts))
    return Validity(ok=not reasons, reasons=reasons)


def best(levels: Sequence[Level]) -> Level | None:
    """The highest rate among the rungs that can be believed."""
    return max((one for one in levels if one.validity.ok), key=lambda one: one.rps, default=None)


def without(asked: "Asked", status: Literal["unsupported", "failed"], reasons: list[str]) -> WorkloadResult:
    return WorkloadResult(**_named(asked), status=status, reasons=reasons)


def cell(
    asked: "Asked",
    levels: Sequence[Level],
    rates: Sequence[AtRate],
    used: Mapping[int, Resources],
    *,
    failed: str | None = None,
) -> WorkloadResult:
    """`failed`: it ended early, so nothing of it may be ranked. `used`: of each rung of the ladder, by connections."""
    top = best(levels)
    status: Status = "failed" if failed is not None else "measured" if top else "invalid"
    reasons = [failed] if failed is not None else [] if top else _reasons(levels)
    measured = top if status == "measured" else None
    return WorkloadResult(
        **_named(asked),
        status=status,
        reasons=reasons,
        best_rps=measured.rps if measured else None,
        requests_per_cpu_s=measured.ok / measured.server_cpu_s if measured and measured.server_cpu_s else None,
        saturation=list(levels),
        latency=list(rates),
        resources=used.get(top.connections) if top else None,
    )


def _reasons(levels: Sequence[Level]) -> list[str]:
    return list(dict.fromkeys(reason for one in levels for reason in one.validity.reasons))


def _named(asked: "Asked") -> dict[str, str | int | None]:
    return {
        "name": asked.name,
        "suite": asked.suite,
        "method": asked.method,
        "path": asked.target,
        "declared_bytes": asked.declared_bytes,
    }
