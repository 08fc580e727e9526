"""The archives that a runner uploads. Same files, same bytes: sorted, without times or owners."""

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RESULT, ERROR = "result.tar.gz", "error.tar.gz"
OWN_NAMES = frozenset({RESULT, ERROR})  # never packed into each other
COMPRESSION = 6


@dataclass(frozen=True)
class Package:
    """A finished archive. `sha256` is hex."""

    path: Path
    size_bytes: int
    sha256: str


def pack(work_dir: Path, target: Path, *, extra: Mapping[str, bytes]) -> Package:
    """Writes a .tar.gz of the work dir's plain files, top level only, with `extra` (name → content) beside or over them.

    Streams: memory does not grow with the files. Links and directories are left out, so nothing outside leaks in.
    """
    with target.open("wb") as out:
        counted = _Counted(out)
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=counted, mtime=0) as squeezed,
            tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
        ):
            for name in sorted({*_plain_names(work_dir), *extra}):
                _add(archive, name, directory=work_dir, content=extra.get(name))
    return Package(path=target, size_bytes=counted.size_bytes, sha256=counted.digest.hexdigest())


class _Counted(io.RawIOBase):
    """Passes bytes on, measuring and hashing them."""

    def __init__(self, out: BinaryIO) -> None:
        super().__init__()
        self._out, self.size_bytes, self.digest = out, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._out.write(data)
        self.size_bytes += len(data)
        self.digest.update(data)
        return len(data)


def _plain_names(directory: Path) -> Iterator[str]:
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.name not in OWN_NAMES:
                yield entry.name


def _add(archive: tarfile.TarFile, name: str, *, directory: Path, content: bytes | None) -> None:
    member = tarfile.TarInfo(f"./{name}")
    member.mode = 0o644
    if content is not None:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        return
    with _opened(directory / name) as source:
        if source is not None:
            member.size = os.fstat(source.fileno()).st_size
            archive.addfile(member, source)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO | None]:
    """The file, or None if it is no plain file any more: what ran there may have swapped it for a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        yield None
        return
    with os.fdopen(descriptor, "rb") as source:
        yield source if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
