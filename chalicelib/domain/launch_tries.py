"""What follows when a cloud does not launch a machine: another region, a pause, or the end of it."""

from collections.abc import Sequence

from benchfleet_contract.launches import FailureCode

from chalicelib.domain.launch_records import Failure, Launch
from chalicelib.domain.launches import LaunchFailed

UNCLEAR: frozenset[FailureCode] = frozenset(
    {"network", "unknown"}
)  # there may be a machine: asked again with the token
MOST_TRIES = 5  # of an unclear attempt
ELSEWHERE: frozenset[FailureCode] = frozenset({"capacity", "quota", "unsupported"})  # another region may have it
SCARCE: frozenset[FailureCode] = frozenset({"capacity", "quota", "cost"})  # may be there when others have ended
CAPACITY_ROUNDS = 3  # through all regions
PAUSE_MS, SCARCE_PAUSE_MS = 30_000, 60_000


def region_of(attempt: int, regions: Sequence[str]) -> str:
    """Where the attempt (1, 2, …) is made."""
    return regions[(attempt - 1) % len(regions)]


def refused(launch: Launch, error: LaunchFailed, regions: Sequence[str], *, now_ms: int, others: bool) -> Launch:
    """The launch after an attempt failed. `others`: machines of the run that may end, and make room."""
    failure = Failure(error.code, error.words, error.remedy)
    if error.code in UNCLEAR:
        again = launch.evolve(tries=launch.tries + 1, not_before_ms=now_ms + PAUSE_MS, failure=failure)
        return again if again.tries < MOST_TRIES else launch.give_up(failure, now_ms=now_ms)
    tried = launch.evolve(aimed=False, failure=_worse(launch, failure, regions))
    if error.code in ELSEWHERE and launch.attempt % len(regions):
        return tried
    told = tried.failure or failure
    if told.code in SCARCE and others:
        return tried.evolve(not_before_ms=now_ms + SCARCE_PAUSE_MS)
    if told.code == "capacity" and launch.attempt // len(regions) < CAPACITY_ROUNDS:
        return tried.evolve(not_before_ms=now_ms + PAUSE_MS)
    return launch.give_up(told, now_ms=now_ms)


def _worse(launch: Launch, failure: Failure, regions: Sequence[str]) -> Failure:
    """Of a round through the regions, what leaves hope counts: that one region has no such type says little of the others."""
    is_first = launch.attempt % len(regions) == 1 or len(regions) == 1
    before = launch.failure
    if failure.code == "unsupported" and before and before.code in SCARCE and not is_first:
        return before
    return failure
