"""Flows of a fleet over the control plane that options, environment or profile name."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.names import RUN_ID

from benchfleet.api.operations import Blocking
from benchfleet.cli.options import connect
from benchfleet.cli.run_ids import LATEST
from benchfleet.client import Client
from benchfleet.exceptions import UsageError
from benchfleet.fleet.alone import connection_of, find, latest
from benchfleet.fleet.client import flows_over
from benchfleet.fleet.flows import Flows
from benchfleet.profiles.settings import NoUrl

wait_for = Blocking.run_flow  # what a flow over a client that blocks returns
Connecting = tuple[str | None, str | None, str | None]  # URL, key and profile as they were given


@contextmanager
def flows(
    connecting: Connecting,
    output: Path | None = None,
    *,
    of: str | None = None,
    defaults: Defaults | None = None,
    config: Path | None = None,
) -> Iterator[Flows]:
    """`of`: the run that is meant. One that has its own control plane here is asked there, unless an address is given."""
    with _client(connecting, of) as client:
        yield flows_over(client, output, defaults or Defaults(), config)


def _client(connecting: Connecting, of: str | None) -> Client:
    """Raises what `connect` raises."""
    named = find(of) if of and of != LATEST and not connecting[0] and RUN_ID.fullmatch(of) else None
    found = connection_of(named) if named else None
    try:
        return Client(found.api_url, key=found.key) if found else connect(*connecting)
    except NoUrl:
        newest = latest() if of == LATEST else None
        if newest is None or (found := connection_of(newest)) is None:
            return connect(*connecting, of=of)
        return Client(found.api_url, key=found.key)


def resolve(flows: Flows, given: str) -> str:
    """The id that is meant. Raises UsageError where there is no run yet."""
    if given != LATEST:
        return given
    newest = wait_for(flows.runs(most=1))
    if not newest:
        raise UsageError("there is no fleet run yet: `benchfleet fleet run -m MANIFEST` creates one")
    return newest[0].run_id
