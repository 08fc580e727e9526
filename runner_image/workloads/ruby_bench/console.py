"""Reads ruby-bench's console: what has started, how far it is, what a failed benchmark said last.

A benchmark may leave its last line without an end: then ruby-bench's own words stand behind it.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from runner_image.workloads.console import LAST_LINES, shorten

_STARTED = re.compile(r'Running benchmark "(?P<name>[^"]+)" \((?P<number>\d+)/(?P<count>\d+)\)$')
_ENDED = "Total time spent benchmarking:"
_LIST = (
    "Failed benchmarks:"  # a line of its own near the end; "Failed benchmarks: 2" before the tables only counts them
)
_LISTED = re.compile(r"  (?P<variant>[^:]+): (?P<names>.+)$")


@dataclass
class Section:
    """One benchmark under one variant. `variant` counts from 0, `part` (0 to 1) is the share of its variant's list."""

    benchmark: str
    variant: int
    part: float
    said: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    @property
    def last_words(self) -> str:
        return shorten(" | ".join(line.strip() for line in self.said)) or "it said nothing"


class Reader:
    """Fed line by line. ruby-bench runs the whole list under one variant, then again from 1 under the next.

    `listed` holds (variant, benchmark) of ruby-bench's own list of failures.
    """

    def __init__(self) -> None:
        self.sections: list[Section] = []
        self.listed: list[tuple[str, str]] = []
        self._over = self._listing = False
        self._number = 0
        self._open = False

    def feed(self, line: str) -> Section | None:
        """The section that this line starts, if it starts one."""
        found = _STARTED.search(line)
        if found:
            self._hear(line[: found.start()])
            return self._start(found["name"], int(found["number"]), int(found["count"]))
        before, ended, _ = line.partition(_ENDED)
        self._hear(before)
        self._over = self._over or bool(ended)
        self._open = self._open and not ended  # what follows are tables, nobody's last words
        self._read_list(line)
        return None

    def _read_list(self, line: str) -> None:
        """A benchmark may print such a list, too: only the one behind all benchmarks is ruby-bench's."""
        found = _LISTED.match(line) if self._listing else None
        if found:
            self.listed += [(found["variant"], name) for name in found["names"].split(", ")]
        self._listing = self._over and (line == _LIST or found is not None)

    def _hear(self, words: str) -> None:
        if self._open and words.strip():
            self.sections[-1].said.append(words)

    def _start(self, name: str, number: int, count: int) -> Section:
        before = self.sections[-1].variant if self.sections else 0
        section = Section(name, before + (number <= self._number), min(number / max(count, 1), 1.0))
        self._number, self._open, self._over = number, True, False
        self.listed.clear()  # of a benchmark that said that all is over
        self.sections.append(section)
        return section


def read(lines: Iterable[str]) -> Reader:
    reader = Reader()
    for line in lines:
        reader.feed(line.rstrip("\r\n"))
    return reader
