"""Bytes in, lines out."""

from collections.abc import Iterator

MAX_LINE_BYTES = 64 * 1024  # an endless line is cut here, so that no output can fill the memory


class Lines:
    """Cuts a stream into lines as it comes. Invalid UTF-8 is replaced; a carriage return before the end is dropped."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[str]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            yield _text(line)
        while len(self._rest) >= MAX_LINE_BYTES:
            head, self._rest = self._rest[:MAX_LINE_BYTES], self._rest[MAX_LINE_BYTES:]
            yield _text(head)

    def end(self) -> Iterator[str]:
        """What stood behind the last line's end."""
        if self._rest:
            yield _text(self._rest)
        self._rest = b""


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode(errors="replace")
