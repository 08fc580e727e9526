"""Machines that nobody needs: found by their tags, whatever became of what was written about them."""

from collections.abc import Mapping

from chalicelib.domain.launch_records import Launch
from chalicelib.domain.launches import Tagged
from chalicelib.domain.records import Run


def is_stray(tagged: Tagged, run: Run | None, launches: Mapping[str, Launch], *, now_ms: int) -> bool:
    """Should the machine end? `run` and its `launches` (by name) are those that its tags name, None and empty if unknown.

    A machine whose launch has yet to learn of it is left alone: the next try of the same attempt finds it. So is one of a
    launch that nobody knows, while its run is open: launches are forgotten with their run only, so it was made by hand.
    """
    if tagged.expires_ms is not None and tagged.expires_ms <= now_ms:
        return True
    if run is None or not (run.is_shown and run.is_open):
        return True
    launch = launches.get(tagged.name or "")
    if launch is None:
        return False
    if not launch.is_open:
        return True
    if launch.state == "wanted":
        return not launch.aimed
    return launch.resource_id != tagged.resource_id or launch.state == "ending"
