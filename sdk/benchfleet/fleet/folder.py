"""The folder of a run on this machine: who may write there, and when all is there."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from benchfleet_contract.fleets.results import FleetError
from benchfleet_contract.fleets.runs import FleetRunDetail

from benchfleet.api.runtime import Runtime
from benchfleet.exceptions import DiskError, UsageError
from benchfleet.local.files import replace_whole

RESULTS = "fleet-results.json"  # written last, by rename: where it is, all is
LOCK = ".fetching"
_LOOK_EVERY_S = 0.2
_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}")  # of `replace_whole`, when its process was killed


@asynccontextmanager
async def held(folder: Path, runtime: Runtime) -> AsyncGenerator[None, None]:
    """Nobody else brings artifacts into the folder meanwhile; what one that was killed left half written is removed.

    Where the system knows no file locks, two may write at once: each file appears whole all the same. Raises DiskError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskError(f"cannot make the folder {folder}: {error.strerror}; name another one") from error
    try:
        from benchfleet.local.lock import Lock
    except ModuleNotFoundError:  # no fcntl
        yield
        return
    while True:
        try:
            lock = Lock.take(folder / LOCK, of=str(folder))
            break
        except UsageError:
            await runtime.sleep(_LOOK_EVERY_S)
    try:
        await runtime.call(_tidy, folder)
        yield
    finally:
        (folder / LOCK).unlink(missing_ok=True)
        lock.release()


def write_failure(folder: Path, run: FleetRunDetail) -> None:
    """`fleet-results.json` of a run without results: no benchmark, status `failed`, and why."""
    from benchfleet_results.fleets.aggregate import aggregate
    from benchfleet_results.fleets.artifacts import as_json

    words = "; ".join(run.errors) or f"the control plane could make no results ({run.reason or 'no reason is known'})"
    results = aggregate(
        run.fleet_id, [], timestamp=run.completed_at or run.created_at, run_id=run.run_id, status="failed",
        errors=[FleetError(message=words, kind=run.reason)], warnings=run.warnings,
    )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    replace_whole(folder / RESULTS, as_json(results))


def _tidy(folder: Path) -> None:
    for path in folder.rglob(".*"):
        if _LEFTOVER.fullmatch(path.name):
            with suppress(OSError):
                path.unlink()
