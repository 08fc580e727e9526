"""`benchfleet runner --json`: the summary at its end."""

from benchfleet.cli.documents.base import Document


class TaskEnds(Document):
    """`dropped` were cancelled, or their lease was lost: the result is nobody's."""

    completed: int
    failed: int
    dropped: int


class RunnerSummary(Document):
    runner_id: str
    tasks: TaskEnds
    exit_code: int
