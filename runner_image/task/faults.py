"""What a fault of this machine is called: one line with the path and a remedy."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from benchfleet_contract.states import FailureClass

from runner_image.task.metadata import Failure

FULL_BYTES = 1024 * 1024  # with less than this free, whatever a benchmark says of its failure, the disk was full
_NO_SPACE = "no space left in {path}: free it or pass --work-root"
_REMEDIES = {
    errno.ENOSPC: _NO_SPACE,
    errno.EDQUOT: "the quota is used up in {path}: free some of it or pass --work-root",
    errno.EROFS: "{path} is on a read-only file system: pass --work-root",
    errno.EACCES: "{path} is not writable for this user: change its owner or pass --work-root",
    errno.EEXIST: "{path} is not a folder: pass --work-root",
    errno.ENOTDIR: "{path} is not a folder: pass --work-root",
    errno.EIO: "{path} cannot be read or written (input/output error): look at the disk or pass --work-root",
    errno.EMFILE: "too many open files: raise `ulimit -n` or pass fewer --slots",
    errno.ENOMEM: "no memory left: pass fewer --slots",
}


_TAKEN_APART = {
    errno.ENOENT: "gone",
    errno.EISDIR: "a folder",
    errno.ENOTDIR: "below something that is not a folder",
    errno.ELOOP: "a link",
}


def taken_apart(error: BaseException, work_dir: Path) -> Failure | None:
    """For a file of the runner's in the work folder that is gone or something else; None for any other fault."""
    if not isinstance(error, OSError) or error.errno not in _TAKEN_APART or not isinstance(error.filename, str):
        return None
    path = Path(error.filename)
    if work_dir not in path.parents:
        return None
    state = _TAKEN_APART[error.errno]
    message = f"{path.relative_to(work_dir)} in the work folder is {state}: what ran there removed or replaced it"
    return Failure.of("benchmark_failed", message, benchmark=True)


def words_of(error: BaseException, *, place: Path) -> str:
    """`place` is where the runner was at work; an error that names a file beyond it is told as it is."""
    plain = f"{type(error).__name__}: {error}"
    if not isinstance(error, OSError) or error.errno not in _REMEDIES:
        return plain
    path = Path(str(error.filename)) if error.filename else place
    related = path == place or place in path.parents or path in place.parents
    return _REMEDIES[error.errno].format(path=path) if related else plain


def _free(place: Path) -> int:
    return shutil.disk_usage(place).free


def blamed(failure: Failure, place: Path, *, free_bytes: Callable[[Path], int] = _free) -> Failure:
    """A benchmark that failed on a full disk did not fail by itself. Its own words come second."""
    if failure.failure_class is not FailureClass.BENCHMARK:
        return failure
    try:
        full = free_bytes(place) < FULL_BYTES
    except OSError:
        return failure
    if not full:
        return failure
    message = f"{_NO_SPACE.format(path=place)}; the benchmark said: {failure.message}"
    return Failure.of("runner_error", message, detail=f"{message}\n{failure.detail}")
