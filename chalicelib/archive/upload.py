"""Writing one large object of unknown length in bounded memory, so that it appears whole or not at all."""

import hashlib

from chalicelib.archive.errors import StorageError
from chalicelib.archive.s3 import GZIP, Objects

MIB = 1024**2
SMALLEST_PART_BYTES = 8 * MIB
LARGEST_PART_BYTES = 64 * MIB  # what a small Lambda can hold twice
MAX_PARTS = 10_000  # S3's limit for one upload
PARTS_A_STEP = 1_000


def part_bytes(number: int, *, smallest: int = SMALLEST_PART_BYTES) -> int:
    """The size of part `number` (from 1): 8 MiB, doubled after each 1,000 parts, up to 64 MiB.

    1,000 x (8 + 16 + 32) MiB + 7,000 x 64 MiB = 492 GiB in 10,000 parts. A Lambda that may run for 15 minutes and
    compresses at most 250 MiB/s writes 220 GiB, so it ends by time before it could end by parts; and memory is one
    part, which stays at 8 MiB until an archive has 7.8 GiB.
    """
    return min(smallest << ((number - 1) // PARTS_A_STEP), max(smallest, LARGEST_PART_BYTES))


class MultipartWriter:
    """A sink: `write` bytes inside a `with`; leaving it makes the object visible, leaving it by an exception drops it.

    An object that fits into one part is written with one PUT. `size_bytes` and `sha256` are of all bytes written.
    """

    def __init__(self, objects: Objects, key: str, *, smallest_part_bytes: int = SMALLEST_PART_BYTES) -> None:
        self._objects, self._key = objects, key
        self._smallest = smallest_part_bytes
        self._upload: str | None = None
        self._etags: list[str] = []
        self._part = bytearray(smallest_part_bytes)  # one buffer for all parts: a new one each would fragment the heap
        self._used = 0
        self._sha256 = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> None:
        """Raises StorageError when a part cannot be sent, or when there would be more than 10,000 of them."""
        self._sha256.update(data)
        self.size_bytes += len(data)
        rest = memoryview(data)
        while rest:
            taken = min(len(rest), len(self._part) - self._used)
            self._part[self._used : self._used + taken] = rest[:taken]
            self._used += taken
            rest = rest[taken:]
            if self._used == len(self._part):
                self._send(self._part)

    def __enter__(self) -> "MultipartWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._drop()
            return
        try:
            self._finish()
        except BaseException:
            self._drop()
            raise

    def _send(self, data: bytes | bytearray) -> None:
        if len(self._etags) == MAX_PARTS:
            raise StorageError(f"{self._key} would need more than {MAX_PARTS} parts")
        if self._upload is None:
            self._upload = self._objects.start_upload(self._key)
        number = len(self._etags) + 1
        self._etags.append(self._objects.upload_part(self._key, self._upload, number=number, data=data))
        self._used = 0
        size = part_bytes(number + 1, smallest=self._smallest)
        if size != len(self._part):
            self._part = bytearray(size)

    def _finish(self) -> None:
        rest = bytes(memoryview(self._part)[: self._used])
        if self._upload is None:
            self._objects.put(self._key, rest, content_type=GZIP)
            return
        if rest:
            self._send(rest)
        self._objects.finish_upload(self._key, self._upload, etags=self._etags)

    def _drop(self) -> None:
        """Never hides the exception that brought us here: what stays behind, the next build and a bucket rule sweep."""
        if self._upload is None:
            return
        try:
            self._objects.abort_upload(self._key, self._upload)
        except Exception:
            return
