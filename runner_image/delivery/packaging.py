"""The archives that a runner uploads. Same files, same bytes: sorted, without times or owners.

What is packed, the control plane's archive can take: the bounds are those of the contract. Where the files are beyond
them, the largest are cut to their beginning and end. What `whole` names never is.
"""

import gzip
import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from benchfleet_contract import bounds

from runner_image.delivery.fitting import Plan, fitting, head_and_tail, header_bytes
from runner_image.delivery.holes import most_packed_bytes
from runner_image.delivery.tree import tree_of

RESULT, ERROR = "result.tar.gz", "error.tar.gz"
OWN_NAMES = frozenset({RESULT, ERROR})  # never packed into each other
WHOLE = frozenset({"output.json"})  # what everything is read from; its own bounds are kept where it is written
COMPRESSION = 6


@dataclass(frozen=True)
class Package:
    """A finished archive. `sha256` is hex; `cut` says what is not whole in it, empty if everything is."""

    path: Path
    size_bytes: int
    sha256: str
    cut: str = ""


def pack(
    work_dir: Path,
    target: Path,
    *,
    extra: Mapping[str, bytes],
    whole: AbstractSet[str] = WHOLE,
    scratch: Collection[str] = (),
) -> Package:
    """Writes a .tar.gz of the work dir's regular files, in their folders, with `extra` (name → content) beside or over them.

    Streams: memory does not grow with the files. No link is followed, so nothing outside leaks in. `whole` are names of
    files that are never cut, `scratch` names of folders that are no result.
    """
    found = tree_of(work_dir, scratch=scratch)
    sizes = {path: size for path, size in found.sizes.items() if path not in OWN_NAMES}
    sizes |= {name: len(content) for name, content in extra.items()}
    package = _fitted(work_dir, target, sizes, extra=extra, whole=whole | extra.keys())
    told = f"left out of the archive: {found.words}" if found.words else ""
    return replace(package, cut="; ".join(filter(None, [package.cut, told])))


def _fitted(
    work_dir: Path, target: Path, sizes: Mapping[str, int], *, extra: Mapping[str, bytes], whole: AbstractSet[str]
) -> Package:
    plan = fitting(sizes, whole=whole, budget=bounds.MAX_UNPACKED_BYTES)
    if _unpacked(plan) <= bounds.unpacked_bytes(_most_packed(work_dir, plan, extra)):
        package = _written(work_dir, target, extra=extra, plan=plan)
        if _unpacked(plan) <= bounds.unpacked_bytes(package.size_bytes):
            return replace(package, cut=plan.words)
    plan = fitting(sizes, whole=whole, budget=bounds.FREE_BYTES)
    return replace(_written(work_dir, target, extra=extra, plan=plan), cut=plan.words)


def _most_packed(work_dir: Path, plan: Plan, extra: Mapping[str, bytes]) -> int:
    files = {work_dir / name: min(plan.sizes[name], plan.cap_of(name)) for name in plan.names if name not in extra}
    given = sum(len(content) for content in extra.values())
    return most_packed_bytes(files) + given + sum(header_bytes(name) for name in plan.names)


def _unpacked(plan: Plan) -> int:
    """Bytes of the tar, with its headers and padding."""
    return sum(min(size, plan.cap_of(name)) + header_bytes(name) for name, size in plan.sizes.items())


def _written(work_dir: Path, target: Path, *, extra: Mapping[str, bytes], plan: Plan) -> Package:
    with target.open("wb") as out:
        counted = _Counted(out)
        with (
            gzip.GzipFile(filename="", mode="wb", compresslevel=COMPRESSION, fileobj=counted, mtime=0) as squeezed,
            tarfile.open(fileobj=squeezed, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8") as archive,
        ):
            for name in plan.names:
                _add(archive, name, directory=work_dir, content=extra.get(name), most=plan.cap_of(name))
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


def _add(archive: tarfile.TarFile, name: str, *, directory: Path, content: bytes | None, most: int) -> None:
    member = tarfile.TarInfo(f"./{name}")
    member.mode = 0o644
    if content is not None:
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
        return
    with _opened(directory / name) as source:
        if source is not None:
            found = os.fstat(source.fileno()).st_size
            data = source if found <= most else cast(BinaryIO, head_and_tail(source, found, most))  # tarfile only reads
            member.size = min(found, most)
            archive.addfile(member, data)


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
