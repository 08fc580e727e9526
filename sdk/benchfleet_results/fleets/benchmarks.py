"""One shard's outcomes as one benchmark: what the runner writes, and what the control plane makes of a journal."""

from collections.abc import Mapping

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Shard
from benchfleet_contract.fleets.results import BenchmarkResults, RepositoryResult


def benchmark(
    shard: Shard,
    outcomes: Mapping[str, Outcome],
    *,
    fleet_id: str,
    run_id: str,
    started_at: str,
    completed_at: str,
    total_duration_ms: int,
) -> BenchmarkResults:
    """`outcomes` by key (`outcomes.best`); a test without one is skipped. In the order of the shard's tests, scored."""
    raise NotImplementedError


def placed(results: BenchmarkResults) -> RepositoryResult:
    """As part of a fleet, by what the file says of itself. Raises ValueError without a `repository_id`."""
    raise NotImplementedError
