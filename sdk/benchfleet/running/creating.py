"""Sends a run to its control plane: with a key that may do so, and once more when its own emulator has lost it."""

from collections.abc import Callable
from typing import TypeVar

from benchfleet.exceptions import ApiError, AuthError, NotFound, RunUnknown, ServerError
from benchfleet.running.session import Session
from benchfleet.running.state import Phase

T = TypeVar("T")
REMEDY = "keep one that is known there with `benchfleet login`, or set BENCHFLEET_API_KEY"


def require_key(session: Session, *, creates: bool) -> None:
    """Raises AuthError with a remedy if the key is unknown, or must create runs (`creates`) and may not.

    A control plane that is too old to tell (no `GET /whoami`) refuses the run itself later.
    """
    where = session.connection
    try:
        with session.tools.client(where.api_url, where.key) as client:
            may = client.whoami().may
    except AuthError as error:
        said = f"refuses the key ({error})" if where.key else f"wants a key, and none was given ({error})"
        raise AuthError(f"{where.api_url} {said}: {REMEDY}", status=error.status, code=error.code) from error
    except ApiError as error:
        if error.code != "no_such_route":
            raise
        return
    if creates and "manage_runs" not in may:
        said = "does not let this key create runs" if where.key else "wants a key to create runs, and none was given"
        raise AuthError(f"{where.api_url} {said}: {REMEDY}", status=403)


def send(session: Session) -> int:
    """The id is ours, so the same request may be sent again, by a later command too. Returns how many tasks it has."""
    body = {**session.config.body, "run_id": session.run_id}
    with session.tools.client(session.connection.api_url, session.connection.key) as client:
        created = client.create_run(body)
    session.state.created(created.tasks_created)
    session.save_if_possible(Phase.FOLLOWING)
    return created.tasks_created


def was_refused(error: ApiError) -> bool:
    """Certainly not carried out."""
    return not isinstance(error, ServerError) and not error.repeated


def known(session: Session, ask: Callable[[], T], *, again: Callable[[], object] = lambda: None) -> T:
    """What `ask` brings of the run.

    An emulator of ours that was killed may have lost its last seconds, and the run with them: then the run is made again,
    `again` is called, and `ask` is called once more. Raises RunUnknown where that is not for us to do, or of no use.
    """
    try:
        return ask()
    except NotFound as error:
        if session.emulator is None:
            raise _unknown(session) from error
    session.tools.display.note(f"The emulator had not kept run {session.run_id} yet: creating it again")
    send(session)
    again()
    try:
        return ask()
    except NotFound as error:
        raise _unknown(session) from error


def _unknown(session: Session) -> RunUnknown:
    words = "it was deleted there, or this is not the control plane that it was made at"
    return RunUnknown(f"{session.connection.api_url} does not know run {session.run_id}: {words}", status=404)
