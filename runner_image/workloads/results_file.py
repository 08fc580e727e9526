"""Results that a command left in its work dir in a well-known format, as the common shape.

No link is followed, on the way there or within a folder: with isolation `docker` the work dir belongs to the container,
and a link leads into the host.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from benchfleet_contract.bounds import MAX_OUTPUT_BYTES
from benchfleet_contract.results import Output
from benchfleet_contract.workloads.command import ResultsFile
from benchfleet_results.formats.criterion import FILES
from benchfleet_results.formats.registry import read
from benchfleet_results.formats.source import MAX_FILES, FormatError, Source

from runner_image.workloads.protocol import WorkloadError

_TOLD = 3  # problems in a message


def read_results(work_dir: Path, asked: ResultsFile) -> Output:
    """Raises WorkloadError `benchmark_failed` if there are none, or if not one benchmark of them can be read."""
    try:
        _, found = read(_source(work_dir, asked.file), asked.format)
    except OSError as error:
        why = "a link leads there, and links are not followed" if error.errno == errno.ELOOP else error.strerror
        raise WorkloadError(f"The command's results {asked.file} cannot be read: {why or error}") from error
    except FormatError as error:
        told = "; ".join([str(error), *(f"{one.message}: {one.remedy}" for one in error.problems[:_TOLD])])
        more = f" and {len(error.problems) - _TOLD} more" if len(error.problems) > _TOLD else ""
        raise WorkloadError(f"The command's results {asked.file} cannot be read: {told}{more}") from error
    return found.output()


def _source(work_dir: Path, below: str) -> Source:
    path = PurePosixPath(below)
    with _opened(work_dir, path.parts) as descriptor:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            return Source(path.name, files=_files(descriptor))
        return Source(path.name, _content(descriptor, MAX_OUTPUT_BYTES))


@contextmanager
def _opened(work_dir: Path, parts: tuple[str, ...]) -> Iterator[int]:
    """Step by step, so that none of them can be a link. A pipe is opened, too, and does not make it wait."""
    here = os.open(work_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts:
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
            os.close(here)
            here = inner
        yield here
    finally:
        os.close(here)


def _content(descriptor: int, most: int) -> bytes:
    """Raises FormatError for what is no regular file, or larger."""
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        raise FormatError("it is not a regular file")
    if about.st_size > most:
        raise FormatError(f"it has {about.st_size} bytes, at most {most} are read")
    with open(descriptor, "rb", closefd=False) as file:
        return file.read(most)


def _files(descriptor: int) -> dict[str, bytes]:
    """Those that a reader knows; links among them are left out."""
    found: dict[str, bytes] = {}
    left = MAX_OUTPUT_BYTES
    for folder, _, names, here in os.fwalk(".", dir_fd=descriptor, follow_symlinks=False):
        for name in sorted(FILES.intersection(names)):
            try:
                inner = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
            except OSError:
                continue
            try:
                found[(PurePosixPath(folder) / name).as_posix()] = raw = _content(inner, left)
            finally:
                os.close(inner)
            left -= len(raw)
            if len(found) > MAX_FILES:
                raise FormatError(f"it holds more than {MAX_FILES} files")
    return found
