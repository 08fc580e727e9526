"""Bytes in, lines out."""

from collections.abc import Iterator
from typing import Self

MAX_LINE_BYTES = 64 * 1024  # an endless line comes in pieces of this size, so that no output can fill the memory
_CONTINUES = range(0x80, 0xC0)  # bytes of UTF-8 that belong to the character before them


class Line(str):
    """A line, or a piece of a long one, as text without its end. `raw` are its very bytes, with the end if it has one."""

    __slots__ = ("raw",)
    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """Invalid UTF-8 is replaced in the text; a carriage return before the end is dropped from it."""
        text = raw.removesuffix(b"\n")
        line = cls((text.removesuffix(b"\r") if text != raw else text).decode(errors="replace"))
        line.raw = raw
        return line


def raw_of(line: str) -> bytes:
    """What stood in the stream; a text that comes from elsewhere is a whole line."""
    return line.raw if isinstance(line, Line) else line.rstrip("\r\n").encode(errors="replace") + b"\n"


class Lines:
    """Cuts a stream into lines as it comes. The `raw` of all lines together are the bytes of the stream."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Line]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            yield from _pieces(line + b"\n")
        while len(self._rest) > MAX_LINE_BYTES:
            end = _boundary(self._rest, MAX_LINE_BYTES)
            head, self._rest = self._rest[:end], self._rest[end:]
            yield Line.of(head)

    def end(self) -> Iterator[Line]:
        """What stood behind the last line's end."""
        if self._rest:
            yield Line.of(self._rest)
        self._rest = b""


def _pieces(line: bytes) -> Iterator[Line]:
    start = 0
    while len(line) - start > MAX_LINE_BYTES + 1:
        end = _boundary(line, start + MAX_LINE_BYTES)
        yield Line.of(line[start:end])
        start = end
    yield Line.of(line[start:])


def _boundary(data: bytes, at: int) -> int:
    """The end of the last whole character before `at`. A character has at most four bytes: in other data it is `at`."""
    for end in range(at, at - 4, -1):
        if data[end] not in _CONTINUES:
            return end
    return at
