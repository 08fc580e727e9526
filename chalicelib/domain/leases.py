"""Everything that compares two times of a lease, and the words that tell of it."""

from datetime import UTC, datetime

from benchfleet_contract import limits

from chalicelib.domain.records import Task


def iso(ms: int | None) -> str | None:
    """ISO 8601 UTC with whole seconds and `Z`, as every time on the wire; None stays None."""
    return None if ms is None else f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def expired(task: Task, *, now_ms: int) -> bool:
    return task.lease_until_ms is not None and task.lease_until_ms < now_ms


def next_heartbeat_in_s(lease_ms: int) -> float:
    """Four chances before the lease runs out, and never slower than every 30 s."""
    return min(float(limits.HEARTBEAT_EVERY_S), lease_ms / 4000)


def timeout_message(task: Task) -> str:
    """The reference system's words; the span is the task's own lease."""
    last = datetime.fromtimestamp((task.heartbeat_ms or task.claimed_ms or 0) // 1000, UTC)
    return f"No heartbeat received for {_span(task.lease_ms)}. Last heartbeat: {last:%Y-%m-%d %H:%M:%S} UTC"


def _span(ms: int) -> str:
    seconds = ms // 1000
    amount, unit = (seconds // 60, "minute") if seconds and seconds % 60 == 0 else (seconds, "second")
    return f"{amount} {unit}{'' if amount == 1 else 's'}"
