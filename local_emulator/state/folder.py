"""The state folder: a lock, one document that is replaced as a whole, and one immutable file an S3 object.

    lock            flock; holds the owner's pid
    state.json      everything but the objects; names their files
    objects/<name>  the bytes of one object, written and synced before a document names it
    reserve         room for the next document, see `reserve.py`

A document is always complete: a crash leaves the one before, whose objects are still there, since files that no
document names are removed only after the next document is in place.
"""

import fcntl
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self, cast

from benchfleet.local.files import replace_whole

from local_emulator.errors import StateFolderBusy, StateFolderUnusable
from local_emulator.state.document import VERSION, fault_of
from local_emulator.state.reserve import NO_ROOM, Allocate, Reserve, allocate

_BYTES = "base64 of bytes"
DOCUMENT = "state.json"


Write = Callable[[Path, bytes], None]


def write_synced(path: Path, data: bytes) -> None:
    """All or nothing, and on the disk when this returns."""
    replace_whole(path, data, mode=0o600)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class StateFolder:
    """Owned from construction to `close()`. Raises StateFolderBusy, StateFolderUnusable."""

    def __init__(self, path: Path, *, write: Write = write_synced, allocate: Allocate = allocate) -> None:
        self._path = path
        self._write_synced = write
        self._reserve = Reserve(path / "reserve", allocate)
        with self._reporting():
            _require_ours_or_empty(path)
            (path / "objects").mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)  # keys are in there
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._lock, 32, 0).decode().strip() or "unknown"
            os.close(self._lock)
            raise StateFolderBusy(path, owner=owner) from error
        with self._reporting():
            os.truncate(self._lock, 0)
            os.pwrite(self._lock, str(os.getpid()).encode(), 0)
            for left in path.glob(f".{DOCUMENT}.*"):  # by one that was killed while it wrote
                left.unlink()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with suppress(OSError):
            self._reserve.release()
        os.close(self._lock)

    def load(self) -> dict[str, Any] | None:
        """The last document, None if there is none yet."""
        file = self._path / DOCUMENT
        with self._reporting():
            if not file.exists():
                return None
            if not file.is_file():
                raise StateFolderUnusable(self._path, reason="its state.json is no file")
            document = json.loads(file.read_bytes(), object_hook=_with_bytes)
        fault = fault_of(document)
        if fault:
            raise StateFolderUnusable(self._path, reason=fault)
        return cast("dict[str, Any]", document)

    def save(self, document: dict[str, Any], *, objects: set[str]) -> None:
        """Put the document in place of the last; then remove every object file that is not in `objects`.

        Raises OSError, also where the document is in its place, and there is no room to promise the next one.
        """
        data = json.dumps(document | {"version": VERSION}, default=_without_bytes).encode()
        self._write(self._path / DOCUMENT, data)
        for file in (self._path / "objects").iterdir():
            if file.name not in objects:
                file.unlink()
        self._reserve.refill(document_bytes=len(data))

    def has_object(self, name: str) -> bool:
        return (self._path / "objects" / name).exists()

    def write_object(self, name: str, data: bytes) -> None:
        self._write(self._path / "objects" / name, data)

    def read_object(self, name: str) -> bytes:
        try:
            return (self._path / "objects" / name).read_bytes()
        except OSError as error:
            reason = f"its objects/{name} cannot be read: {error.strerror or error}"
            raise StateFolderUnusable(self._path, reason=reason) from error

    def _write(self, path: Path, data: bytes) -> None:
        try:
            self._write_synced(path, data)
        except OSError as error:
            if error.errno not in NO_ROOM or not self._reserve.release():
                raise
            self._write_synced(path, data)

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateFolderUnusable(self._path, reason=error.strerror or str(error)) from error
        except (ValueError, TypeError, RecursionError) as error:
            raise StateFolderUnusable(self._path, reason="its state.json is not JSON") from error


def _require_ours_or_empty(path: Path) -> None:
    """Raises StateFolderUnusable for a folder of somebody else: nothing in it was touched then."""
    names = set(os.listdir(path)) - {"lost+found"} if path.exists() else set()  # that is in every new file system
    ours = "objects" in names and names & {"lock", DOCUMENT}
    if names and not ours:
        raise StateFolderUnusable(path, reason="it holds files, and none of an emulator")


def _without_bytes(value: Any) -> Any:
    """moto holds binary attributes as bytes, which JSON has not."""
    if not isinstance(value, bytes):
        raise TypeError(f"cannot keep a {type(value).__name__}")
    return {_BYTES: b64encode(value).decode()}


def _with_bytes(document: dict[str, Any]) -> Any:
    return b64decode(document[_BYTES]) if document.keys() == {_BYTES} else document
