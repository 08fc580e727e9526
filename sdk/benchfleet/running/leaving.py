"""How a run is left: done, detached, interrupted, stopped."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from benchfleet_contract.runs import RunDetail
from benchfleet_contract.states import RunStatus

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError
from benchfleet.results.lost import lost_words
from benchfleet.results.stops import missing
from benchfleet.running.deployment import Deployment, deployment_of
from benchfleet.running.interrupts import Interrupted
from benchfleet.running.session import Client, Session
from benchfleet.running.state import RunState
from benchfleet.watch.groups import open_tasks

KEEP, STOP, CLEAN = "keep", "stop", "clean"  # what may be chosen after Ctrl-C
_SETTLING_POLLS, _SETTLING_EVERY_S = 20, 0.5
STOPPING_S = 120.0  # how long a stopped run may take to build its archive


@dataclass(frozen=True)
class Ended:
    """How it ended. `run` None: it was left before its end. `folder` None: its results are not here.

    `machines` is where the control plane has still to end machines of the run that was stopped.
    """

    exit_code: int
    run: RunDetail | None = None
    folder: Path | None = None
    words: str = ""
    next_step: str = ""
    machines: Deployment | None = None


def left(session: Session, code: int) -> Ended:
    """Runners and emulator go on without this command."""
    session.leave()
    words = f"Run {session.run_id} goes on. {how_to_resume(session.run_id)}"
    return Ended(code, words="\n".join(filter(None, [words, what_stays(session.state)])))


def interrupted(session: Session, signal: Interrupted, *, finish: Callable[[], Ended]) -> Ended:
    """Asks what to do if there is somebody to ask; else ends what is here and leaves the run to be resumed.

    `finish` follows a stopped run to its archive and brings that home.
    """
    choice = _choose(session) if signal.by_keyboard and session.tools.choose else None
    if choice == KEEP:
        return left(session, exit_codes.INTERRUPTED)
    if choice in (STOP, CLEAN):
        return _stop(session, finish=None if choice == CLEAN else finish)
    session.undo.end_work()
    session.save_if_possible()
    words = f"Interrupted: runners and emulator of this command have ended. {how_to_resume(session.run_id)}"
    return Ended(exit_codes.INTERRUPTED, words=words)


def _choose(session: Session) -> str:
    try:
        return session.tools.choose(session.run_id) if session.tools.choose else KEEP
    except KeyboardInterrupt:
        return KEEP


def _stop(session: Session, *, finish: Callable[[], Ended] | None) -> Ended:
    """Stops the run at its control plane. Keeps what there is of it, or (without `finish`) nothing on this machine."""
    run_id = session.run_id
    try:
        with session.tools.client(session.connection.api_url, session.connection.key) as client:
            _stop_run(client, run_id)
            with suppress(BenchfleetError):  # it is stopped, whether that can be seen or not
                _see_settled(session, client)
        ended = finish() if finish else None
    except (BenchfleetError, Interrupted) as error:
        session.undo.end_work()
        return _stop_failed(session, error, clean=finish is None)
    words, machines = machines_words(session), _machines(session)
    if ended is not None:
        said = f"{_stopped(session)}.{words}"
        return replace(ended, exit_code=exit_codes.INTERRUPTED, words=said, machines=machines)
    session.undo.end_work()
    session.states.forget(run_id)
    said = f"{_stopped(session)}; nothing of it is left here.{words}"
    return Ended(exit_codes.INTERRUPTED, words=said, machines=machines)


def machines_words(session: Session) -> str:
    """How to see at once to the machines that the control plane has brought; empty where it brings none, or is an emulator's."""
    if not _brings_machines(session):
        return ""
    known = deployment_of(session.connection)
    options = f" {known.options}" if known else " (with --stage and --region of the deployment)"
    return (
        f"\nThe control plane ends its machines within minutes; to end them now, and see that none is left: "
        f"benchfleet nuke --run-id {session.run_id}{options}"
    )


def _machines(session: Session) -> Deployment | None:
    return deployment_of(session.connection) if _brings_machines(session) else None


def _brings_machines(session: Session) -> bool:
    return bool(session.config.request.provision) and session.emulator is None


def _stopped(session: Session) -> str:
    """What the stop came to, as far as it could be seen: a counter that has not followed yet is not passed off as none."""
    words, seen = f"Run {session.run_id} was stopped", session.state.run
    if seen is None:
        return words
    tasks = seen.tasks
    ended = tasks.completed + tasks.failed
    told = [f"{tasks.cancelled} of {tasks.total} tasks cancelled", f"{ended} had ended before"]
    if uncounted := tasks.total - tasks.cancelled - ended:
        told.append(f"{uncounted} not counted yet")
    return f"{words}: {', '.join(told)}"


def _see_settled(session: Session, client: Client) -> None:
    """Polls until nothing is open any more: counters follow a stop within seconds."""
    for _ in range(_SETTLING_POLLS):
        run = client.run(session.run_id)
        session.state.seen(run)
        if not open_tasks(run.tasks):
            return
        session.tools.clocks.sleep(_SETTLING_EVERY_S)


def _stop_failed(session: Session, error: BaseException, *, clean: bool) -> Ended:
    words = (
        f"Run {session.run_id} could not be stopped in order ({error}); its runners and its emulator have ended here."
    )
    if clean and session.emulator is not None:
        session.states.forget(session.run_id)
        return Ended(exit_codes.INTERRUPTED, words=words)
    return Ended(exit_codes.INTERRUPTED, words=f"{words} {how_to_resume(session.run_id)}")


def _stop_run(client: Client, run_id: str) -> None:
    if not client.run(run_id).status.is_over:
        client.stop_run(run_id)


def exit_code_of(run: RunDetail) -> int:
    good = run.status == RunStatus.COMPLETED and not missing(run) and not lost_words(run.archive)
    return exit_codes.OK if good else exit_codes.FAILED


def words_of(run: RunDetail) -> str:
    """What to say of a run that is not wholly good; empty for one that is."""
    if run.status != RunStatus.COMPLETED:
        return f"run {run.run_id} is {run.status}: {run.reason or 'no reason given'}"
    lacking = missing(run)
    told = [f"{lacking} of {run.tasks.total} tasks of run {run.run_id} did not complete"] if lacking else []
    return "; ".join([*told, *filter(None, [lost_words(run.archive)])])


def how_to_resume(run_id: str) -> str:
    return f"Go on with: benchfleet run --resume {run_id}"


def what_stays(state: RunState) -> str:
    """What works on without this command, and how it ends; empty if nothing does."""
    count = sum(len(provider.runners) for provider in state.providers.values())
    runners = [f"{count} runner{'s' if count > 1 else ''}, until the run ends"] if count else []
    emulator = ["its emulator, until --resume has brought the results home"] if state.emulator else []
    if not (staying := runners + emulator):
        return ""
    give_up = f"To give the run up: benchfleet runs stop {state.run_id}, then --resume."
    return f"In the background stay {'; and '.join(staying)}. {give_up}"


def next_step(folder: Path, *, logs: Path, explains: str | None = None) -> str:
    """Where to look after a failure. `explains`: the run, if there is a control plane to ask about it later."""
    ask = [f"`benchfleet runs explain {explains}`"] if explains else []
    errors = [str(path) for path in sorted(folder.glob("*/error.txt"))[:1]]
    kept = [f"the runners' logs in {logs}/"] if any(logs.glob("runner-*.log")) else []
    return f"To see why: {', '.join([*ask, f'`benchfleet report {folder}`', *errors, *kept])}"
