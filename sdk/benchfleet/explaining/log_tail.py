"""The end of the most telling file of an error archive: read in memory, bounded, whatever the archive holds.

The archive comes from a machine that ran somebody's benchmark. Nothing of it is written to disk, no name in it is
followed, and no control character of it reaches a terminal.
"""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from benchfleet.documents.printable import printable
from benchfleet.explaining.document import LogTail

LINES = 20
MOST_DOWNLOAD_BYTES = 32 * 1024**2
_MOST_UNPACKED_BYTES = 128 * 1024**2
_MOST_MEMBERS = 1_000
_TAIL_BYTES = 64 * 1024
_LINE_CHARS = 500
_CHUNK = 256 * 1024
_BEST_FIRST = ("full_run.log", "benchmark_output.txt", "output.txt")
# The last two: tarfile lets the numbers of sparse files through, and reads extended headers by recursion.
_DAMAGE = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, OSError, ValueError, RecursionError)


class _Enough(Exception):
    """More was unpacked than a log is worth."""


@dataclass(frozen=True)
class _Tail:
    name: str
    data: bytes


def log_tail(archive: bytes, *, task_id: str, cut: bool = False) -> LogTail | None:
    """The last 20 lines; None if the archive holds no text. `cut`: `archive` is only the beginning of one.

    A damaged archive tells what can be read of it.
    """
    best: _Tail | None = None
    try:
        for found in _tails(_Bounded(gzip.GzipFile(fileobj=io.BytesIO(archive)))):
            if found.data.strip() and (best is None or _rank(found.name) < _rank(best.name)):
                best = found
    except (*_DAMAGE, _Enough):
        cut = True
    if best is None:
        return None
    lines = [printable(line).rstrip()[:_LINE_CHARS] for line in best.data.decode(errors="replace").splitlines()]
    told = [line for line in lines if line][-LINES:]
    return LogTail(task_id=task_id, file=printable(best.name), lines=told, cut=cut)


def _rank(name: str) -> tuple[int, str]:
    """The lowest is read: our own logs, then what is called an error, then other logs, then what only says the message."""
    if name in _BEST_FIRST:
        return _BEST_FIRST.index(name), name
    if "stderr" in name:
        return 3, name
    if name == "error.txt":
        return 5, name
    return (4, name) if name.endswith(".log") else (6, name)


def _tails(stream: "_Bounded") -> Iterator[_Tail]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:  # type: ignore[call-overload]
        for number, member in enumerate(archive):
            if number >= _MOST_MEMBERS:
                raise _Enough
            name = member.name.removeprefix("./")
            opened = archive.extractfile(member) if _is_log(member, name) else None
            if opened:
                yield _Tail(name[:200], _end_of(opened))


def _is_log(member: tarfile.TarInfo, name: str) -> bool:
    return member.isreg() and not member.issparse() and (name.endswith((".log", ".txt")) or "stderr" in name)


def _end_of(stream: IO[bytes]) -> bytes:
    kept = b""
    while chunk := stream.read(_CHUNK):
        kept = (kept + chunk)[-_TAIL_BYTES:]
    return kept


class _Bounded:
    """A stream that has an end, whatever a small archive unpacks to. Raises _Enough there."""

    def __init__(self, source: IO[bytes] | gzip.GzipFile) -> None:
        self._source, self._left = source, _MOST_UNPACKED_BYTES

    def read(self, size: int) -> bytes:
        data = self._source.read(min(size, _CHUNK))
        self._left -= len(data)
        if self._left < 0:
            raise _Enough
        return data
