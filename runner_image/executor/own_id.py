"""An executor's id that survives restarts: a UUID in the user's cache folder.

Two processes of one user must not fence each other, so each locks the file whose id it uses; a second one takes another file.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from platformdirs import user_cache_path

MOST = 64  # executors of one user on one machine that keep their ids


def cache_folder() -> Path:
    return user_cache_path("benchfleet") / "executors"


@contextmanager
def own_id(folder: Path) -> Iterator[str]:
    """The id, held inside the block. A folder that cannot be written gives one that nobody will know again."""
    for number in range(1, MOST + 1):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(folder / f"id-{number}", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            break
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            continue
        try:
            yield _kept(file)
        finally:
            os.close(file)
        return
    yield str(uuid4())


def _kept(file: int) -> str:
    known = os.read(file, 64).decode("ascii", "replace").strip()
    if len(known) == 36 and known.replace("-", "").isalnum():
        return known
    made = str(uuid4())
    os.ftruncate(file, 0)
    os.pwrite(file, made.encode(), 0)
    return made
