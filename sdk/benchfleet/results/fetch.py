"""Brings a run's archive home."""

import errno
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Protocol

from benchfleet.exceptions import DiskError
from benchfleet.results.extract import extract


class Source(Protocol):
    """The part of the client that fetching needs."""

    def download(self, run_id: str, to: Path) -> Path: ...


def fetch(
    client: Source, run_id: str, results: Path, *, hold: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Path:
    """Downloads a run's archive, checks it, unpacks it as `results/<run id>`; returns that folder.

    The folder appears whole or not at all; `hold` is around the moment in which it replaces an older one. Raises
    BenchfleetError: DiskError if there is no room for it.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=results) as name:
            file = client.download(run_id, Path(name) / "results.tar.gz")
            extract(file, results / run_id, hold=hold)
    except OSError as error:
        raise _told(results, error) from error
    return results / run_id


def require_writable(results: Path) -> None:
    """Finds out before a run what would be in its way after it, and leaves nothing behind. Raises DiskError.

    Writes in the folder, or where it would be made: in the nearest one above it that is there.
    """
    there = next(path for path in (results.absolute(), *results.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryDirectory(prefix=".check-", dir=there):
            return
    except OSError as error:
        raise _told(results, error) from error


def _told(results: Path, error: OSError) -> DiskError:
    advice = "; free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return DiskError(f"cannot write {results}: {error.strerror or error}{advice}")
