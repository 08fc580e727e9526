"""The document that tells other programs that the emulator is ready."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchfleet.whole_file import replace_whole

from local_emulator.config import Ready
from local_emulator.errors import ReadyFileUnusable


@contextmanager
def ready_file(path: Path | None, ready: Ready) -> Iterator[None]:
    """The file is whole whenever it is there, only its owner can read the keys in it, and it is gone at the end.

    Raises ReadyFileUnusable.
    """
    if path is None:
        yield
        return
    try:
        replace_whole(path, ready.to_json().encode(), mode=0o600)
    except OSError as error:
        raise ReadyFileUnusable(path, reason=error.strerror or str(error)) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
