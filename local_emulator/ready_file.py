"""The document that tells other programs that the emulator is ready."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(ready.to_json())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ReadyFileUnusable(path, reason=error.strerror or str(error)) from error
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
