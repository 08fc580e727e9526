"""Operations of fleet runs, as the OpenAPI document describes them. Never imported by the Lambda."""

from typing import Any

from benchfleet_contract.fleets import leases, runs, shard_tests
from benchfleet_contract.message import Message

from chalicelib.api.endpoint import ADMIN, ANYONE, RUNNER
from chalicelib.api.openapi_operation import BUSY, Operation, Refusals, query, runs_cursor
from chalicelib.domain import errors, fleet_errors

_BODY: Refusals = (errors.BadRequest, errors.TooLarge)
_INVALID: Refusals = (fleet_errors.InvalidFleet, *_BODY)
_MINE: Refusals = (
    errors.InvalidRunner, errors.TaskNotFound, errors.LeaseLost, errors.TaskFinished, errors.TaskCancelled, *BUSY,
)  # fmt: skip
_HELD: Refusals = (*_BODY, *_MINE)
_STATUSES = ["queued", "running", *runs.ENDED]
_DATASET = {"name": "Repository 1", "version": "1.0.0", "test_cases": [{"id": "hello", "prompt": "Say hello"}]}
_MANIFEST = {
    "fleet_id": "my-simulator-fleet",
    "repositories": [{"id": "repo-1", "name": "Repository 1", "dataset_path": "./datasets/repo1.json"}],
    "providers": ["openai:gpt-4o-mini"],
}
_DOCUMENTS: dict[str, Any] = {
    "manifest": _MANIFEST, "datasets": {"./datasets/repo1.json": _DATASET},
    "providers": {"openai": {"type": "openai", "api_key_env": "OPENAI_API_KEY"}},
}  # fmt: skip
_LEASE = {"provider_key": "openai/4f9a", "target": "openai:gpt-4o-mini", "want": 10, "concurrency": 5}

_CALLERS = [
    Operation(
        "post", "/fleets/runs", "createFleetRun",
        "Start a run of a fleet: its id and the places of its artifacts at once. The same idempotency key gives the same run.",
        ADMIN, runs.FleetHandle, 202, runs.FleetRunRequest, {**_DOCUMENTS, "idempotency_key": "nightly-2026-11-29"},
        refusals=(*_INVALID, errors.RunNotFound, errors.RunNotOver, fleet_errors.KeyTaken, *BUSY), forms=False,
    ),
    Operation(
        "post", "/fleets/validate", "validateFleet", "What a fleet comes to, or everything that is wrong with it.",
        ADMIN, runs.FleetValidation, 200, runs.FleetDocuments, _DOCUMENTS, refusals=(*_INVALID, *BUSY), forms=False,
    ),
    Operation(
        "post", "/fleets/uploads", "uploadDataset", "Where to put a dataset that is too large for a body.",
        ADMIN, runs.UploadReply, 200, runs.UploadRequest, {"sha256": "0" * 64, "size_bytes": 4_000_000},
        refusals=(*_BODY, *BUSY), forms=False,
    ),
    Operation(
        "get", "/fleets/runs", "listFleetRuns", "Runs of fleets, newest first.", ANYONE, runs.FleetRunList,
        query=(
            query("fleet_id", "Only of this fleet.", type="string"),
            query("status", "Only in this status.", type="string", enum=_STATUSES),
            runs_cursor(),
        ),
        refusals=(errors.BadRequest, *BUSY),
    ),
    Operation(
        "get", "/fleets/runs/{run_id}", "showFleetRun", "How far a fleet is, shard by shard.", ANYONE, runs.FleetRunDetail,
        refusals=(errors.RunNotFound, *BUSY),
    ),
    Operation(
        "delete", "/fleets/runs/{run_id}", "deleteFleetRun", "Delete a run that has ended, with its artifacts.",
        ADMIN, Message, 202, refusals=(errors.RunNotFound, errors.RunNotOver, *BUSY),
    ),
    Operation(
        "post", "/fleets/runs/{run_id}/stop", "stopFleetRun", "End a run early: tests that were not sent are skipped.",
        ADMIN, Message, refusals=(errors.RunNotFound, errors.RunNotRunning, *BUSY),
    ),
    Operation(
        "get", "/fleets/runs/{run_id}/results", "fleetResults", "A URL of fleet-results.json.", ANYONE, runs.SignedFile,
        refusals=(errors.RunNotFound, fleet_errors.ArtifactNotFound, fleet_errors.ResultsNotReady, *BUSY),
    ),
    Operation(
        "get", "/fleets/runs/{run_id}/shards/{shard}/tests", "fleetTests",
        "The tests of a shard of a run that has ended; with `test` one of them, with its prompt and answer.",
        ANYONE, shard_tests.ShardTests,
        query=(
            query("test", "The key of one test: its id, and `#` and the repeat where it has several.", type="string"),
            query("cursor", "`next_cursor` of the page before.", type="integer", minimum=0),
        ),
        refusals=(
            errors.BadRequest, errors.RunNotFound, fleet_errors.ShardNotFound, fleet_errors.TestNotFound,
            fleet_errors.ResultsNotReady, *BUSY,
        ),
    ),
    Operation(
        "get", "/fleets/runs/{run_id}/artifacts", "listFleetArtifacts", "What a fleet run has left, by path.",
        ANYONE, runs.ArtifactList, refusals=(errors.RunNotFound, *BUSY),
    ),
    Operation(
        "get", "/fleets/runs/{run_id}/artifacts/{path}", "fleetArtifact",
        "A URL of one artifact; slashes of its path are percent-encoded.", ANYONE, runs.SignedFile,
        refusals=(errors.RunNotFound, fleet_errors.ArtifactNotFound, *BUSY),
    ),
]  # fmt: skip
_RUNNERS = [
    Operation(
        "get", "/fleets/runs/{run_id}/shards/{shard}", "fleetShard",
        "The shard of a task that the caller holds, and what attempts before have done of it.", RUNNER, runs.ShardReply,
        refusals=(fleet_errors.ShardNotFound, errors.BadRequest, *_MINE),
    ),
    Operation(
        "post", "/fleets/runs/{run_id}/shards/{shard}/journal", "fleetJournal",
        "Where to put the next chunks of the shard's journal; it may say how far the shard is.", RUNNER, runs.JournalReply,
        200, runs.JournalRequest, {"first": 1, "count": 10}, refusals=_HELD, forms=False,
    ),
    Operation(
        "post", "/fleets/runs/{run_id}/shards/{shard}/leases", "fleetLease",
        "Leave to send: the provider's limits, its refusals, the run's budget.", RUNNER, leases.LeaseReply,
        200, leases.LeaseRequest, _LEASE, refusals=_HELD, forms=False,
    ),
]  # fmt: skip
OPERATIONS = [*_CALLERS, *_RUNNERS]
