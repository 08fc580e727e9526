"""Files that an earlier command wrote: read as a whole, and only if they can be what they should."""

import errno
import os
import stat
from pathlib import Path


def read_own(path: Path, *, most_bytes: int) -> bytes:
    """Never waits: a FIFO or a device is refused, as is a folder, and more than `most_bytes`. Raises OSError."""
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it has more than {most_bytes} bytes", str(path))
    return data


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
