"""Waits for a run to end, politely, and through times in which the control plane does not answer."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import ArchiveState, RunStatus

from benchfleet.api.calls import Call, run_path
from benchfleet.api.exchange import ask
from benchfleet.api.pacing import Pace
from benchfleet.api.session import TIMEOUT_S, Session
from benchfleet.exceptions import BenchfleetError, ServerError, TimedOut, Unreachable

_SETTLED = frozenset({ArchiveState.READY, ArchiveState.FAILED})


@dataclass(frozen=True)
class WaitProgress:
    """One look at a run. `run` is as last told, None before the first answer; `problem` is why this look got none."""

    run: RunDetail | None
    problem: BenchfleetError | None
    waited_s: float


OnLook = Callable[[WaitProgress], None]


def has_ended(run: RunDetail) -> bool:
    """Nothing more will come: the run has ended, and its archive is ready or has failed."""
    return run.status != RunStatus.RUNNING and run.archive.state in _SETTLED


async def wait(
    session: Session, run_id: str, *, timeout_s: float | None, on_progress: OnLook | None = None
) -> RunDetail:
    """Wait until a run has ended and its archive is ready or has failed; return it. However it ended: see `status`.

    Looks half a second after a change and then ever more seldom (`pacing.py`); `on_progress` gets each look. A control plane
    that is down is waited for until `timeout_s` (seconds; None for as long as it takes) are over.
    Raises TimedOut, NotFound, UsageError, AuthError, ApiError.
    """
    timeout_s = math.inf if timeout_s is None else timeout_s
    began, pace = session.entropy.clock(), Pace(clock=session.entropy.clock, random=session.entropy.random)
    seen = WaitProgress(None, None, 0.0)
    while True:
        left_s = began + timeout_s - session.entropy.clock()
        seen = await _look(session, run_id, seen, longest_s=left_s)
        seen = replace(seen, waited_s=session.entropy.clock() - began)
        if on_progress:
            on_progress(seen)
        if seen.problem is None and seen.run and has_ended(seen.run):
            return seen.run
        if seen.waited_s >= timeout_s:
            raise _timed_out(run_id, seen, timeout_s)
        pause_s = pace.after(None if seen.problem else seen.run)
        await session.runtime.sleep(min(max(pause_s, asked_s(seen.problem)), timeout_s - seen.waited_s))


async def _look(session: Session, run_id: str, before: WaitProgress, *, longest_s: float) -> WaitProgress:
    """Without repeats: the next look is the repeat."""
    longest_s = min(TIMEOUT_S, max(1.0, longest_s))
    call = Call("GET", run_path(run_id), patient=False, timeout_s=longest_s)
    try:
        return replace(before, run=await ask(session, call, RunDetail), problem=None)
    except (Unreachable, ServerError) as error:
        return replace(before, problem=error)


def standing(run: RunDetail) -> str:
    """How a run is, in words that follow its name."""
    archive = "has no archive yet" if run.archive.state == ArchiveState.NONE else f"its archive is {run.archive.state}"
    return f"is {run.status} and {archive}"


def asked_s(problem: BenchfleetError | None) -> float:
    """Seconds of pause that a server asks for with its refusal, 0 if it asks for none."""
    return (problem.retry_after_s or 0.0) if isinstance(problem, ServerError) else 0.0


def _timed_out(run_id: str, seen: WaitProgress, timeout_s: float) -> TimedOut:
    state = standing(seen.run) if seen.run else "could not be read"
    trouble = f"; the last look got no answer: {seen.problem}" if seen.problem else ""
    return TimedOut(f"run {run_id} {state}, after {timeout_s:g} s{trouble}")
