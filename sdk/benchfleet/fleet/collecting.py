"""What the collector does: it waits for a run's end however long that takes, and brings what there is."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from benchfleet_contract.fleets.plan import Defaults
from benchfleet_contract.fleets.runs import ENDED, FleetRunDetail

from benchfleet.api.operations import Blocking
from benchfleet.client import Client
from benchfleet.exceptions import BenchfleetError, Conflict, DiskError, ServerError, Unreachable
from benchfleet.fleet.client import connection, flows_over
from benchfleet.fleet.errors import ResultsNotReady, RunnerLost
from benchfleet.fleet.exit_codes import OK, code_of
from benchfleet.fleet.following import Told
from benchfleet.profiles.settings import Connection

PATIENCE_S = 3600.0  # with a control plane that does not answer, and with a disk that is full
PAUSE_S = 30.0
_PASSING = (Unreachable, ServerError, ResultsNotReady, DiskError, OSError)
_log = logging.getLogger("benchfleet.fleet.collect")


def collect(run_id: str, folder: Path) -> int:
    """The exit code; every error is logged."""
    return _logged(run_id, lambda: bring(run_id, folder, connection(None, None)))


def collect_alone(run_id: str, folder: Path, state: Path) -> int:
    """Likewise, for a run whose control plane and runner are on this machine: both are kept alive, and end with the run."""
    from benchfleet.fleet.alone import Alone

    def work() -> None:
        with Alone.taken_up(state) as alone:
            bring(run_id, folder, alone.connection, told=alone.told, before=alone.mend)
        alone.forget()

    return _logged(run_id, work)


def bring(
    run_id: str,
    folder: Path,
    found: Connection,
    *,
    told: Told = lambda run: None,
    before: Callable[[], None] = lambda: None,
    patience_s: float = PATIENCE_S,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Tries again what may pass. Raises BenchfleetError or OSError for what does not, and for what has not passed
    `patience_s` seconds after the run was last seen going on.
    """
    end, lost = time.monotonic() + patience_s, False

    def seen(run: FleetRunDetail) -> None:
        nonlocal end
        if run.status not in ENDED:
            end = time.monotonic() + patience_s
        told(run)

    with Client(found.api_url, key=found.key) as client:
        flows = flows_over(client, None, Defaults(), None)
        while True:
            try:
                if lost:
                    with suppress(Conflict):  # it has just ended
                        Blocking.run_flow(flows.cancel(run_id))
                    lost = False
                run = Blocking.run_flow(flows.collect(run_id, folder, told=seen, before=before))
                _log.info("run %s is %s; its artifacts are in %s", run_id, run.status, folder)
                return
            except RunnerLost as error:  # what it has answered so far is kept
                _log.error("%s; the run is stopped", error)
                lost = True
            except _PASSING as error:
                if time.monotonic() > end:
                    raise
                _log.warning("tried again in %g s: %s", PAUSE_S, error)
                sleep(PAUSE_S)


def _logged(run_id: str, work: Callable[[], None]) -> int:
    try:
        _log.info("process %d waits for run %s", os.getpid(), run_id)
        work()
    except (BenchfleetError, OSError) as error:
        _log.error("%s; bring what there is with `benchfleet fleet results %s --fetch`", error, run_id)
        return code_of(error)
    return OK
