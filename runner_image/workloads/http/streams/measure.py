"""One stream workload of a running server: its gate, its load, and why its numbers may not count."""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from benchfleet_contract.http_results import Resources, StreamResult, Validity
from benchfleet_contract.workloads.http import HttpOptions

from runner_image.workloads.http import shapes
from runner_image.workloads.http.load.checks import of_streams
from runner_image.workloads.http.load.driver import Commands, ToolFailed
from runner_image.workloads.http.measure import MOST_WRONG, Served, Watch
from runner_image.workloads.http.streams.load import NAME, load, missing
from runner_image.workloads.http.streams.plan import StreamPlan
from runner_image.workloads.protocol import WorkloadError


def plans(options: HttpOptions, port: int) -> list[StreamPlan]:
    asked = options.effective()
    return [
        StreamPlan(one, "127.0.0.1", port, asked.stream_connections, asked.stream_interval_s, asked.stream_duration_s)
        for one in asked.streams
    ]


def measure(
    server: Served,
    plans: Sequence[StreamPlan],
    commands: Commands,
    *,
    capabilities: Collection[str] | None,
    watch: Callable[[], Watch],
    cores: Sequence[int] = (),
    tries: int = 1,
    on_step: Callable[[str], None] = lambda _what: None,
) -> Iterator[StreamResult]:
    """One result for each plan: of the last try, where others disturbed it. A server that died fails those that follow."""
    for plan in plans:
        on_step(plan.protocol)
        earlier: list[str] = []
        try:
            server.alive()
            found = _one(server, plan, commands, capabilities, watch, cores)
            while found.validity.disturbed and len(earlier) + 1 < tries:
                earlier.append("; ".join(found.reasons))
                on_step(f"{plan.protocol} again: {earlier[-1]}")
                found = _one(server, plan, commands, capabilities, watch, cores)
            yield found.model_copy(update={"earlier": earlier or None})
        except (WorkloadError, ToolFailed) as error:
            yield StreamResult(**_named(plan), status="failed", reasons=[str(error)])


def _one(
    server: Served,
    plan: StreamPlan,
    commands: Commands,
    capabilities: Collection[str] | None,
    watch: Callable[[], Watch],
    cores: Sequence[int],
) -> StreamResult:
    if lacking := missing():
        raise ToolFailed(str(lacking))
    from runner_image.workloads.http.streams import gate  # needs packages of the extra `load`

    verdict = gate.verify(plan.port, plan.protocol, capabilities=capabilities)
    if verdict.status != "pass":
        status = "unsupported" if verdict.status == "unsupported" else "failed"
        return StreamResult(**_named(plan), status=status, reasons=list(verdict.reasons))
    watching = watch()
    watching.start()
    try:
        told = load(commands, plan, cores=cores)
    finally:
        used = watching.stop()
    server.alive()
    return _result(plan, told, used)


def _result(plan: StreamPlan, told: dict[str, Any], used: Resources) -> StreamResult:
    reasons = [*_wrong(plan, told), *_doubts(told, used)]
    lasted_s = told["lasted_s"]
    return StreamResult(
        **_named(plan),
        status="invalid" if reasons else "measured",
        reasons=reasons,
        tool=NAME,
        argv=told["argv"],
        established=told["established"],
        expected=plan.expected,
        received=told["received"],
        ok=told["ok"],
        wrong=told["wrong"],
        errors=told["errors"],
        messages_per_s=told["ok"] / lasted_s if lasted_s > 0 and not reasons else None,
        first_message=shapes.percentiles(told["first_message"]),
        latency=shapes.percentiles(told["latency"]),
        dispatch_lag=shapes.percentiles(told["dispatch_lag"]),
        client_cpu_s=told["client_cpu_s"],
        resources=used,
        validity=Validity(ok=not reasons, reasons=reasons),
    )


def _wrong(plan: StreamPlan, told: dict[str, Any]) -> list[str]:
    """Too many messages are wrong or missing: a stream that stalls or breaks has no latency that could win."""
    share = 1 - told["ok"] / plan.expected
    if share <= MOST_WRONG:
        return []
    broken = ", ".join(f"{count} {name}" for name, count in told["errors"].items() if count)
    return [f"{share:.2%} of the messages were wrong or missing{f' ({broken})' if broken else ''}"]


def _doubts(told: dict[str, Any], used: Resources) -> Iterator[str]:
    return of_streams(
        lag_p99_ms=told["dispatch_lag"].p99, client_cpu_s=told["client_cpu_s"], duration_s=told["took_s"], used=used
    )


def _named(plan: StreamPlan) -> dict[str, Any]:
    return {
        "name": plan.protocol,
        "target": plan.target,
        "connections": plan.connections,
        "interval_s": plan.interval_s,
        "duration_s": plan.duration_s,
    }
