"""Whole numbers that a `POST /runs` body may hold: read by the rules of `run_request.py`, told by both published schemas."""

import re
from typing import Any, NamedTuple

from benchfleet_contract import limits


class Whole(NamedTuple):
    """What stands there where nobody says it, and from where to where it may go."""

    default: int
    least: int
    most: int


WHOLE = {
    "shards": Whole(1, 1, limits.MAX_SHARDS),
    "lease_s": Whole(limits.DEFAULT_LEASE_S, limits.MIN_LEASE_S, limits.MAX_LEASE_S),
    "max_attempts": Whole(limits.DEFAULT_MAX_ATTEMPTS, 1, limits.MAX_ATTEMPTS),
    "deadline_s": Whole(limits.DEFAULT_DEADLINE_S, limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S),
}
BUDGET = {  # of a run with a target precision; there are no defaults: who wants precision says what it may cost
    "max_tasks": Whole(0, limits.MIN_SEQUENTIAL_TASKS, limits.MAX_SEQUENTIAL_TASKS),
    "max_time_s": Whole(0, limits.MIN_DEADLINE_S, limits.MAX_DEADLINE_S),
}


def number_of(value: Any) -> float | None:
    """A number, or one as text, as forms have it; None for what is neither, or far out of any range."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not re.fullmatch(r"\s*[+-]?\d{1,15}(\.\d{0,9})?\s*", value, re.ASCII):
        return None
    number = float(value) if isinstance(value, str) else value  # an int may be too large for a float
    return float(number) if -1e15 < number < 1e15 else None
