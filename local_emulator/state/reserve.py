"""Room that is kept free of everybody else, so that a disk that fills up cannot cost what was acknowledged before.

A snapshot that finds no room takes this room. Then nothing is acknowledged until the reserve is whole again.
"""

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

STEP_BYTES = 8 * 1024 * 1024
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
Allocate = Callable[[int, int], None]  # file descriptor, bytes


def allocate(file: int, size_bytes: int) -> None:
    """Real blocks, not a hole."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, size_bytes)
    else:  # macOS
        for offset in range(0, size_bytes, STEP_BYTES):
            os.pwrite(file, os.urandom(STEP_BYTES), offset)
    os.fsync(file)


class Reserve:
    """A file of no use but its size. Not there until `refill`."""

    def __init__(self, path: Path, allocate: Allocate = allocate) -> None:
        self._path = path
        self._allocate = allocate

    def release(self) -> bool:
        """Whether there was any."""
        with suppress(FileNotFoundError):
            self._path.unlink()
            return True
        return False

    def refill(self, *, document_bytes: int) -> None:
        """Room for the document again, with what may come to it until the next snapshot.

        Raises OSError; what there was is given back then.
        """
        wanted = (2 * document_bytes // STEP_BYTES + 1) * STEP_BYTES
        try:
            self._grow(wanted)
        except OSError as error:
            self.release()
            if error.errno in NO_ROOM:
                words = (
                    f"{os.strerror(error.errno)} for a reserve of {wanted} bytes, on which what is acknowledged relies"
                )
                raise OSError(error.errno, words) from error
            raise

    def _grow(self, wanted: int) -> None:
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            if os.fstat(file).st_size < wanted:
                self._allocate(file, wanted)
        finally:
            os.close(file)
