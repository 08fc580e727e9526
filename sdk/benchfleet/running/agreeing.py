"""Before a run that brings machines of a cloud: what they will cost, and whether that is agreed to."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from benchfleet_contract.runs import RunRequest

from benchfleet.exceptions import BenchfleetError, UsageError
from benchfleet.prices.durations import Durations, of_control_plane, of_results
from benchfleet.prices.estimate import estimate, words
from benchfleet.prices.kept import file_of, known_prices
from benchfleet.running.session import Session

HOME = "us-east-1"
ASKED_FROM_USD = 10


def _durations(session: Session, request: RunRequest) -> Durations | None:
    """Of this machine's results, else of the control plane's runs, if it tells."""
    if found := of_results(Path(session.state.results_dir).parent, request):
        return found
    with suppress(BenchfleetError), session.tools.client(session.connection.api_url, session.connection.key) as client:
        return of_control_plane(client, request)
    return None


def agree(session: Session, *, emulated: bool, environ: Mapping[str, str] = os.environ) -> None:
    """Tells what machines cost. Asks where somebody can be asked, and it may be 10 USD or more, or nobody knows.

    An emulator's machines cost nothing. Raises UsageError where the answer is no: nothing was started then. Raises ConfigError
    for a file that holds no prices.
    """
    request = session.config.request
    if emulated or not request.provision:
        return
    home = environ.get("AWS_REGION") or HOME
    found = estimate(request, known_prices(file_of(environ)), home=home, durations=_durations(session, request))
    for line in words(found):
        session.tools.display.note(line)
    is_small = found.at_most is not None and found.at_most < ASKED_FROM_USD
    if is_small or session.tools.agrees is None or session.tools.agrees():
        return
    raise UsageError("nothing was started: the costs were not agreed to (max_cost bounds them)")
