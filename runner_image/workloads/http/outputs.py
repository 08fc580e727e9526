"""`output.json` of one start of a server: measurements of what can be believed, failures of the rest."""

from collections.abc import Iterator

from benchfleet_contract.http_results import AtRate, HttpResult, StreamResult, WorkloadResult
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output

SERVER = "server"  # the benchmark that start-up and memory are of
VARIANT = "default"


def output_of(result: HttpResult) -> Output:
    """A profiled result has no measurements: it may never be ranked."""
    if result.profiled:
        why = "it was profiled: profiled runs are never ranked"
        return Output(workload="http", measurements=[], failures=[_lost(name, why) for name in result.requested])
    measurements = [*_of_server(result), *(one for found in result.workloads for one in _measured(found))]
    measurements += [one for found in result.streams or () for one in _streamed(found)]
    return Output(workload="http", measurements=measurements, failures=_failures(result))


def _of_server(result: HttpResult) -> Iterator[Measurement]:
    if result.startup_s is not None:
        yield _one(SERVER, "start_up", "s", result.startup_s)
    if result.idle_memory_bytes is not None:
        yield _one(SERVER, "idle_memory", "bytes", result.idle_memory_bytes)


def _measured(found: WorkloadResult) -> Iterator[Measurement]:
    if found.status != "measured":
        return
    if found.best_rps is not None:
        yield _one(found.name, "throughput", "req/s", found.best_rps, better_higher=True)
    if found.requests_per_cpu_s is not None:
        yield _one(found.name, "throughput_per_cpu", "req/CPU s", found.requests_per_cpu_s, better_higher=True)
    if found.resources and found.resources.memory_peak_bytes is not None:
        yield _one(found.name, "memory", "bytes", found.resources.memory_peak_bytes)
    for rate in found.latency:
        yield from _latencies(found.name, rate)


def _streamed(found: StreamResult) -> Iterator[Measurement]:
    """Latencies only: how many messages there are a second was decided beforehand."""
    if found.status != "measured" or found.latency is None or found.first_message is None:
        return
    points = {
        "first_message_p50": found.first_message.p50,
        "message_latency_p50": found.latency.p50,
        "message_latency_p99": found.latency.p99,
    }
    yield from (_one(found.name, metric, "ms", value) for metric, value in points.items() if value is not None)


def _latencies(name: str, rate: AtRate) -> Iterator[Measurement]:
    if not rate.validity.ok:
        return
    variant = _variant(rate)
    if rate.response.p50 is not None:
        yield _one(name, "latency_p50", "ms", rate.response.p50, variant=variant)
    if rate.response.p99 is not None:
        yield _one(name, "latency_p99", "ms", rate.response.p99, variant=variant)


def _failures(result: HttpResult) -> list[BenchmarkFailure]:
    lost = [_lost(found.name, _why(found)) for found in result.workloads if found.status != "measured"]
    lost += [
        _lost(found.name, "; ".join(rate.validity.reasons), _variant(rate))
        for found in result.workloads
        for rate in found.latency
        if found.status == "measured" and not rate.validity.ok
    ]
    lost += [_lost(found.name, _why(found)) for found in result.streams or () if found.status != "measured"]
    if result.failure:
        known = {found.name for found in result.workloads}
        why = f"{result.failure.kind}: {result.failure.message}"
        lost += [_lost(name, why) for name in result.requested or [SERVER] if name not in known]
    return lost


def _why(found: WorkloadResult | StreamResult) -> str:
    return f"{found.status}: {'; '.join(found.reasons)}" if found.reasons else found.status


def _variant(rate: AtRate) -> str:
    return f"{rate.fraction:.0%}"


def _lost(name: str, reason: str, variant: str = VARIANT) -> BenchmarkFailure:
    return BenchmarkFailure(benchmark=name, variant=variant, reason=reason)


def _one(
    benchmark: str, metric: str, unit: str, value: float, *, variant: str = VARIANT, better_higher: bool = False
) -> Measurement:
    return Measurement(
        benchmark=benchmark,
        variant=variant,
        metric=metric,
        unit=unit,
        better="higher" if better_higher else "lower",
        samples=[float(value)],
    )
