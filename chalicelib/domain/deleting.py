"""When a run may be deleted, and when its id may be used again. Pure."""

from benchfleet_contract.limits import URL_LIFETIME_S
from benchfleet_contract.states import ArchiveState

from chalicelib.domain.records import Run, RunState

LONGEST_FUNCTION_MS = 15 * 60_000
HANDED_OUT_MS = URL_LIFETIME_S * 1000 + LONGEST_FUNCTION_MS  # after its end, nobody holds what could write to a run
ABANDONED = "abandoned"  # the reason of a run whose creation died


def hindrance(run: Run) -> str | None:
    """Why the run cannot be deleted now, and what to do; None if it can be."""
    if run.state is RunState.RUNNING:
        return f"Run {run.run_id} is still running: stop it first"
    if run.archive.state not in (ArchiveState.READY, ArchiveState.FAILED):
        return f"The archive of run {run.run_id} is being built: try again when it is ready"
    return None


def free_at_ms(run: Run) -> int:
    """From when on nothing can come for the run any more: upload URLs have expired, functions that knew it have ended.

    For a run that was never published nobody got a URL.
    """
    if run.reason == ABANDONED:
        return run.created_ms + LONGEST_FUNCTION_MS
    return (run.completed_ms or run.deadline_ms) + HANDED_OUT_MS
