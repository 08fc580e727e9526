"""Dates in headers of answers: whatever a server or a proxy says there, it is a moment or nothing."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def http_date(value: str) -> datetime | None:
    """Aware; without a zone, or with `-0000`, it is UTC. None for what cannot be read."""
    try:
        moment = parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        aware.timestamp()  # an offset can move it out of the calendar
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return aware
