"""An explanation as data."""

from typing import Literal

from benchfleet_contract.states import FailureClass, RunStatus
from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "archive_failed", "lost", "failed", "deadline_near", "no_runner", "silent", "handed_back", "partial", "busy", "soon",
    "running", "archiving", "completed", "cancelled", "enough", "clock", "machine_failed", "coming",
    "model",
]  # fmt: skip
Weight = Literal["problem", "waiting", "fine"]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LogTail(_Document):
    """The last lines of the most telling file of a failed task's error archive. `cut`: the file was read in part."""

    task_id: str
    file: str
    lines: list[str]
    cut: bool = False


class Finding(_Document):
    """One reason and the tasks that it holds for. `words` is a sentence, `remedy` what to do, `command` how.

    `task_ids` names the first twenty of `tasks` tasks, `subjects` what they measure, where the run compares subjects;
    `since` is ISO 8601 UTC.
    """

    kind: Kind
    weight: Weight
    words: str
    tasks: int = 0
    task_ids: list[str] = []
    provider: str | None = None
    instance_type: str | None = None
    subjects: list[str] = []
    since: str | None = None
    failure_class: FailureClass | None = None
    error_type: str | None = None
    details: list[str] = []
    remedy: str | None = None
    command: str | None = None
    log: LogTail | None = None


class Explanation(_Document):
    """The most important finding comes first. `task_id` is set when one task was asked about.

    `sampled`: the run is large, and only a part of its tasks was looked at.
    """

    run_id: str
    task_id: str | None
    status: RunStatus
    fine: bool
    headline: str
    deadline_at: str
    sampled: bool = False
    findings: list[Finding]
