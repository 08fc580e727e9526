"""Whether a request is sent again, and when. Pure.

Pauses have full jitter: evenly spread from zero to a bound that doubles, so that clients which were refused together do
not come back together (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
"""

from collections.abc import Callable

from benchfleet_contract.http_dates import http_date

from benchfleet.exceptions import BenchfleetError, ServerError, Unreachable

BOUNDS_S = (0.5, 1.0, 2.0, 4.0, 8.0)  # before each repeat: about eight seconds of patience in all, at most 16
LONGEST_PAUSE_S = 30.0  # who is asked to wait for longer had better tell his user
_REFUSED_UNSEEN = frozenset({429})  # refused before anything was done, so that anything may be repeated


def pause_s(error: BenchfleetError, *, number: int, repeatable: bool, random: Callable[[], float]) -> float | None:
    """Seconds to wait before repeat `number` (from 0) of what ended with `error`; None: it is not to be repeated."""
    if number >= len(BOUNDS_S) or not _worth_it(error, repeatable=repeatable):
        return None
    asked_s = error.retry_after_s if isinstance(error, ServerError) else None
    if asked_s is None:
        return random() * BOUNDS_S[number]
    return None if asked_s > LONGEST_PAUSE_S else asked_s + random() * BOUNDS_S[0]


def retry_after_s(value: str, *, now_s: float) -> float | None:
    """Seconds that a Retry-After header asks for: it holds seconds or an HTTP date. None for anything else."""
    if value.isascii() and value.isdecimal() and len(value) < 16:
        return float(value)
    moment = http_date(value)
    return None if moment is None else max(0.0, moment.timestamp() - now_s)


def _worth_it(error: BenchfleetError, *, repeatable: bool) -> bool:
    if isinstance(error, Unreachable):
        return repeatable or not error.sent
    return isinstance(error, ServerError) and (repeatable or error.status in _REFUSED_UNSEEN)
