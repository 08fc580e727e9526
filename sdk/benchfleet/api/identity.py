"""Who the key belongs to, and what it may do."""

from benchfleet_contract.identity import WhoAmI

from benchfleet.api.calls import Call
from benchfleet.api.exchange import ask
from benchfleet.api.session import Session


async def whoami(session: Session) -> WhoAmI:
    """Read the key's role and what it may do; without a key, what everybody may.

    Raises AuthError for an unknown key, ApiError with code `no_such_route` from a control plane that is older than this,
    Unreachable.
    """
    return await ask(session, Call("GET", "/whoami"), WhoAmI)
