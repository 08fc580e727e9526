"""What `benchfleet fleet …` prints with `--json`."""

from typing import Any

from benchfleet_contract.fleets.results import FleetBenchmarkResults, Paired
from benchfleet_contract.fleets.runs import FleetRunDetail, FleetRunItem, FleetSummaryOfPlan

from benchfleet.cli.documents.base import Document


class FleetBegun(Document):
    """`artifact_base_dir` and the paths in `metadata.expected_artifacts` are this machine's."""

    run_id: str
    artifact_base_dir: str
    status_url: str
    metadata: dict[str, Any]


class FleetRun(FleetBegun):
    """`results` with `--wait` only: what `fleet-results.json` holds."""

    results: FleetBenchmarkResults | None
    exit_code: int


class FleetStatusShown(FleetRunDetail, Document):
    """How far a run is, shard by shard."""


class FleetRunsListed(Document):
    """The newest first. `more` says that there are others that `--limit` left out."""

    runs: list[FleetRunItem]
    more: bool


class FleetCancelled(Document):
    """As the run stands after the request. `cancelled` is False if it had ended before."""

    run_id: str
    cancelled: bool
    status: str


class FleetsCompared(Document):
    """`new` less `old`, target by target and measure by measure, on the tests that both have."""

    new: str
    old: str
    comparisons: list[Paired]


class FleetWritten(Document):
    """`files` that were written, the last one last. `unknown`: tests that the manifest has no more."""

    folder: str
    files: list[str]
    unknown: list[str]


class ShardPlanned(Document):
    """What one task does: the tests of a repository (and scenario) on a model, repeats counted."""

    repository_id: str
    scenario: str | None
    target: str
    requests: int


class TargetEstimated(Document):
    """`prompt_tokens` are a guess, `completion_tokens` and `at_most_usd` the most. Null: no price is known."""

    target: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    at_most_usd: float | None


class FleetValidated(Document):
    """A manifest without problems. `at_most_usd` is what a budget (`max_cost_usd`) reserves; null where a price is unknown."""

    plan: FleetSummaryOfPlan
    shards: list[ShardPlanned]
    targets: list[TargetEstimated]
    at_most_usd: float | None
    max_cost_usd: float | None
    warnings: list[str]


class FleetsArchived(Document):
    """Paths of the archives that were made."""

    archives: list[str]
