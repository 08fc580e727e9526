"""Files that are there whole or not at all, and files that an earlier command wrote."""

import errno
import os
import secrets
import stat
from pathlib import Path


def replace_whole(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Writes beside `path`, to the disk, then renames: what stood there is replaced in one step, or stays.

    `mode`: of the new file, less the umask; nobody else can read it at any time. Raises OSError, and then nothing is
    left behind.
    """
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_own(path: Path, *, most_bytes: int) -> bytes:
    """Never waits: a FIFO or a device is refused, as is a folder, and more than `most_bytes`. Raises OSError."""
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"more than {most_bytes} bytes", str(path))
    return data


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
