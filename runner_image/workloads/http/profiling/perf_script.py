"""What `perf script` prints, as stacks: for each sample a header, its frames with the innermost first, and a blank line."""

import re
from collections.abc import Iterable

from runner_image.workloads.http.profiling.speedscope import Sample

UNIT = "none"
UNKNOWN = "[unknown]"
_FRAME = re.compile(r"^\s+[0-9a-f]+\s+(?P<symbol>.+?)\s+\((?P<file>[^()]*|\[[^\]]*\])\)$")
_OFFSET = re.compile(r"\+0x[0-9a-f]+$")


def samples(lines: Iterable[str]) -> list[Sample]:
    found: list[Sample] = []
    stack: list[str] = []
    for line in (*lines, ""):
        frame = _FRAME.match(line)
        if frame:
            stack.append(_name(frame["symbol"], frame["file"]))
        elif not line.strip() and stack:
            found.append(Sample(tuple(reversed(stack)), 1))
            stack = []
    return found


def _name(symbol: str, file: str) -> str:
    name = _OFFSET.sub("", symbol)
    short = file.rpartition("/")[2]
    return f"{name} ({short})" if name != UNKNOWN else short if short.startswith("[") else f"[{short}]"
