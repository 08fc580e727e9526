"""Runners as a run sees them: who works, who waits, who was here."""

from benchfleet_contract.document import Document


class RunnerSeen(Document):
    """One runner. `task_ids` are the tasks that it holds now; empty while it waits for one.

    `seen_at` is its last beat, or the last time that it asked for a task and got none. One that asks for any run's
    tasks (`POST /claim`) is listed under every run.
    """

    runner_id: str
    provider: str
    instance_type: str
    seen_at: str
    live: bool  # seen within its lease, or within two polls
    any_run: bool = False  # asks for tasks of any run: when silent, it may be at work for another one
    task_ids: list[str]


class RunnerList(Document):
    """Reply of `GET /runs/{id}/runners`: at most 1,000, those seen last first."""

    run_id: str
    runners: list[RunnerSeen]
    truncated: bool = False


class TaskFiles(Document):
    """Reply of `GET /tasks/{id}/files`: presigned GETs, signed when asked for. None where nothing was uploaded."""

    result_url: str | None
    error_url: str | None
    expires_at: str
