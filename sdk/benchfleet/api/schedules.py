"""Schedules: made, read, fired, deleted."""

import secrets
from collections.abc import Mapping
from typing import Any

from benchfleet_contract.schedule_request import NAME
from benchfleet_contract.schedules import CreatedSchedule, Firing, ScheduleDetail, ScheduleList, ScheduleListItem

from benchfleet.api.calls import Call
from benchfleet.api.exchange import ask, send
from benchfleet.api.pacing import FIRST_PAUSE_S, GROWTH
from benchfleet.api.session import Session
from benchfleet.exceptions import NotFound, TimedOut, UsageError

LONGEST_PAUSE_S = 5.0


async def create_schedule(session: Session, body: Mapping[str, Any]) -> CreatedSchedule:
    """Make a schedule. `body` is that of `POST /schedules`. The same body again is the same schedule.

    `webhook_secret` is told this once. Raises InvalidRequest with all `problems`, Conflict if another schedule has this name,
    AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("POST", "/schedules", body=body), CreatedSchedule)


async def schedules(session: Session) -> list[ScheduleListItem]:
    """Read all schedules, by name, with their next and their last firing.

    Raises AuthError, Unreachable, ApiError.
    """
    return (await ask(session, Call("GET", "/schedules"), ScheduleList)).schedules


async def schedule(session: Session, name: str) -> ScheduleDetail:
    """Read a schedule: its next five firings, its newest 50, the run that it makes.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", schedule_path(name)), ScheduleDetail)


async def run_schedule_now(session: Session, name: str) -> Firing:
    """Fire a schedule beside its times. The firing is `due`: its run comes within seconds.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    body = {"token": secrets.token_hex(16)}  # so that a request whose answer is lost can be sent again
    return await ask(session, Call("POST", schedule_path(name, "run-now"), body=body), Firing)


async def delete_schedule(session: Session, name: str, *, wait: bool = True, timeout_s: float = 120.0) -> None:
    """Delete a schedule and its history; return when it is gone. Its runs stay.

    `wait` False returns once the deletion has begun: it ends by itself.
    Raises NotFound, TimedOut (the deletion goes on), UsageError, AuthError, Unreachable, ApiError.
    """
    began, pause_s = session.entropy.clock(), FIRST_PAUSE_S
    try:
        await send(session, Call("DELETE", schedule_path(name)))
    except NotFound as error:
        if error.repeated:  # it was this very call that began it, and its answer was lost
            return
        raise
    while wait:
        if session.entropy.clock() > began + timeout_s:
            raise TimedOut(f"schedule {name} is being deleted, and is not gone after {timeout_s:g} s")
        await session.runtime.sleep(pause_s)
        pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)
        try:
            await send(session, Call("DELETE", schedule_path(name)))
        except NotFound:
            return


def schedule_path(name: str, *rest: str) -> str:
    """Raises UsageError for what cannot be a schedule's name: it would lead to another route."""
    if not NAME.fullmatch(str(name)):
        raise UsageError(
            f"invalid schedule name {name!r}: use letters, digits, dots, dashes and underscores, at most 48"
        )
    return "/".join(("/schedules", str(name), *rest))
