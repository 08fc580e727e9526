"""Fetching the uploads of a run ahead of the one that is being packed.

A run may have 100,000 results of some kilobytes; one after the other their round trips would take most of an hour. So
eight threads fetch them in order, small ones whole. Large ones are only looked at: their bytes are streamed when it is
their turn. At most 16 objects of 512 KiB are held at a time, whatever the sizes and however many there are.
"""

import io
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import Protocol, TypeVar

from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.s3 import ObjectReader, Objects
from chalicelib.archive.unpack import Reader

SMALL_BYTES = 512 * 1024
WORKERS = 8
WINDOW = 2 * WORKERS

T = TypeVar("T")


class Content(Protocol):
    """The bytes of one upload, the same at every reading."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def etag(self) -> str: ...

    def open(self) -> AbstractContextManager[Reader]: ...


@dataclass(frozen=True)
class Held:
    """An upload in memory."""

    data: bytes
    etag: str = ""

    @property
    def size_bytes(self) -> int:
        return len(self.data)

    def open(self) -> AbstractContextManager[Reader]:
        return closing(io.BytesIO(self.data))


@dataclass(frozen=True)
class Streamed:
    """An upload that is fetched anew at each reading; raises ObjectChanged if it is not the same any more."""

    objects: Objects
    key: str
    etag: str
    size_bytes: int

    def open(self) -> AbstractContextManager[Reader]:
        return closing(self.objects.open(self.key, etag=self.etag))


def prefetched(
    objects: Objects, tasks: Iterable[T], *, key_of: Callable[[T], str | None]
) -> Generator[tuple[T, Content | None], None, None]:
    """Each task with what its key names, in order; None if it has no key or there is no such object.

    Raises StorageError. Close the iterator (or exhaust it) to end its threads.
    """
    window: deque[tuple[T, Future[Content | None]]] = deque()
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="prefetch")
    try:
        for task in tasks:
            window.append((task, pool.submit(_fetch, objects, key_of(task))))
            if len(window) == WINDOW:
                yield _first(window)
        while window:
            yield _first(window)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _first(window: deque[tuple[T, Future[Content | None]]]) -> tuple[T, Content | None]:
    task, future = window.popleft()
    return task, future.result()


def _fetch(objects: Objects, key: str | None) -> Content | None:
    if key is None:
        return None
    try:
        opened = objects.begin(key)
    except ObjectMissing:
        return None
    with closing(ObjectReader(objects, key, opened)) as reader:
        if opened.info.size_bytes > SMALL_BYTES:
            return Streamed(objects, key, opened.info.etag, opened.info.size_bytes)
        data = b"".join(iter(lambda: reader.read(SMALL_BYTES), b""))
    if len(data) != opened.info.size_bytes:
        raise StorageError(f"{key} has {len(data)} bytes instead of {opened.info.size_bytes}")
    return Held(data, opened.info.etag)
