"""Times as people read them: how long ago. Documents hold the times themselves."""

import re
from datetime import UTC, datetime

from benchfleet.exceptions import UsageError
from benchfleet.watch.durations import span

_AGES = {"h": 3_600, "d": 86_400, "w": 604_800}


def ago(at: str | None, *, now: datetime | None = None) -> str:
    """`at` is ISO 8601; "5 min ago", "in 3 h", "now", and nothing for None."""
    if at is None:
        return ""
    seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(at)).total_seconds()
    if abs(seconds) < 1:
        return "now"
    said = span(abs(seconds))
    return f"{said} ago" if seconds > 0 else f"in {said}"


def seconds(age: str) -> int:
    """Of an age that somebody typed: `12h`, `30d`, `4w`. Raises UsageError for anything else."""
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", age)
    if not found:
        raise UsageError(f"invalid age {age!r}: give a number of hours, days or weeks, as in 12h, 30d or 4w")
    return int(found[1]) * _AGES[found[2]]
