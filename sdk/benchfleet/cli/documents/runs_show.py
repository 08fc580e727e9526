"""`benchfleet runs show --json`, and `runs watch --json` at its end."""

from typing import Any

from benchfleet_contract.runs import GroupCounts, LostResult, RunDetail, TaskCounts
from benchfleet_contract.states import ArchiveState, RunStatus

from benchfleet.cli.documents.base import Document


class ArchiveSeen(Document):
    """Without the signed address that `runs download` uses: whoever holds that may read."""

    state: ArchiveState
    size_bytes: int | None
    sha256: str | None
    error: str | None
    whole: int | None
    corrupt: int | None
    missing: int | None
    lost: list[LostResult]


class RunShown(Document):
    run_id: str
    status: RunStatus
    reason: str | None
    workload: str
    workload_options: dict[str, Any]
    ruby_version: str | None
    created_at: str
    completed_at: str | None
    deadline_at: str
    lease_s: int
    max_attempts: int
    metadata: dict[str, Any]
    tasks: TaskCounts
    groups: list[GroupCounts]
    archive: ArchiveSeen

    @classmethod
    def of(cls, run: RunDetail) -> "RunShown":
        told = {name: getattr(run, name) for name in cls.model_fields if name != "archive"}
        archive = {name: getattr(run.archive, name) for name in ArchiveSeen.model_fields}
        return cls(**told, archive=ArchiveSeen(**archive))
