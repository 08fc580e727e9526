"""Starts a collector that outlives the process that has started a run."""

import os
import sys
from pathlib import Path

from benchfleet.exceptions import BenchfleetError, DiskError
from benchfleet.local.environment import child_environment
from benchfleet.local.processes import Background
from benchfleet.profiles import settings

COLLECTOR = (sys.executable, "-m", "benchfleet.fleet.collect")
LOG = "collect.log"
_STARTS_S = 30.0


def start_collector(run_id: str, folder: Path, found: settings.Connection) -> None:
    """Returns once it has left this process: nobody has to wait for it. Its log is in the folder. Raises BenchfleetError."""
    own = {settings.URL: found.api_url, **({settings.KEY: found.key} if found.key else {})}
    start([run_id, str(folder.absolute()), "--detach"], {**child_environment(os.environ), **own}, folder)


def start(words: list[str], environment: dict[str, str], folder: Path) -> None:
    """Raises BenchfleetError with its log for one that does not get so far."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"cannot make the folder {folder}: {error.strerror}; name another one") from error
    process = Background.start([*COLLECTOR, *words], environment=environment, log=folder / LOG)
    if not process.ended_within(_STARTS_S):
        process.end(patience_s=(1.0,))
        raise BenchfleetError(f"the collector has not started in {_STARTS_S:g} s; see {folder / LOG}")
    if process.exit_code:
        raise BenchfleetError(f"the collector cannot start (exit code {process.exit_code}):\n{process.log_tail()}")
