"""Benchmarks of a fleet put together: one pure function, the same bytes for the same input."""

from collections.abc import Mapping, Sequence

from benchfleet_contract.fleets.results import (
    BenchmarkResults,
    FleetBenchmarkResults,
    FleetError,
    FleetMetadata,
    FleetSummary,
    RepositoryResult,
    RunStatus,
)

from benchfleet_results.fleets.breakdowns import by_category, by_provider, by_target, named, target_of, tests_of
from benchfleet_results.fleets.latency import latency
from benchfleet_results.fleets.pairs import pairs
from benchfleet_results.fleets.scoring.judging import judging
from benchfleet_results.fleets.scoring.quality import quality
from benchfleet_results.fleets.summary import durations, share, summed
from benchfleet_results.fleets.tariffs import price_set_of


def aggregate(
    fleet_id: str,
    benchmarks: Sequence[RepositoryResult],
    *,
    timestamp: str,
    run_id: str | None = None,
    status: RunStatus | None = None,
    errors: Sequence[FleetError] = (),
    warnings: Sequence[str] = (),
    custom: Mapping[str, str] | None = None,
) -> FleetBenchmarkResults:
    """`benchmarks` in the order of the plan, one for each repository, scenario and target. `timestamp` is RFC 3339."""
    summary = _summary(benchmarks)
    return FleetBenchmarkResults(
        fleet_id=fleet_id,
        timestamp=timestamp,
        total_repositories=summary.total_repositories,
        repository_results=list(benchmarks),
        fleet_summary=summary,
        provider_breakdown=by_provider(benchmarks),
        category_breakdown=by_category(benchmarks),
        metadata=FleetMetadata(
            total_tests=summary.total_tests,
            total_duration_ms=summary.total_duration_ms,
            execution_timestamp=timestamp,
            custom=dict(sorted({**(custom or {}), **_price_sets(benchmarks)}.items())),
        ),
        run_id=run_id,
        status=status,
        total_benchmarks=len(benchmarks),
        target_breakdown=by_target(benchmarks),
        comparisons=pairs(benchmarks),
        errors=list(errors),
        warnings=list(dict.fromkeys([*warnings, *_told(benchmarks), *_unpriced(benchmarks)])),
    )


def numbered(benchmarks: Sequence[BenchmarkResults]) -> list[RepositoryResult]:
    """Bare results as the reference system names them: `repo-0`, `repo-1` …, and the dataset's name."""
    return [
        RepositoryResult(
            repository_id=f"repo-{index}",
            repository_name=one.dataset_name,
            provider_name=one.provider_name,
            results=one,
        )
        for index, one in enumerate(benchmarks)
    ]


def _summary(benchmarks: Sequence[RepositoryResult]) -> FleetSummary:
    """Counts and costs are sums of the benchmarks' summaries; durations are those of all tests pooled."""
    parts, tests = [one.results.summary for one in benchmarks], tests_of(benchmarks)
    repositories = len({one.repository_id for one in benchmarks})
    total, succeeded = sum(one.total for one in parts), sum(one.succeeded for one in parts)
    tokens, cost = sum(one.total_tokens for one in parts), summed(one.total_cost for one in parts)
    return FleetSummary(
        total_repositories=repositories,
        total_tests=total,
        total_succeeded=succeeded,
        total_failed=sum(one.failed for one in parts),
        total_timeout=sum(one.timeout for one in parts),
        total_skipped=sum(one.skipped for one in parts),
        success_rate=share(succeeded, total),
        **durations(tests),
        total_tokens=tokens,
        avg_tokens_per_request=share(tokens, succeeded),
        total_cost=cost,
        avg_cost_per_repository=None if cost is None else share(cost, repositories),
        avg_tests_per_repository=share(total, repositories),
        total_duration_ms=sum(one.results.total_duration_ms for one in benchmarks),
        total_benchmarks=len(benchmarks),
        cached=sum(one.cached or 0 for one in parts) or None,
        unpriced=sum(one.unpriced or 0 for one in parts) or None,
        latency=latency(tests, limits=benchmarks[0].results.limits if benchmarks else None),
        quality=quality(named(benchmarks)),
        judging=judging(tests),
    )


def _told(benchmarks: Sequence[RepositoryResult]) -> list[str]:
    """What benchmarks warn of, each with its target."""
    return [f"{target_of(one)}: {warning}" for one in benchmarks for warning in one.results.warnings or ()]


def _price_sets(benchmarks: Sequence[RepositoryResult]) -> dict[str, str]:
    """By which lists of prices the costs were made: name, version and date of each."""
    tests = tests_of(benchmarks)
    sources = {test.price_source for test in tests} | {one.price_source for test in tests for one in test.scores or ()}
    sets = sorted({price_set_of(source) for source in sources if source})
    return {"price_sets": "; ".join(sets)} if sets else {}


def _unpriced(benchmarks: Sequence[RepositoryResult]) -> list[str]:
    """What no price is known for, once for each target."""
    found: dict[str, int] = {}
    for one in benchmarks:
        if one.results.summary.unpriced:
            found[target_of(one)] = found.get(target_of(one), 0) + one.results.summary.unpriced
    return [
        f"{name}: no price is known for {count} answers, so their cost is missing in every total; "
        "give one under providers.<name>.price"
        for name, count in found.items()
    ]
