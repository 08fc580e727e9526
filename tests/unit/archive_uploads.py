"""Uploads for the archive's tests, made with the standard library's tarfile: a second opinion on every format."""

import gzip
import io
import json
import tarfile
from typing import Any

from chalicelib.archive.bundle import Source
from chalicelib.archive.prefetch import Held


def tar_of(files: list[tuple[str, bytes]], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for name, data in files:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            info.mtime = 1.5 if format == tarfile.PAX_FORMAT else 1
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def upload_of(files: list[tuple[str, bytes]], *, format: int = tarfile.PAX_FORMAT) -> bytes:
    return gzip.compress(tar_of(files, format=format), mtime=0)


def upload_with(*infos: tarfile.TarInfo) -> bytes:
    """An upload of members without content: links, devices, folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for info in infos:
            tar.addfile(info)
    return buffer.getvalue()


def source(number: int, data: bytes | None, *, key: str | None = "some/key", **task: Any) -> Source:
    return Source(
        folder=f"box-{number}",
        key=key,
        kind="result" if key else None,
        task={"id": f"r.{number}", "number": number, "status": "completed", **task},
        content=None if data is None else Held(data),
    )


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Name → content of every member, which must all be regular files under names of their own."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        infos = tar.getmembers()
        assert all(info.isreg() for info in infos)
        assert len({info.name for info in infos}) == len(infos)
        return {info.name: read(tar, info) for info in infos}


def read(tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(info)
    assert content is not None
    return content.read()


def manifest_of(archive: bytes) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(unpacked(archive)["manifest.json"])
    return document
