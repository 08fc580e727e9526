"""Files that are there whole or not at all."""

import os
import secrets
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
