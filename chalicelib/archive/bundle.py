"""Packing the uploads of many tasks into one archive, one after the other, in memory that does not grow with them.

Each upload is read twice: once to judge the whole of it and once to copy its files, because a fault at its end must be
known before its first file is written. Small ones are in memory, so only large ones are fetched twice. An upload that
fails the judgement is stored as it came, aside, and spoils nobody else's.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chalicelib.archive.errors import CorruptObject, ObjectChanged
from chalicelib.archive.kept import Kept
from chalicelib.archive.manifest import Entry, Manifest
from chalicelib.archive.names import MemberNames
from chalicelib.archive.pack import Sink, TarGz
from chalicelib.archive.prefetch import Content
from chalicelib.archive.unpack import CHUNK_BYTES, Limits, Reader, members
from chalicelib.domain.seals import broken

MOST_LOST = 20  # that the run's own record names; the manifest names them all


@dataclass(frozen=True)
class Source:
    """One task. `folder` is unique in the archive; `task` are its own fields for the manifest, ready for JSON.

    `key` is None if the task uploaded nothing; `content` is None if it uploaded nothing or nothing is there. `seal` tells what
    lay there when the task ended (domain/seals.py).
    """

    folder: str
    key: str | None
    kind: Literal["result", "error"] | None
    task: Mapping[str, Any]
    content: Content | None
    seal: str | None = None


Told = Callable[[Source, Mapping[str, bytes] | None], None]


@dataclass
class BundleReport:
    """The ids of the tasks whose upload is missing, and of those whose upload is corrupt; `whole` counts the others.

    `lost` names the first of them: task id, `missing` or `corrupt`, and why.
    """

    missing: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    whole: int = field(default=0, compare=False)
    lost: list[tuple[str, str, str]] = field(default_factory=list, compare=False)
    flaws: list[tuple[int, str, str]] = field(default_factory=list, compare=False)  # all of them, by task number


@dataclass
class Verdict:
    """What the first reading found; `problem` is None for a whole and sane upload."""

    sha256: str = ""
    size_bytes: int = 0
    problem: str | None = None
    file_count: int = 0
    file_bytes: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


def write_bundle(
    sources: Iterable[Source],
    sink: Sink,
    *,
    run_document: bytes,
    manifest_header: Mapping[str, Any],
    limits: Limits | None = None,
    told: Told | None = None,
) -> BundleReport:
    """Write `run.json`, every source's files, and `manifest.json` into `sink`, which stays open.

    `told` is called with each source and what its result says, None where there is none.

    Raises StorageError when an upload cannot be read or changes between its two readings: then the sink holds rubbish.
    """
    report = BundleReport()
    packer = TarGz(sink)
    packer.add_bytes("run.json", run_document)
    with Manifest(manifest_header) as manifest:
        for source in sources:
            kept = Kept() if told and source.kind == "result" else None
            entry = _store(source, packer, limits or Limits(), kept)
            if told:
                told(source, kept.files if kept and entry.archived == "files" else None)
            _note(report, str(source.task["id"]), int(source.task["number"]), entry)
            manifest.add({**source.task, "folder": source.folder, "kind": source.kind, "object_key": source.key}, entry)
        manifest.write_to(packer)
    packer.close()
    return report


def _note(report: BundleReport, task_id: str, number: int, entry: Entry) -> None:
    report.whole += entry.archived == "files"
    lists = {"missing": report.missing, "corrupt": report.corrupt}
    if entry.archived in lists:
        lists[entry.archived].append(task_id)
        report.flaws.append((number, entry.archived, entry.archived_reason or ""))
        if len(report.lost) < MOST_LOST:
            report.lost.append((task_id, entry.archived, entry.archived_reason or ""))


def _store(source: Source, packer: TarGz, limits: Limits, kept: Kept | None) -> Entry:
    if source.key is None:
        return Entry("nothing")
    if source.content is None:
        return Entry("missing", archived_reason="the uploaded object does not exist")
    verdict = judge(source.content, limits)
    other = broken(source.seal, sha256=verdict.sha256, etag=source.content.etag)
    if problem := other or verdict.problem:
        path = f"corrupt/{source.folder}.tar.gz"
        _copy_raw(source.content, packer, path)
        return Entry("corrupt", problem, path, verdict.size_bytes, verdict.sha256)
    _copy_files(source.content, packer, source.folder, limits, kept)
    return Entry(
        "files",
        path=f"{source.folder}/",
        size_bytes=verdict.size_bytes,
        sha256=verdict.sha256,
        file_count=verdict.file_count,
        file_bytes=verdict.file_bytes,
        left_out=dict(sorted(verdict.left_out.items())),
    )


def judge(content: Content, limits: Limits) -> Verdict:
    """Read all of an upload and say what is in it, or what is wrong with it. Raises StorageError."""
    verdict = Verdict()
    with content.open() as packed:
        hashed = _Hashing(packed)
        try:
            _count(verdict, hashed, content.size_bytes, limits)
        except CorruptObject as error:
            verdict.problem = str(error)
        while hashed.read(CHUNK_BYTES):  # the checksum is of all bytes, also of those behind a fault
            pass
    verdict.sha256, verdict.size_bytes = hashed.sha256.hexdigest(), hashed.size_bytes
    return verdict


def _count(verdict: Verdict, packed: Reader, packed_bytes: int, limits: Limits) -> None:
    for member in members(packed, packed_bytes=packed_bytes, limits=limits):
        if member.kind == "file":
            verdict.file_count += 1
            verdict.file_bytes += member.size_bytes
        elif member.kind != "folder":
            verdict.left_out[member.kind] += 1


def _copy_files(content: Content, packer: TarGz, folder: str, limits: Limits, kept: Kept | None) -> None:
    names = MemberNames()
    with content.open() as packed:
        try:
            for member in members(packed, packed_bytes=content.size_bytes, limits=limits):
                if member.kind == "file":
                    name = names.place(member.name)
                    chunks = kept.through(name, member) if kept else member.chunks
                    packer.add(f"{folder}/{name}", size_bytes=member.size_bytes, chunks=chunks)
        except CorruptObject as error:  # it was sound a moment ago
            raise ObjectChanged(f"the upload of {folder} changed while it was being read: {error}") from error


def _copy_raw(content: Content, packer: TarGz, path: str) -> None:
    with content.open() as packed:
        packer.add(path, size_bytes=content.size_bytes, chunks=_chunks(packed))


def _chunks(packed: Reader) -> Iterator[bytes]:
    while data := packed.read(CHUNK_BYTES):
        yield data


class _Hashing:
    """Hashes and counts what is read through it."""

    def __init__(self, packed: Reader) -> None:
        self._packed = packed
        self.sha256 = hashlib.sha256()
        self.size_bytes = 0

    def read(self, size: int, /) -> bytes:
        data = self._packed.read(size)
        self.sha256.update(data)
        self.size_bytes += len(data)
        return data
