"""The document that tells other programs that the emulator is ready."""

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from benchfleet.local.files import replace_whole

from local_emulator.errors import ReadyFileUnusable

_MOST_BYTES = 64 * 1024  # of a file that may be ours
_ELSEWHERE = "name a file in a folder that is there and may be written"
_OURS = frozenset({"api_url", "pid"})  # fields by which one of an earlier emulator is known


class Document(Protocol):
    """What is told, with at least the fields of `_OURS`."""

    def to_json(self) -> str: ...


@contextmanager
def ready_file(path: Path | None, ready: Document) -> Iterator[None]:
    """The file is whole whenever it is there, only its owner can read the keys in it, and it is gone at the end.

    What stands there already is only replaced if an emulator wrote it, and only removed if this one did. Raises
    ReadyFileUnusable.
    """
    if path is None:
        yield
        return
    text = ready.to_json().encode()
    _require_free(path)
    try:
        replace_whole(path, text, mode=0o600)
    except OSError as error:
        raise ReadyFileUnusable(path, reason=f"{error.strerror or error}; {_ELSEWHERE}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_bytes() == text:
                path.unlink()


def _require_free(path: Path) -> None:
    """Raises ReadyFileUnusable for what is not ours to replace."""
    try:
        about = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ReadyFileUnusable(path, reason=f"{error.strerror or error}; {_ELSEWHERE}") from error
    if not stat.S_ISREG(about.st_mode):
        raise ReadyFileUnusable(path, reason="it is there and is not a regular file; name a file that is not there")
    if not _is_ours(path, about.st_size):
        raise ReadyFileUnusable(path, reason="it is there and no emulator wrote it; name another or remove it")


def _is_ours(path: Path, size_bytes: int) -> bool:
    try:
        document = json.loads(path.read_bytes()) if size_bytes <= _MOST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(document, dict) and document.keys() >= _OURS
