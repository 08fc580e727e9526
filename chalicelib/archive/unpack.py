"""Reading an uploaded tar.gz that nobody has vouched for: strictly, in bounded memory, without touching a disk.

The standard library's `tarfile` takes a damaged header in the middle of a file for its end, and reads headers of any
declared size into memory; both are wrong here, so only its header decoder is used. Whatever is odd raises
`CorruptObject` with a reason in words.
"""

import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from benchfleet_contract import bounds

from chalicelib.archive.errors import CorruptObject

MIB = 1024**2
CHUNK_BYTES = 256 * 1024  # larger ones are no faster, and fragment the heap
BLOCK_BYTES = 512  # of tar
_RAW_BYTES = 64 * 1024  # of compressed input at a time
_MAX_EXTENSION_BYTES = MIB  # of one extended header: long names and attributes are kilobytes
_MAX_GZIP_MEMBERS = 100_000  # parallel compressors write one per 64 KiB or more; more of them only burn time

_REGULAR = frozenset({tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE})
_WITHOUT_DATA = frozenset(
    {tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE}
)
_KINDS = {
    tarfile.LNKTYPE: "link",
    tarfile.SYMTYPE: "link",
    tarfile.CHRTYPE: "device",
    tarfile.BLKTYPE: "device",
    tarfile.FIFOTYPE: "pipe",
    tarfile.DIRTYPE: "folder",
}


class Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Limits:
    """How much one upload may unpack to: what the contract says, which the runner keeps too."""

    max_members: int = bounds.MAX_MEMBERS
    max_unpacked_bytes: int = bounds.MAX_UNPACKED_BYTES
    max_ratio: int = bounds.MAX_RATIO
    free_bytes: int = bounds.FREE_BYTES

    def unpacked_bytes(self, packed_bytes: int) -> int:
        return min(self.max_unpacked_bytes, max(self.free_bytes, self.max_ratio * packed_bytes))


@dataclass(frozen=True)
class Member:
    """`chunks` must be read before the next member is asked for; what is left of it is skipped."""

    name: str
    kind: str  # file, folder, link, device, pipe, other
    size_bytes: int
    chunks: Iterator[bytes]


class Gunzip:
    """The unpacked bytes of a gzip stream of one or more members, each checked against its checksum and length."""

    def __init__(self, packed: Reader, *, max_bytes: int) -> None:
        self._packed = packed
        self._left = max_bytes
        self._max_bytes = max_bytes
        self._input = b""
        self._members = 0
        self._inflate: zlib._Decompress | None = None

    def read(self, size: int, /) -> bytes:
        """Between 1 and `size` bytes; empty at the end. Raises CorruptObject."""
        while data := self._next_input():
            if self._inflate is None:
                self._start_member()
            out = self._unpack(data, size)
            if out:
                self._left -= len(out)
                if self._left < 0:
                    raise CorruptObject(f"unpacks to more than {self._max_bytes} bytes")
                return out
        return b""

    def exactly(self, size: int) -> bytes:
        """Raises CorruptObject if fewer than `size` bytes are left. For headers, not for contents."""
        got = bytearray()
        while len(got) < size:
            data = self.read(size - len(got))
            if not data:
                raise CorruptObject("the tar file is cut off")
            got += data
        return bytes(got)

    def _next_input(self) -> bytes:
        data = self._input or self._packed.read(_RAW_BYTES)
        if self._inflate is None and self._members:
            data = data.lstrip(b"\0")  # padding to the block of a tape, or of a disk, is allowed
            while not data and (more := self._packed.read(_RAW_BYTES)):
                data = more.lstrip(b"\0")
        if not data and (self._inflate is not None or not self._members):
            raise CorruptObject("the gzip file is cut off" if self._members else "empty")
        return data

    def _start_member(self) -> None:
        self._members += 1
        if self._members > _MAX_GZIP_MEMBERS:
            raise CorruptObject(f"more than {_MAX_GZIP_MEMBERS} gzip members")
        self._inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)

    def _unpack(self, data: bytes, size: int) -> bytes:
        assert self._inflate is not None
        try:
            out = self._inflate.decompress(data, size)
        except zlib.error as error:
            raise CorruptObject(f"not a valid gzip file: {error}") from error
        self._input = self._inflate.unconsumed_tail
        if self._inflate.eof:
            self._input = self._inflate.unused_data
            self._inflate = None
        return out


