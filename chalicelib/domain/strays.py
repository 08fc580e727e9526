"""Machines that nobody needs: found by their tags, whatever became of what was written about them."""

from collections.abc import Mapping

from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import Tagged
from chalicelib.domain.records import Run

GRACE_MS = 60_000  # for a machine whose run has just come to its end to report, to ship its last lines and to shut down


def is_stray(tagged: Tagged, run: Run | None, launches: Mapping[str, Launch], *, now_ms: int) -> bool:
    """Should the machine end? `run` and its `launches` (by name) are those that its tags name, None and empty if unknown.

    A machine whose launch has yet to learn of it is left alone: the next try of the same attempt finds it. So is one of a
    launch that nobody knows, while its run is open: launches are forgotten with their run only, so it was made by hand.
    Machines of a run without any work left end by themselves: for a short while it counts as open.
    """
    if tagged.expires_ms is not None and tagged.expires_ms <= now_ms:
        return True
    if run is None or not run.is_shown or not (run.is_open or _has_just_ended(run, now_ms)):
        return True
    launch = launches.get(tagged.name or "")
    if launch is None:
        return False
    if not launch.is_open:
        return True
    if launch.state == "wanted":
        return not launch.aimed
    return launch.resource_id != tagged.resource_id or launch.state == "ending"


def _has_just_ended(run: Run, now_ms: int) -> bool:
    """By itself: machines of a run that was stopped, or is late, may go on for long."""
    return run.ending is None and run.completed_ms is not None and run.completed_ms > now_ms - GRACE_MS
