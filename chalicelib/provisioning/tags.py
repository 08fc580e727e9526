"""The tags that machines carry, written and read. Pure."""

from collections.abc import Mapping
from datetime import datetime

STAGE, RUN, LAUNCH, EXPIRES = "benchfleet", "benchfleet:run", "benchfleet:launch", "benchfleet:expires"


def expires_ms(tags: Mapping[str, str]) -> int | None:
    """Milliseconds since 1970, from ISO 8601; None where the tag is missing or no such time."""
    try:
        moment = datetime.fromisoformat(tags.get(EXPIRES, ""))
    except ValueError:
        return None
    return round(moment.timestamp() * 1000) if moment.tzinfo else None
