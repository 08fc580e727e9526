"""Reads pyperformance's console: which benchmark runs, and what a failed one said last.

pyperf shows its progress as dots without an end of line, and a benchmark may print what it likes: so a start and a
verdict may stand behind other words in one line, which then belong to the benchmark before them.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from runner_image.workloads.console import LAST_LINES, shorten

_STARTED = re.compile(r"\[\s*(?P<number>\d+)/(?P<count>\d+)\] (?P<name>\S+)\.\.\.$")
_FAILED = re.compile(r"ERROR: Benchmark (?P<name>\S+) (?P<why>.*)$")


@dataclass
class Section:
    """One benchmark. `part` (0 to 1) is the share of the list that is behind it when it starts."""

    benchmark: str
    part: float
    error: str | None = None
    said: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))

    @property
    def reason(self) -> str:
        said = " | ".join(line.strip() for line in self.said)
        return shorten(f"{said} | {self.error}" if said and self.error else self.error or said or "it said nothing")


class Reader:
    """Fed line by line."""

    def __init__(self) -> None:
        self.sections: list[Section] = []

    def feed(self, line: str) -> Section | None:
        """The section that this line starts, if it starts one."""
        found = _STARTED.search(line)
        if found:
            self._hear(line[: found.start()])
            done, count = max(int(found["number"]) - 1, 0), max(int(found["count"]), 1)
            self.sections.append(Section(found["name"], min(done / count, 1.0)))
            return self.sections[-1]
        self._hear(line)
        return None

    def _hear(self, line: str) -> None:
        """After its verdict a benchmark says no more: what follows are pyperformance's own traces and tables."""
        section = self.sections[-1] if self.sections else None
        if section is None or section.error is not None:
            return
        failed = _FAILED.search(line)
        if failed and failed["name"] == section.benchmark:
            section.error, line = failed["why"], line[: failed.start()]
        if line.strip(" .") and not line.startswith("# "):
            section.said.append(line)


def read(lines: Iterable[str]) -> list[Section]:
    reader = Reader()
    for line in lines:
        reader.feed(line.rstrip("\r\n"))
    return reader.sections
