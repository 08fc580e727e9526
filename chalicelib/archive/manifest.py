"""`manifest.json`: what an archive holds of each task, and why not where it holds nothing.

It is known only when everything else is written, so it is the last member of the archive; and it grows with the number
of tasks, so it is collected on disk, not in memory, once it has more than 4 MiB.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from chalicelib.archive.pack import TarGz

SCHEMA_VERSION = 1
NAME = "manifest.json"
_MEMORY_BYTES = 4 * 1024**2
_CHUNK_BYTES = 256 * 1024

Archived = Literal["files", "corrupt", "missing", "nothing"]


@dataclass(frozen=True)
class Entry:
    """What became of one task's upload.

    `archived`: its `files` are under `path`; it was `corrupt` and lies at `path` as it came; it was promised but is
    `missing`; or there was `nothing` to archive. `left_out` counts members that are no regular files, by kind.
    """

    archived: Archived
    archived_reason: str | None = None
    path: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    file_count: int = 0
    file_bytes: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)


class Manifest:
    """Collects one line of JSON a task; usable once, as a context manager."""

    def __init__(self, header: Mapping[str, Any]) -> None:
        self._spool = tempfile.SpooledTemporaryFile(max_size=_MEMORY_BYTES)  # noqa: SIM115
        self._counts: Counter[str] = Counter()
        head = json.dumps({"schema_version": SCHEMA_VERSION, **header}, sort_keys=False)
        self._write(head[:-1] + ', "tasks": [')

    def __enter__(self) -> "Manifest":
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, task: Mapping[str, Any], entry: Entry) -> None:
        separator = ",\n" if self._counts.total() else "\n"
        self._write(separator + json.dumps({**task, **vars(entry)}))
        self._counts[entry.archived] += 1

    def write_to(self, packer: TarGz) -> None:
        totals = {"tasks": self._counts.total(), **{kind: self._counts[kind] for kind in get_args(Archived)}}
        self._write(f'\n], "totals": {json.dumps(totals)}}}\n')
        size_bytes = self._spool.tell()
        self._spool.seek(0)
        packer.add(NAME, size_bytes=size_bytes, chunks=self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        while data := self._spool.read(_CHUNK_BYTES):
            yield data

    def _write(self, text: str) -> None:
        self._spool.write(text.encode())
