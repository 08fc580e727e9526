"""Only one command at a time works on a run: a lock that goes with its process, however that ends."""

import fcntl
import os
from pathlib import Path
from typing import Self

from benchfleet.exceptions import DiskError, UsageError


class Lock:
    """Held until `release`. The file may be removed by its holder: who waited for it takes a new one."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, *, of: str) -> Self:
        """Raises UsageError if another command has it, DiskError if it cannot be made. `of` is what is locked."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            while True:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if _taken(descriptor, path):
                    return cls(descriptor)
                os.close(descriptor)
        except BlockingIOError as error:
            raise UsageError(f"another command is at work on {of}: end it first") from error
        except OSError as error:
            raise DiskError(f"cannot lock {path}: {error.strerror or error}") from error

    def release(self) -> None:
        os.close(self._descriptor)


def _taken(descriptor: int, path: Path) -> bool:
    """False if the file was removed meanwhile: then the lock keeps nobody out."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
