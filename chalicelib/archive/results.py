"""Reading what a task measured out of its upload, in bounded memory: the answer to `domain/ports.Results`.

An upload that an archive would not take counts for nothing here either.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from benchfleet_contract import bounds

from chalicelib.archive.errors import CorruptObject, ObjectMissing, StorageError
from chalicelib.archive.s3 import ObjectReader, Objects
from chalicelib.archive.unpack import CHUNK_BYTES, Limits, Member, Reader, members
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.ports import Measured
from chalicelib.domain.records import Task
from chalicelib.domain.seals import broken

OUTPUT, METADATA = "output.json", "metadata.json"
LARGEST = {OUTPUT: 16 * bounds.MIB, METADATA: bounds.MIB}  # a larger one is not held; a report still reads it


class ResultReader:
    """`objects` is called on first use. `largest`: which files are read, and how many bytes each may have."""

    def __init__(
        self, objects: Callable[[], Objects], *, limits: Limits | None = None, largest: Mapping[str, int] = LARGEST
    ) -> None:
        self._objects = objects
        self._limits = limits or Limits()
        self._largest = largest

    def read(self, task: Task) -> Measured:
        """Raises Unavailable when the bucket does not give the upload."""
        try:
            files = self.files(task)
        except CorruptObject as error:
            return Measured(task.number, task.attempt, problem=str(error))
        except ObjectMissing:
            return Measured(task.number, task.attempt, problem="the uploaded object does not exist")
        except StorageError as error:
            raise Unavailable(f"The bucket does not give the result: {error}", code="storage_unavailable") from error
        return _measured(task, files)

    def files(self, task: Task) -> dict[str, bytes]:
        """The files that tell, by name. Raises CorruptObject, ObjectMissing and StorageError."""
        if task.result_key is None:
            raise CorruptObject("nothing was uploaded")
        objects = self._objects()
        opened = objects.begin(task.result_key)
        with closing(ObjectReader(objects, task.result_key, opened)) as reader:
            hashed = _Hashing(reader)
            found = _wanted(hashed, self._largest, packed_bytes=opened.info.size_bytes, limits=self._limits)
            while hashed.read(CHUNK_BYTES):  # the checksum is of all bytes
                pass
        if problem := broken(task.seal, sha256=hashed.digest.hexdigest(), etag=opened.info.etag):
            raise CorruptObject(problem)
        return found


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, packed: Reader) -> None:
        self._packed = packed
        self.digest = hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data = self._packed.read(size)
        self.digest.update(data)
        return data


def _wanted(packed: Reader, largest: Mapping[str, int], *, packed_bytes: int, limits: Limits) -> dict[str, bytes]:
    """By name, from the least deep folder that has them."""
    found: dict[str, tuple[int, bytes]] = {}
    for member in members(packed, packed_bytes=packed_bytes, limits=limits):
        parts = [part for part in member.name.split("/") if part not in ("", ".")]
        name = parts[-1] if parts and member.kind == "file" else ""
        if name in largest and (name not in found or len(parts) < found[name][0]):
            found[name] = len(parts), _held(member, name, largest[name])
    return {name: data for name, (_, data) in found.items()}


def _held(member: Member, name: str, most: int) -> bytes:
    if member.size_bytes > most:
        raise CorruptObject(f"its {name} has {member.size_bytes} bytes, at most {most} are judged by")
    return b"".join(member.chunks)


def _measured(task: Task, files: dict[str, bytes]) -> Measured:
    """What reads results is imported here: a function that only signs needs none of it."""
    from benchfleet_results.reading import ResultError, read_result
    from benchfleet_results.summary import costs_of, steps_of

    if OUTPUT not in files:
        return Measured(task.number, task.attempt, problem=f"there is no {OUTPUT} in it")
    try:
        samples = read_result(files[OUTPUT]).samples
    except ResultError as error:
        return Measured(task.number, task.attempt, problem=f"its {OUTPUT} {error}"[:500])
    boards = {(*board,): costs for board, costs in costs_of(samples).items()}
    steps = {(*board,): found for board, found in steps_of(samples).items()}
    return Measured(task.number, task.attempt, boards, _instance(files.get(METADATA, b"{}")), steps=steps)


def _instance(raw: bytes) -> str | None:
    """As a report takes it: results of older runners have the cloud's id only."""
    from benchfleet_results.places import host

    try:
        found: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return host(found) if isinstance(found, dict) else None
