"""A folder for each task, and the removal of those that killed runners have left behind.

A runner locks the folders of its tasks (flock: the kernel lets go when it dies, whatever it dies of). At a start, folders
that bear our mark, belong to this user and are locked by nobody are removed. Nothing is followed: a link is never entered,
and a folder without our mark is never touched.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from uuid import uuid4

from runner_image.logs import Log

PREFIX, LOCK = "task-runner-", ".runner-lock"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def work_dir(work_root: Path, task_id: str, *, keep: bool, log: Log) -> Iterator[Path]:
    """A folder of the task's own: `work` for the workload, beside it the archives. `keep`: for a person to look at."""
    work_root.mkdir(parents=True, exist_ok=True)
    root = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{task_id}-", dir=work_root)).resolve()
    try:
        with ExitStack() as held:
            if not keep:  # what is kept bears no lock, and so nobody ever takes it for forgotten
                held.callback(os.close, _locked(root))
            root.chmod(0o755)  # a container's user must pass through
            (root / "work").mkdir()
            yield root
    finally:
        if keep:
            log.info("work_dir_kept", path=str(root))
        else:
            _remove(root, log=log)


def remove_orphans(work_root: Path, *, log: Log) -> list[Path]:
    """Removes what runners left here that died without a chance to. Returns what is gone."""
    try:
        found = sorted(path for path in work_root.iterdir() if path.name.startswith(PREFIX))
    except OSError:  # no such folder yet, or not to be read: the first task will tell
        return []
    return [path for path in found if _is_removed(path, log=log)]


def _is_removed(path: Path, *, log: Log) -> bool:
    with ExitStack() as held, suppress(OSError):
        folder = os.open(path, _FOLDER)
        held.callback(os.close, folder)
        lock = os.open(LOCK, _FILE, dir_fd=folder)
        held.callback(os.close, lock)
        if _is_ours(os.fstat(folder)) and _is_ours(os.fstat(lock)) and stat.S_ISREG(os.fstat(lock).st_mode):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a live runner's is refused
            _remove(path, log=log)
            if not path.exists():
                log.info("orphan_removed", path=str(path))
                return True
    return False


def _is_ours(found: os.stat_result) -> bool:
    return found.st_uid == os.geteuid()


def _locked(root: Path) -> int:
    """The lock's descriptor. The file gets its name only when it is locked: nobody ever sees it free while we live."""
    unnamed = root / f"{LOCK}.new"
    lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    unnamed.rename(root / LOCK)
    return lock


def _remove(root: Path, *, log: Log) -> None:
    """What a benchmark made unreadable is made readable first; what still resists is told."""
    _flatten(root)  # of folders within each other a benchmark can make any number: the next line recurses
    shutil.rmtree(root, ignore_errors=True)
    if root.exists():
        log.warning("work_dir_left", path=str(root))


def _flatten(root: Path) -> None:
    """Opens every folder and moves it right below `root`: then no path is too long, and nothing needs recursion."""
    names = (root / f"{uuid4().hex}-{number}" for number in count())
    open_ = [root]
    while open_:
        folder = open_.pop()
        with suppress(OSError):
            for inner in _folders(folder):
                inner.chmod(0o700)
                open_.append(inner.rename(next(names)))


def _folders(path: Path) -> list[Path]:
    """No links: they are not entered, and a link's own mode is nobody's business."""
    with os.scandir(path) as entries:
        return [path / entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
