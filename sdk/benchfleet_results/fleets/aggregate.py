"""Benchmarks of a fleet put together: one pure function, the same bytes for the same input."""

from collections.abc import Mapping, Sequence

from benchfleet_contract.fleets.results import (
    BenchmarkResults,
    FleetBenchmarkResults,
    FleetError,
    RepositoryResult,
    RunStatus,
)


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
    raise NotImplementedError


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
