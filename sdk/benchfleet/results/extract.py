"""Checks a run's archive and unpacks it: bounded, and never outside the folder that was asked for."""

import gzip
import hashlib
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.bounds import MAX_DEPTH

from benchfleet.exceptions import ArchiveError, DiskError

_CHUNK_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Bounds:
    """What an archive may hold once unpacked. Far above any honest run, far below a full disk."""

    members: int = 1_000_000
    total_bytes: int = 64 * 1024**3


def sha256_of(path: Path) -> str:
    """Hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(path: Path, *, sha256: str | None) -> None:
    """Raises ArchiveError unless `path` has that checksum (hex; None is not compared) and is one whole gzip stream."""
    if sha256 is not None and (found := sha256_of(path)) != sha256:
        raise ArchiveError(f"{path.name} has SHA-256 {found}, the API says {sha256}")
    try:
        with gzip.open(path) as stream:
            while stream.read(_CHUNK_BYTES):
                pass
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(f"{path.name} is not a whole gzip file: {error}") from error


def extract(
    path: Path,
    into: Path,
    *,
    bounds: Bounds = Bounds(),
    hold: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> None:
    """Unpacks `path` as the folder `into`, which appears whole or not at all and replaces what stood there.

    `hold` is around the moment of replacing. Raises ArchiveError for a damaged archive, a member that points outside, a
    device, or more than `bounds` allow; DiskError if it cannot be written.
    """
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as name:
            fresh = Path(name) / "fresh"
            fresh.mkdir()
            _checked_unpack(path, fresh, bounds)
            with hold():
                _replace(into, fresh, old=Path(name) / "old")
    except OSError as error:
        raise DiskError(f"cannot write {into}: {error.strerror or error}") from error


def _replace(into: Path, fresh: Path, *, old: Path) -> None:
    """Whatever breaks in (Ctrl-C, too): what stood there does not end with the folder that `old` is in."""
    try:
        if into.exists():
            into.rename(old)
        fresh.rename(into)
    except BaseException:
        if old.exists() and not into.exists():
            old.rename(into)
        raise


def _checked_unpack(path: Path, into: Path, bounds: Bounds) -> None:
    """An OSError that is not about the archive passes: the disk's."""
    try:
        _unpack(path, into, bounds)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise ArchiveError(f"{path.name} cannot be unpacked: {error}") from error


def _unpack(path: Path, into: Path, bounds: Bounds) -> None:
    """Streams: a member is judged before its bytes are written, so that a bomb is not unpacked first.

    gzip is a layer of its own because tarfile's `r|gz` stops after the first of several concatenated gzip members.
    """
    count = total = 0
    with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            count, total = count + 1, total + member.size
            if count > bounds.members or total > bounds.total_bytes:
                raise ArchiveError(
                    f"{path.name} unpacks to more than {bounds.total_bytes} bytes or {bounds.members} files"
                )
            _require_plain(member, path)
            archive.extract(member, into, filter="data")


def _require_plain(member: tarfile.TarInfo, path: Path) -> None:
    """An archive is a tree of regular files, below one folder for each task."""
    if not (member.isreg() or member.isdir()):
        raise ArchiveError(f"{path.name} holds {member.name!r}, which is not a regular file")
    if member.name.count("/") > MAX_DEPTH + 1:
        raise ArchiveError(
            f"{path.name} holds {member.name[:200]!r}, which lies below more than {MAX_DEPTH + 1} folders"
        )
