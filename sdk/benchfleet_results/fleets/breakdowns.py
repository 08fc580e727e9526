"""The same results by provider, by target and by category. Maps are sorted by name."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from benchfleet_contract.fleets.results import (
    CategoryBreakdown,
    ProviderBreakdown,
    RepositoryResult,
    TargetBreakdown,
    TestResult,
)

from benchfleet_results.fleets.latency import latency
from benchfleet_results.fleets.scoring.judging import judging
from benchfleet_results.fleets.scoring.quality import Named, quality
from benchfleet_results.fleets.summary import share, summed


def by_provider(benchmarks: Sequence[RepositoryResult]) -> dict[str, ProviderBreakdown]:
    groups = _grouped(benchmarks, lambda one: one.provider_name)
    return {name: ProviderBreakdown(**_sums(groups[name])) for name in sorted(groups)}


def by_target(benchmarks: Sequence[RepositoryResult]) -> dict[str, TargetBreakdown]:
    groups = _grouped(benchmarks, target_of)
    return {name: _target(name, groups[name]) for name in sorted(groups)}


def by_category(benchmarks: Sequence[RepositoryResult]) -> dict[str, CategoryBreakdown]:
    groups: dict[str, list[TestResult]] = defaultdict(list)
    for one in tests_of(benchmarks):
        if one.category is not None:
            groups[one.category].append(one)
    return {name: _category(name, groups[name]) for name in sorted(groups)}


def target_of(one: RepositoryResult) -> str:
    """Its name in paths; results of others have the provider's name only."""
    return one.target or one.results.target or one.provider_name


def tests_of(benchmarks: Sequence[RepositoryResult]) -> list[TestResult]:
    return [test for one in benchmarks for test in one.results.results]


def named(benchmarks: Sequence[RepositoryResult]) -> list[Named]:
    """For `quality`: a test's name holds its scenario and target, so that only repeats share one."""
    return [
        (one.repository_id, f"{one.scenario}/{target_of(one)}/{test.test_id}", test)
        for one in benchmarks
        for test in one.results.results
    ]


def _grouped(
    benchmarks: Sequence[RepositoryResult], key: Callable[[RepositoryResult], str]
) -> dict[str, list[RepositoryResult]]:
    found: dict[str, list[RepositoryResult]] = defaultdict(list)
    for one in benchmarks:
        found[key(one)].append(one)
    return found


def _sums(group: Sequence[RepositoryResult]) -> dict[str, Any]:
    summaries, tests = [one.results.summary for one in group], tests_of(group)
    total, succeeded = sum(one.total for one in summaries), sum(one.succeeded for one in summaries)
    return {
        "provider_name": group[0].provider_name,
        "repository_count": len(group),
        "total_tests": total,
        "total_succeeded": succeeded,
        "total_failed": sum(one.failed for one in summaries),
        "success_rate": share(succeeded, total),
        "total_tokens": sum(one.total_tokens for one in summaries),
        "total_cost": summed(one.total_cost for one in summaries),
        "avg_duration_ms": share(sum(one.duration_ms for one in tests), len(tests)),
    }


def _target(name: str, group: Sequence[RepositoryResult]) -> TargetBreakdown:
    summaries, limits = [one.results.summary for one in group], group[0].results.limits
    return TargetBreakdown(
        **_sums(group),
        target=name,
        model=group[0].model or group[0].results.model,
        total_timeout=sum(one.timeout for one in summaries),
        total_skipped=sum(one.skipped for one in summaries),
        unpriced=sum(one.unpriced or 0 for one in summaries),
        latency=latency(tests_of(group), wall_ms=sum(one.results.total_duration_ms for one in group), limits=limits),
        quality=quality(named(group)),
        judging=judging(tests_of(group)),
    )


def _category(name: str, tests: Sequence[TestResult]) -> CategoryBreakdown:
    succeeded = sum(one.status == "success" for one in tests)
    return CategoryBreakdown(
        category_name=name,
        total_tests=len(tests),
        total_succeeded=succeeded,
        total_failed=sum(one.status == "failure" for one in tests),
        success_rate=share(succeeded, len(tests)),
        avg_duration_ms=share(sum(one.duration_ms for one in tests), len(tests)),
    )
