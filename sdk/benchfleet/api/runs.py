"""Runs: made, read, stopped."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from benchfleet_contract.launches import LaunchList, LaunchPhase
from benchfleet_contract.runners import RunnerList
from benchfleet_contract.runs import CreatedRun, RunDetail, RunList, RunListItem
from benchfleet_contract.summary import RunSummary

from benchfleet.api.calls import Call, launch_name, run_path
from benchfleet.api.exchange import ask, send
from benchfleet.api.session import Session
from benchfleet.exceptions import Conflict


async def up(session: Session) -> None:
    """Return if the API answers. Needs no key.

    Raises Unreachable or ApiError.
    """
    await send(session, Call("GET", "/up"))


async def create_run(session: Session, config: Mapping[str, Any]) -> CreatedRun:
    """Create a run. `config` is the body of `POST /runs`.

    Only a body that names its `run_id` is sent again after a lost answer: without one, a second run could be made.
    Raises InvalidRequest with all `problems`, Conflict if another body has this id, AuthError, Unreachable, ApiError.
    """
    named = bool(config.get("run_id"))
    return await ask(session, Call("POST", "/runs", body=config, repeatable=named), CreatedRun)


async def run(session: Session, run_id: str) -> RunDetail:
    """Read a run: its status, its tasks counted, its archive with a freshly signed URL.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", run_path(run_id)), RunDetail)


async def summary(session: Session, run_id: str) -> RunSummary:
    """Read what a run measured: its rankings. They are there as soon as its archive is ready, and never change.

    Raises NotFound (where there is none yet, too), UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", run_path(run_id, "summary")), RunSummary)


async def runs(session: Session) -> AsyncGenerator[RunListItem, None]:
    """Iterate over all runs, the newest first. Pages are asked for as they are needed.

    Raises AuthError, Unreachable, ApiError.
    """
    query: dict[str, str] = {}
    while True:
        page = await ask(session, Call("GET", "/runs", query=query), RunList)
        for item in page.runs:
            yield item
        if page.next_cursor is None:
            return
        query = {"cursor": page.next_cursor}


async def runners(session: Session, run_id: str) -> RunnerList:
    """Read who works for a run, who waits, who was here: at most 1,000, those seen last first.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", run_path(run_id, "runners")), RunnerList)


async def launches(session: Session, run_id: str) -> LaunchList:
    """Read the machines that the control plane brings for a run; none for a run that asks for none.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", run_path(run_id, "launches")), LaunchList)


async def report_launch(
    session: Session, run_id: str, name: str, phase: LaunchPhase, message: str | None = None
) -> None:
    """Tell how far a machine is, as its own script does, with a runner key. `failed` has it ended.

    Raises NotFound, UsageError, InvalidRequest, AuthError, Unreachable, ApiError.
    """
    body = {"phase": phase, "message": message}
    await send(session, Call("POST", run_path(run_id, "launches", launch_name(name)), body=body))


async def stop_run(session: Session, run_id: str) -> None:
    """End a run early: its open tasks are cancelled, what was accepted is archived.

    Raises Conflict if it has ended already, NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    try:
        await send(session, Call("POST", run_path(run_id, "stop")))
    except Conflict as error:
        if not error.repeated:  # else it was this very call that ended the run, and its answer was lost
            raise