def members(packed: Reader, *, packed_bytes: int, limits: Limits) -> Iterator[Member]:
    """Every member of a tar.gz, in order; reads it to the very end. Raises CorruptObject whenever it finds a fault."""
    stream = Gunzip(packed, max_bytes=limits.unpacked_bytes(packed_bytes))
    for header, size in _headers(stream, max_members=limits.max_members):
        chunks = _content(stream, size)
        yield Member(name=header.name, kind=_kind(header.type), size_bytes=size, chunks=chunks)
        for _ in chunks:  # what the caller did not want
            pass
    while stream.read(CHUNK_BYTES):  # padding, and the checksum behind it
        pass


def _headers(stream: Gunzip, *, max_members: int) -> Iterator[tuple[tarfile.TarInfo, int]]:
    """Headers of members with the number of content bytes that follow; extended headers are folded into them."""
    long_name: str | None = None
    extended: dict[str, str] = {}
    for _ in range(max_members):
        header = _header(stream.exactly(BLOCK_BYTES))
        if header is None:
            return
        if header.type == tarfile.GNUTYPE_LONGNAME:
            long_name = _text(_extension(stream, header).split(b"\0", 1)[0])
        elif header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            extended = pax_records(_extension(stream, header))
        elif header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            _extension(stream, header)  # defaults and link targets: neither names a file
        else:
            header.name = extended.get("path", long_name or header.name)
            yield header, _content_bytes(header, extended)
            long_name, extended = None, {}
    raise CorruptObject(f"more than {max_members} tar headers")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """None for the block of zeros that ends a tar file."""
    if not any(block):
        return None
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError) as error:
        raise CorruptObject(f"damaged tar header: {error}") from error
    if header.size < 0:
        raise CorruptObject("a tar member of negative size")
    return header


def _extension(stream: Gunzip, header: tarfile.TarInfo) -> bytes:
    if header.size > _MAX_EXTENSION_BYTES:
        raise CorruptObject(f"an extended tar header of {header.size} bytes")
    return b"".join(_content(stream, header.size))


def _content_bytes(header: tarfile.TarInfo, extended: dict[str, str]) -> int:
    if header.type == tarfile.GNUTYPE_SPARSE or any(key.startswith("GNU.sparse.") for key in extended):
        raise CorruptObject("sparse tar members are not supported")
    if header.type in _WITHOUT_DATA:
        return 0
    size = extended.get("size", str(header.size))
    if not (size.isascii() and size.isdigit() and len(size) < 20):
        raise CorruptObject("a tar member without a sane size")
    return int(size)


def _content(stream: Gunzip, size: int) -> Iterator[bytes]:
    left = size
    while left:
        data = stream.read(min(left, CHUNK_BYTES))
        if not data:
            raise CorruptObject("the tar file is cut off")
        left -= len(data)
        yield data
    stream.exactly(-size % BLOCK_BYTES)


def pax_records(data: bytes) -> dict[str, str]:
    """The `<length> <key>=<value>\\n` records of a POSIX extended header. Raises CorruptObject."""
    records: dict[str, str] = {}
    start = 0
    while start < len(data):
        space = data.find(b" ", start, start + 20)
        digits = data[start:space] if space > 0 else b""
        end = start + int(digits) if digits.isdigit() else 0
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not space < end <= len(data) or data[end - 1 : end] != b"\n" or not equals:
            raise CorruptObject("damaged extended tar header")
        records[_text(key)] = _text(value)
        start = end
    return records


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _kind(kind: bytes) -> str:
    return "file" if kind in _REGULAR else _KINDS.get(kind, "other")
