"""Times of a clock that was set back: what ended before it began says nothing of how long it took."""

from datetime import UTC, datetime

SET_BACK = "the machine's clock was set back during this task"


def took_s(start: str | None, end: str | None) -> float | None:
    """Seconds between two ISO 8601 times, negative where the clock was set back; None where one cannot be read."""
    if not (start and end):
        return None
    try:
        return (aware(datetime.fromisoformat(end)) - aware(datetime.fromisoformat(start))).total_seconds()
    except (ValueError, OverflowError):
        return None


def set_back(start: str | None, end: str | None) -> bool:
    seconds = took_s(start, end)
    return seconds is not None and seconds < 0


def aware(moment: datetime) -> datetime:
    """A time without a zone is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
