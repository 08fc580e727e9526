"""Dates in headers of answers: whatever a server or a proxy says there, it is a moment or nothing."""

from datetime import datetime
from email.utils import parsedate_to_datetime

from benchfleet_contract.clocks import aware


def http_date(value: str) -> datetime | None:
    """Aware; without a zone, or with `-0000`, it is UTC. None for what cannot be read."""
    try:
        moment = aware(parsedate_to_datetime(value))
        moment.timestamp()  # an offset can move it out of the calendar
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment
