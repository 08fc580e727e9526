"""What `benchfleet runs list|show|watch|stop|delete|download --json` print."""

from collections.abc import Sequence
from typing import Any

from benchfleet_contract.launches import LaunchView
from benchfleet_contract.registry.models import RunModel
from benchfleet_contract.runs import GroupCounts, LostResult, RunDetail, RunListItem, TaskCounts
from benchfleet_contract.states import ArchiveState, RunStatus
from benchfleet_contract.summary import RunSummary
from pydantic import Field

from benchfleet.cli.documents.base import Document


class RunsList(Document):
    """The newest first. `more` says that there are others that `--limit` left out."""

    runs: list[RunListItem]
    more: bool


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
    model: RunModel | None = Field(default=None, description="what an executor must have to get its tasks")
    summary: RunSummary | None = Field(
        default=None, description="of `runs show`: what it measured; null while its archive is not ready"
    )
    launches: list[LaunchView] = Field(
        default=[], description="of `runs show`: the machines that the control plane brings for it"
    )

    @classmethod
    def of(cls, run: RunDetail, summary: RunSummary | None = None, launches: Sequence[LaunchView] = ()) -> "RunShown":
        of_run = cls.model_fields.keys() - {"archive", "summary", "launches"}
        told = {name: getattr(run, name) for name in of_run}
        archive = {name: getattr(run.archive, name) for name in ArchiveSeen.model_fields}
        return cls(**told, archive=ArchiveSeen(**archive), summary=summary, launches=list(launches))


class RunStopped(Document):
    """As the run stands after the request. `stopped` is False if it had ended before."""

    run_id: str
    stopped: bool
    status: RunStatus
    tasks: TaskCounts


class RunKept(Document):
    """A run that was not deleted. `code` is the API's word: `run_not_found`, `run_not_over`."""

    run_id: str
    code: str
    reason: str


class RunsDeleted(Document):
    """`deleted` are gone with archive and uploads. Both lists are in the order that was asked for."""

    deleted: list[str]
    refused: list[RunKept]


class RunDownloaded(Document):
    """`folder` holds the unpacked archive, `tasks` the names of the tasks' folders in it.

    `whole`, `corrupt` and `missing` count uploads by its manifest; null where that does not tell. Size and digest of the
    archive are null if it was downloaded before, and no control plane has it any more.
    """

    run_id: str
    folder: str
    size_bytes: int | None
    sha256: str | None
    tasks: list[str]
    whole: int | None
    corrupt: int | None
    missing: int | None
