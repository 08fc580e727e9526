"""Deletes a run, and waits until it is gone."""

import math

from benchfleet.api.calls import Call, run_path
from benchfleet.api.exchange import send
from benchfleet.api.pacing import FIRST_PAUSE_S, GROWTH
from benchfleet.api.session import Session
from benchfleet.exceptions import NotFound, TimedOut

LONGEST_PAUSE_S = 10.0


async def delete_run(session: Session, run_id: str, *, wait: bool = True, timeout_s: float | None = None) -> None:
    """Delete a run with its archive and uploads, for good; return when it is gone. Downloads on this machine stay.

    `wait` False returns once the deletion has begun: it ends by itself. `timeout_s` None waits for as long as it takes.
    Raises Conflict while it runs or its archive is built, NotFound, TimedOut (the deletion goes on), UsageError, AuthError,
    Unreachable, ApiError.
    """
    began, pause_s = session.entropy.clock(), FIRST_PAUSE_S
    try:
        await _ask(session, run_id)
    except NotFound as error:
        if error.repeated:  # it was this very call that began it, and its answer was lost
            return
        raise
    while wait:
        left_s = began + (math.inf if timeout_s is None else timeout_s) - session.entropy.clock()
        if left_s <= 0:
            raise TimedOut(f"run {run_id} is being deleted, and is not gone after {timeout_s:g} s")
        await session.runtime.sleep(min(pause_s, left_s))
        pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)
        try:
            await _ask(session, run_id)
        except NotFound:
            return


async def _ask(session: Session, run_id: str) -> None:
    path = run_path(run_id)
    # The API cuts one `.json` off: an older run `a.json` must not lead to run `a`.
    await send(session, Call("DELETE", f"{path}.json" if path.endswith(".json") else path))
