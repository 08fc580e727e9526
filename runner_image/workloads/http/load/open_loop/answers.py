"""Reads HTTP/1.1 answers from a connection, one at a time, as cheaply as Python can: most come in one piece."""

import re
from typing import NamedTuple

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection:[^\r]*close", re.IGNORECASE)
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_END, _LINE = b"\r\n\r\n", b"\r\n"
_BODILESS = (204, 304)
_HEADS_KEPT = 256  # heads differ by their Date once a second
MOST_HEAD_BYTES = 64 * 1024
MOST_BYTES = 17 * 1024 * 1024  # of one answer: the gate lets no longer body pass


class Malformed(Exception):
    """What came is no HTTP/1.1 answer."""


class Answer(NamedTuple):
    """`received`: bytes with the head. `closes`: the server will close the connection."""

    status: int
    body: bytes
    received: int
    closes: bool


class _Head(NamedTuple):
    status: int
    length: int | None  # None: chunked, or until the connection closes
    chunked: bool
    closes: bool


class Answers:
    """One connection's. `bodiless`: it asks by HEAD."""

    def __init__(self, *, bodiless: bool = False) -> None:
        self._buffer = bytearray()
        self._heads: dict[bytes, _Head] = {}
        self._bodiless = bodiless

    def feed(self, data: bytes) -> Answer | None:
        """The answer, once it is whole. Raises Malformed."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) > MOST_BYTES:
                raise Malformed("an answer without end")
            data = bytes(self._buffer) if self._may_be_whole() else b""
            if not data:
                return None
        found = self._whole(data)
        if found is None:
            if not self._buffer:
                self._buffer += data
            return None
        self._buffer.clear()
        return found

    _needs = 0

    def _may_be_whole(self) -> bool:
        return len(self._buffer) >= self._needs

    def _whole(self, data: bytes) -> Answer | None:
        end = data.find(_END)
        if end < 0:
            if len(data) > MOST_HEAD_BYTES:
                raise Malformed("no end of the headers")
            return None
        head = self._head(data[:end])
        start = end + len(_END)
        if 100 <= head.status < 200:
            return self._whole(data[start:]) if len(data) > start else None
        if head.length is not None:
            return self._of_length(head, data, start, head.length)
        return self._of_chunks(head, data, start) if head.chunked else None

    def _of_length(self, head: _Head, data: bytes, start: int, length: int) -> Answer | None:
        whole = start + length
        if whole > MOST_BYTES:
            raise Malformed(f"an answer of {whole} bytes")
        if len(data) < whole:
            self._needs = whole
            return None
        self._needs = 0
        return self._last(Answer(head.status, data[start:whole], whole, head.closes), data)

    def _of_chunks(self, head: _Head, data: bytes, at: int) -> Answer | None:
        chunks: list[bytes] = []
        while (line := data.find(_LINE, at)) >= 0:
            size = _chunk_size(data[at:line])
            at = line + len(_LINE)
            if size == 0:
                return self._after_chunks(head, data, at, b"".join(chunks))
            if len(data) < at + size + len(_LINE):
                return None
            chunks.append(data[at : at + size])
            at += size + len(_LINE)
        return None

    def _after_chunks(self, head: _Head, data: bytes, at: int, body: bytes) -> Answer | None:
        """Trailers, if any, end with an empty line."""
        if data[at : at + 2] == _LINE:
            return self._last(Answer(head.status, body, at + 2, head.closes), data)
        end = data.find(_END, at)
        return None if end < 0 else self._last(Answer(head.status, body, end + len(_END), head.closes), data)

    def _last(self, answer: Answer, data: bytes) -> Answer:
        if len(data) > answer.received:
            raise Malformed("more than one answer to one request")
        return answer

    def _head(self, raw: bytes) -> _Head:
        known = self._heads.get(raw)
        if known is None:
            if len(self._heads) >= _HEADS_KEPT:
                self._heads.clear()
            known = self._heads[raw] = _read_head(raw, bodiless=self._bodiless)
        return known

    def end(self) -> Answer | None:
        """The connection is closed: the answer whose body lasts until then; None where it is not whole or there is none."""
        data = bytes(self._buffer)
        self._buffer.clear()
        self._needs = 0
        end = data.find(_END)
        if end < 0:
            return None
        head = self._head(data[:end])
        if head.length is not None or head.chunked or head.status < 200:
            return None
        return Answer(head.status, data[end + len(_END) :], len(data), True)


def _read_head(raw: bytes, *, bodiless: bool) -> _Head:
    status = _STATUS.match(raw)
    if status is None:
        raise Malformed(f"no status line: {raw[:40]!r}")
    code = int(status[1])
    closes = bool(_CLOSES.search(raw)) or raw.startswith(b"HTTP/1.0")
    if bodiless or code in _BODILESS or 100 <= code < 200:
        return _Head(code, 0 if code >= 200 else None, False, closes)
    if _CHUNKED.search(raw):
        return _Head(code, None, True, closes)
    length = _LENGTH.search(raw)
    return _Head(code, int(length[1]) if length else None, False, closes)


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise Malformed(f"no size of a chunk: {line[:20]!r}") from None
