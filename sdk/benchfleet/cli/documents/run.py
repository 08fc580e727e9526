"""The last line of `benchfleet run`, and all that `benchfleet run --json` prints."""

from benchfleet_contract.states import RunStatus
from pydantic import BaseModel

from benchfleet.cli.documents.base import Document
from benchfleet.running.state import RunState


class TasksDone(BaseModel):
    total: int
    completed: int
    failed: int
    cancelled: int


class RunEnded(Document):
    """As the run was seen last. `status` is null if it was not seen at all.

    The paths are this machine's, and null when the run was cleaned up. `dashboard_url` is null where the command's own
    emulator has ended, and its pages with it.
    """

    run_id: str
    orchestrator_url: str
    dashboard_url: str | None
    status_file: str | None
    results_dir: str | None
    status: RunStatus | None
    tasks: TasksDone
    exit_code: int

    @classmethod
    def of(cls, state: RunState, *, status_file: str | None, exit_code: int) -> "RunEnded":
        seen = state.run
        counts = seen.tasks if seen else None
        return cls(
            run_id=state.run_id,
            orchestrator_url=state.api_url,
            dashboard_url=state.dashboard_url if state.has_dashboard else None,
            status_file=status_file,
            results_dir=state.results_dir if status_file else None,
            status=seen.status if seen else None,
            tasks=TasksDone(
                total=counts.total if counts else 0,
                completed=counts.completed if counts else 0,
                failed=counts.failed if counts else 0,
                cancelled=counts.cancelled if counts else 0,
            ),
            exit_code=exit_code,
        )
