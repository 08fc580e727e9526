"""A fleet as people read it: how far a run is, and what came of it."""

from collections.abc import Iterable, Iterator

from benchfleet_contract.fleets.results import FleetBenchmarkResults, RepositoryResult, Spread, TargetBreakdown
from benchfleet_contract.fleets.runs import FleetRunDetail
from benchfleet_results.fleets.breakdowns import by_target
from rich.table import Table
from rich.text import Text

from benchfleet.cli.ages import ago
from benchfleet.cli.output import plain_table, print_table, state
from benchfleet.documents.printable import printable

_COUNTED = ("success", "failure", "timeout", "skipped", "pending")


def print_status(run: FleetRunDetail) -> None:
    """What the run is, and its shards."""
    _print_about(_facts(run))
    print_table(_shards(run))
    for warning in run.warnings:
        print(f"warning: {printable(warning)}")


def print_results(results: FleetBenchmarkResults) -> None:
    """The fleet, then a line for each model."""
    _print_about(_summary(results))
    print_table(_targets(results))


def _print_about(facts: Iterable[tuple[str, str | Text]]) -> None:
    about = plain_table("", "")
    about.show_header = False
    for name, value in facts:
        about.add_row(name, value)
    print_table(about)
    print()


def usd(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4f} USD"


def _facts(run: FleetRunDetail) -> Iterator[tuple[str, str | Text]]:
    yield "run", run.run_id
    yield "fleet", run.fleet_id
    yield "status", state(run.status)
    if run.reason:
        yield "reason", run.reason
    yield "created", ago(run.created_at)
    if run.completed_at:
        yield "ended", ago(run.completed_at)
    yield "tests", ", ".join([f"{run.tests.total} in all", *_counts(run.tests)])
    limit = f" of {run.max_cost_usd:g} USD" if run.max_cost_usd is not None else ""
    yield "cost", f"{usd(run.cost_usd)}{limit}"
    for error in run.errors:
        yield "error", printable(error)


def _counts(tests: object) -> Iterator[str]:
    yield from (f"{number} {name}" for name in _COUNTED if (number := getattr(tests, name)))


def _shards(run: FleetRunDetail) -> Table:
    table = plain_table("repository", "model", "task", "tests", "done", "failed", "TTFT ms", "cost")
    for column in table.columns[3:]:
        column.justify = "right"
    for shard in run.shards:
        where = "/".join(filter(None, [shard.repository_id, shard.scenario]))
        tests = shard.tests
        numbers = (tests.total, tests.total - tests.pending, tests.failure + tests.timeout)
        ttft = "" if shard.ttft_ms is None else f"{shard.ttft_ms:.0f}"
        cost = "" if shard.cost_usd is None else f"{shard.cost_usd:.4f}"
        table.add_row(where, shard.target, state(shard.status), *map(str, numbers), ttft, cost)
    return table


def _summary(results: FleetBenchmarkResults) -> Iterator[tuple[str, str | Text]]:
    found = results.fleet_summary
    yield "fleet", results.fleet_id
    if results.run_id:
        yield "run", results.run_id
    if results.status:
        yield "status", state(results.status)
    yield "repositories", str(results.total_repositories)
    yield "tests", f"{found.total_tests} in {found.total_duration_ms / 1000:.2f} s of benchmarks"
    more = (("failed", found.total_failed), ("timeout", found.total_timeout), ("skipped", found.total_skipped))
    told = [f"{number} {name}" for name, number in more if number]
    yield "succeeded", ", ".join([f"{found.total_succeeded} ({found.success_rate:.1%})", *told])
    if found.quality:
        yield "right answers", f"{found.quality.passed} of {found.quality.scored} ({found.quality.pass_rate:.1%})"
    yield "duration", _durations(results)
    yield "tokens", f"{found.total_tokens} ({found.avg_tokens_per_request:.0f} a request)"
    yield "cost", f"{usd(found.total_cost)} ({usd(found.avg_cost_per_repository)} a repository)"
    best, worst = results.best_repository(), results.worst_repository()
    if best and worst and best.results.summary.success_rate > worst.results.summary.success_rate:
        yield "best", _rate(best)
        yield "worst", _rate(worst)
    yield from _told(results)


def _durations(results: FleetBenchmarkResults) -> str:
    found = results.fleet_summary
    middle = f"P50 {found.p50_duration_ms:.0f}, P95 {found.p95_duration_ms:.0f}, P99 {found.p99_duration_ms:.0f}"
    return f"average {found.avg_duration_ms:.0f} ms, {middle}, {found.min_duration_ms} to {found.max_duration_ms}"


def _rate(one: RepositoryResult) -> str:
    return f"{printable(one.repository_name)} on {one.target or one.provider_name} ({one.results.summary.success_rate:.1%})"


def _told(results: FleetBenchmarkResults) -> Iterable[tuple[str, str]]:
    for error in (results.errors or [])[:5]:
        yield "error", printable(": ".join(filter(None, [error.target, error.repository_id, error.message])))
    for warning in (results.warnings or [])[:5]:
        yield "warning", printable(warning)


def _targets(results: FleetBenchmarkResults) -> Table:
    table = plain_table("model", "tests", "succeeded", "right", "TTFT ms", "P95", "tokens/s", "cost USD")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, one in by_target(results.repository_results).items():
        table.add_row(name, *_cells(one))
    return table


def _cells(one: TargetBreakdown) -> Iterator[str]:
    yield str(one.total_tests)
    yield f"{one.success_rate:.1%}"
    yield f"{one.quality.pass_rate:.1%}" if one.quality else ""
    ttft: Spread | None = one.latency.ttft_ms if one.latency else None
    yield f"{ttft.p50:.0f}" if ttft else ""
    yield f"{ttft.p95:.0f}" if ttft else ""
    speed = one.latency.output_tokens_per_s if one.latency else None
    yield f"{speed:.0f}" if speed is not None else ""
    yield "unknown" if one.total_cost is None else f"{one.total_cost:.4f}"
