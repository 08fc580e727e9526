"""Waits for a run to end, politely, and through times in which the control plane does not answer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchfleet_contract.runs import RunDetail

from benchfleet.api.calls import Call, run_path
from benchfleet.api.exchange import ask
from benchfleet.api.pacing import PollSchedule, is_done
from benchfleet.api.session import TIMEOUT_S, Session
from benchfleet.exceptions import BenchfleetError, ServerError, Unreachable


@dataclass(frozen=True)
class WaitProgress:
    """One poll of a run. `run` is the last known, None before the first response; `problem` is why this poll got none."""

    run: RunDetail | None
    problem: BenchfleetError | None
    waited_s: float


OnPoll = Callable[[WaitProgress], None]


async def wait(
    session: Session, run_id: str, *, timeout_s: float | None, on_progress: OnPoll | None = None
) -> RunDetail:
    """Wait until a run has ended and its archive is ready or has failed; return it. However it ended: see `status`.

    Polls half a second after a change and then ever more seldom (`pacing.py`); `on_progress` gets each poll. A control plane
    that is down is waited for until `timeout_s` (seconds; None for as long as it takes) are over.
    Raises TimedOut, NotFound, UsageError, AuthError, ApiError.
    """
    entropy = session.entropy
    schedule = PollSchedule(run_id, timeout_s=timeout_s, clock=entropy.clock, random=entropy.random)
    seen = WaitProgress(None, None, 0.0)
    while True:
        seen = await _poll(session, run_id, seen, longest_s=schedule.left_s)
        seen = replace(seen, waited_s=schedule.waited_s)
        if on_progress:
            on_progress(seen)
        if seen.problem is None and seen.run and is_done(seen.run):
            return seen.run
        await session.runtime.sleep(schedule.pause_s(seen.run, seen.problem))


async def _poll(session: Session, run_id: str, before: WaitProgress, *, longest_s: float) -> WaitProgress:
    """One request without retries: the next poll is the retry."""
    longest_s = min(TIMEOUT_S, max(1.0, longest_s))
    call = Call("GET", run_path(run_id), patient=False, timeout_s=longest_s)
    try:
        return replace(before, run=await ask(session, call, RunDetail), problem=None)
    except (Unreachable, ServerError) as error:
        return replace(before, problem=error)
