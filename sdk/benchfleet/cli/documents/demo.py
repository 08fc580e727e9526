"""`benchfleet demo --json`."""

from typing import Literal

from benchfleet_contract.runs import TaskCounts
from benchfleet_contract.states import RunStatus

from benchfleet.cli.documents.base import Document
from benchfleet.cli.documents.runs import ArchiveSeen


class DemoArchive(ArchiveSeen):
    """`key` is where it lay in the emulator, which is gone."""

    key: str | None


class DemoRow(Document):
    """One benchmark on one machine. `ci95` is [low, high] in `unit`, or null; `ci95_over` says over what it was taken."""

    provider: str
    machine: str
    subject: str | None
    benchmark: str
    variant: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]
    mean: float
    ci95: tuple[float, float] | None
    ci95_over: str | None
    tasks: int
    samples: int


class DemoEnded(Document):
    run_id: str
    status: RunStatus
    tasks: TaskCounts
    results: str
    archive: DemoArchive
    took_s: float
    measurements: list[DemoRow]
