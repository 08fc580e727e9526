"""The emulator of a run that was left here: where it is, and with which key."""

from pathlib import Path

from benchfleet.exceptions import BenchfleetError
from benchfleet.local.emulator import read_ready
from benchfleet.local.processes import Identity
from benchfleet.profiles.settings import Connection
from benchfleet.running.options import LATEST
from benchfleet.running.state import DEFAULT_FOLDER, RunState, StateFolder


def emulator_of(given: str, *, folder: Path = DEFAULT_FOLDER) -> Connection | None:
    """`given` is a run, one of its tasks, or `latest`: the newest whose emulator lives. None if none does.

    Raises BenchfleetError if the state file of a run that was named cannot be read.
    """
    for state in _meant(given, StateFolder(folder)):
        if found := _living(state):
            return found
    return None


def _meant(given: str, states: StateFolder) -> list[RunState]:
    if given == LATEST:
        return states.newest_first()
    found = [states.load(run_id) for run_id in (given, given.rpartition(".")[0])]
    return [state for state in found if state is not None]


def _living(state: RunState) -> Connection | None:
    """None, too, while it is not ready."""
    emulator = state.emulator
    if emulator is None or not Identity(emulator.process.pid, emulator.process.started).alive:
        return None
    try:
        ready = read_ready(Path(emulator.ready_file))
    except BenchfleetError:
        return None
    return Connection(ready.api_url, ready.admin_key, None)
