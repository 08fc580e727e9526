"""A fleet run is polled until it has ended, and then until its results are there."""

from collections.abc import Callable

from benchfleet_contract.fleets.runs import ENDED, FleetRunDetail
from benchfleet_contract.states import FLEET_RESULTS_FAILED

from benchfleet.api import fleets
from benchfleet.api.session import Session
from benchfleet.exceptions import NotFound, RunFailed, ServerError, Unreachable, UsageError
from benchfleet.fleet.errors import RunNotFound, WaitTimeout

SILENCE_S = 600.0  # how long a control plane may not respond while a run is waited for
SETTLING_S = 900.0  # how long the results of a run that has ended may take
Told = Callable[[FleetRunDetail], None]
Pace = Callable[[float], float]  # seconds to the next look, from the seconds that were waited already


def every(milliseconds: float) -> Pace:
    """Raises UsageError for a time that is not positive."""
    if milliseconds <= 0:
        raise UsageError(f"poll_interval_ms must be more than 0, not {milliseconds}")
    return lambda waited_s: milliseconds / 1000


def patient(waited_s: float) -> float:
    """Often in the beginning, ever less later: a process that nobody waits for must not burden a control plane for hours."""
    return min(10.0, max(0.5, waited_s / 20))


async def status(session: Session, run_id: str) -> FleetRunDetail:
    """Raises RunNotFound."""
    try:
        return await fleets.fleet_run(session, run_id)
    except NotFound as error:
        raise not_found(run_id) from error


def not_found(run_id: str) -> RunNotFound:
    return RunNotFound(f"there is no fleet run {run_id}: `benchfleet fleet list` shows those that are")


async def until(
    session: Session,
    run_id: str,
    done: Callable[[FleetRunDetail], bool],
    *,
    timeout_ms: float | None,
    pace: Pace,
    told: Told = lambda run: None,
    before: Callable[[], None] = lambda: None,
) -> FleetRunDetail:
    """The run, as soon as `done` says so; `told` gets what each poll saw, `before` comes before each. No `timeout_ms`: no limit.

    Raises WaitTimeout, RunNotFound, and Unreachable or ServerError after SILENCE_S without a response.
    """
    clock = session.entropy.clock
    begun = heard = clock()
    end = float("inf") if timeout_ms is None else heard + timeout_ms / 1000
    run: FleetRunDetail | None = None
    while True:
        try:
            before()
            run, heard = await status(session, run_id), clock()
            told(run)
            if done(run):
                return run
        except (Unreachable, ServerError):
            if clock() - heard > min(SILENCE_S, end - heard):
                raise
        left = end - clock()
        if left <= 0:
            raise _too_late(run_id, run, timeout_ms)
        await session.runtime.sleep(min(pace(clock() - begun), left))


async def until_settled(
    session: Session,
    run_id: str,
    *,
    timeout_ms: float | None,
    pace: Pace,
    told: Told = lambda run: None,
    before: Callable[[], None] = lambda: None,
) -> FleetRunDetail:
    """A run that has ended, with its results there, or with none to come (`results_ready` is False then)."""
    ended: list[float] = []

    def settled(run: FleetRunDetail) -> bool:
        if run.status not in ENDED:
            return False
        ended.append(session.entropy.clock())
        late = ended[-1] - ended[0] > SETTLING_S
        return run.results_ready or run.reason == FLEET_RESULTS_FAILED or late

    return await until(session, run_id, settled, timeout_ms=timeout_ms, pace=pace, told=told, before=before)


def has_failed(run: FleetRunDetail) -> bool:
    return run.status in ("failed", "cancelled")


def failure(run: FleetRunDetail) -> RunFailed:
    """Of a run that failed or was cancelled."""
    told = "; ".join(run.errors[:3]) or run.reason or "no reason is known"
    see = f"see `benchfleet fleet status {run.run_id}`"
    return RunFailed(f"fleet run {run.run_id} is {run.status}: {told} ({counted(run)}); {see}")


def counted(run: FleetRunDetail) -> str:
    return f"{run.tests.total - run.tests.pending} of {run.tests.total} tests done"


def _too_late(run_id: str, run: FleetRunDetail | None, timeout_ms: float | None) -> WaitTimeout:
    seen = f"is {run.status} after {timeout_ms:g} ms ({counted(run)})" if run else f"was not seen in {timeout_ms:g} ms"
    return WaitTimeout(f"fleet run {run_id} {seen}; it goes on")
