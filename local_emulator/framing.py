"""Where a request's body ends: what Content-Length says or what its chunks say, never both, never a guess.

RFC 9112, section 6. Whatever else a head says is refused before anything is read or done.
"""

import re
from collections.abc import Iterator
from email.errors import FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect
from email.message import Message
from io import BufferedIOBase
from tempfile import gettempdir
from typing import IO

BLOCK_BYTES = 1024 * 1024
_MOST_LENGTH_DIGITS = 16
_MOST_LINE_BYTES = 4096
_MOST_TRAILERS = 100
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,15}")
_TORN = (FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect)


class BadFraming(Exception):
    """This request cannot be answered; `status` and the words say why."""

    status = "400 Bad Request"


class Malformed(BadFraming):
    """The head or a chunk contradicts itself, or says nothing that can be meant."""


class Unsupported(BadFraming):
    """A transfer coding that this server does not have."""

    status = "501 Not Implemented"


class Oversized(BadFraming):
    """The body is larger than this server takes."""

    status = "413 Content Too Large"


class NoRoom(BadFraming):
    """This machine cannot hold the body."""

    status = "503 Service Unavailable"


class Incomplete(BadFraming):
    """The client ended in the middle of its body; it may still be listening."""

    def __init__(self) -> None:
        super().__init__("The body ended before it was whole")


def check_target(target: str) -> None:
    """Only a path, perhaps with a query, means the same to everybody behind this server. Raises Malformed."""
    if not target.startswith("/") or "#" in target:
        raise Malformed("The request's target must be a path, with nothing before it and no fragment")


def read_body(headers: Message, source: BufferedIOBase, *, into: IO[bytes], most_bytes: int | None = None) -> int:
    """Copies the body and rewinds; its length in bytes. Raises BadFraming."""
    length = body_length(headers)
    total = 0
    for block in _chunks(source) if length is None else _blocks(source, length):
        total += len(block)
        if most_bytes is not None and total > most_bytes:
            raise Oversized("Request Too Long")
        _keep(block, into)
    into.seek(0)
    return total


def body_length(headers: Message) -> int | None:
    """Bytes; None where the body comes in chunks. Raises Malformed, Unsupported."""
    if any(isinstance(defect, _TORN) for defect in headers.defects):
        raise Malformed("A line of the request's head is no header")
    lengths = {value.strip() for value in headers.get_all("Content-Length") or []}
    codings = headers.get_all("Transfer-Encoding")
    if codings is None:
        return _number(lengths or {"0"})
    if lengths:
        raise Malformed("Send Content-Length or Transfer-Encoding, not both")
    if ",".join(codings).strip().lower() != "chunked":
        raise Unsupported("The only Transfer-Encoding that is understood is chunked")
    return None


def _number(lengths: set[str]) -> int:
    """Of a Content-Length that may stand there twice, if it is the same twice."""
    value = lengths.pop()
    if lengths or not (value.isascii() and value.isdecimal() and len(value) < _MOST_LENGTH_DIGITS):
        raise Malformed("Content-Length must be one whole number")
    return int(value)


def _blocks(source: BufferedIOBase, length: int) -> Iterator[bytes]:
    while length > 0:
        block = source.read(min(BLOCK_BYTES, length))
        if not block:
            raise Incomplete
        length -= len(block)
        yield block


def _chunks(source: BufferedIOBase) -> Iterator[bytes]:
    while size := _chunk_size(_line(source)):
        yield from _blocks(source, size)
        if _line(source):
            raise Malformed("A chunk does not end where its size says")
    for _ in range(_MOST_TRAILERS):
        if not _line(source):
            return
    raise Malformed("Too many trailers follow the last chunk")


def _chunk_size(line: bytes) -> int:
    size = line.partition(b";")[0].rstrip(b" \t")  # an extension may follow; nobody needs to know any
    if not _CHUNK_SIZE.fullmatch(size):
        raise Malformed("A chunk must begin with its size, in hexadecimal")
    return int(size, 16)


def _line(source: BufferedIOBase) -> bytes:
    line = source.readline(_MOST_LINE_BYTES)
    if line.endswith(b"\r\n"):
        return line[:-2]
    if line.endswith(b"\n") or len(line) >= _MOST_LINE_BYTES:
        raise Malformed("Lines between chunks must be short and end with CR LF")
    raise Incomplete


def _keep(block: bytes, into: IO[bytes]) -> None:
    try:
        into.write(block)
    except OSError as error:  # of our disk, which the client's connection has nothing to do with
        reason = error.strerror or str(error)
        raise NoRoom(f"The emulator cannot hold the body in {gettempdir()}: {reason}; make room there") from error
