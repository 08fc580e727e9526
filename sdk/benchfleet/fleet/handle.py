"""What a caller has of a run at once: its id, and where its artifacts will be."""

from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.fleets.runs import FleetHandle


@dataclass(frozen=True)
class HandleMetadata:
    """`expected_artifacts` are paths on this machine: the two of the fleet first, then those of each repository."""

    fleet_id: str
    repository_count: int
    providers: list[str]
    started_at: str
    expected_artifacts: list[str]
    request_count: int
    warnings: list[str]


@dataclass(frozen=True)
class Handle:
    run_id: str
    artifact_base_dir: Path
    status_url: str
    metadata: HandleMetadata


def handle_of(reply: FleetHandle, base: Path, api_url: str) -> Handle:
    folder = base / reply.run_id
    metadata = HandleMetadata(
        reply.fleet_id,
        reply.repository_count,
        reply.providers,
        reply.started_at,
        [str(folder / path) for path in reply.expected_artifacts],
        reply.request_count,
        reply.warnings,
    )
    return Handle(reply.run_id, folder, f"{api_url.rstrip('/')}{reply.status_url}", metadata)
