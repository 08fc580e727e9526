"""A parsed text in which every value still knows where it was written."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from benchfleet.documents.problems import START, Finding, Mark, SyntaxProblem

Path = tuple[str | int, ...]

MAX_DEPTH = 64  # of nesting: far above any config, far below what Python's own recursion bears
_SHOWN_CHARS = 80
_LAST_STEP = re.compile(r"(\.[^.\[\]]*|\[\d+\])\Z")


@dataclass
class Document:
    """`value` is plain JSON data; `written` holds the text of each value that stands without quotes."""

    value: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    problems: list[Finding] = field(default_factory=list)

    def refuses_again(self, path: Path, mark: Mark) -> bool:
        """Takes a key; True, and a problem, if it was there before: the first value counts then."""
        first = self.keys.setdefault(path, mark)
        if first == mark:
            return False
        words = f"this key is there twice, first in line {first.line}"
        self.problems.append(Finding(mark, _printable(name_of(path)), words, "keep one of them"))
        return True

    def place(self, name: str) -> Mark:
        """Where the value of a field stands; for one that is not there, the nearest value around it."""
        while name and name not in self._named:
            shorter = _LAST_STEP.sub("", name)
            name = shorter if shorter != name else ""
        return self.values.get(self._named.get(name, ()), START)

    def key_place(self, *path: str | int) -> Mark:
        return self.keys.get(path) or self.values.get(path, START)

    def has(self, name: str) -> bool:
        return name in self._named

    def value_at(self, name: str) -> Any:
        """The field's value; None for one that is not there."""
        value = self.value
        for step in self._named.get(name, ()):
            value = value[step]
        return value if name in self._named else None

    def as_written(self, name: str) -> str | None:
        """The text of a number or a word that is not quoted."""
        return self.written.get(self._named[name]) if name in self._named else None

    @cached_property
    def _named(self) -> dict[str, Path]:
        return {name_of(path): path for path in self.values}


def name_of(path: Path) -> str:
    """`("local", 0, "alias")` as `local[0].alias`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def shown(value: Any) -> str:
    """A value as JSON, cut to what fits a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"


def check_depth(depth: int, mark: Mark) -> None:
    """Raises SyntaxProblem."""
    if depth > MAX_DEPTH:
        raise SyntaxProblem(mark, "nested too deeply", f"at most {MAX_DEPTH} levels")


def unsendable(document: Document) -> Iterator[Finding]:
    """Values that JSON over HTTP cannot hold: infinite numbers, and halves of surrogate pairs."""
    for path, value in _walk((), document.value):
        name = name_of(path)
        mark = document.place(name)
        if isinstance(value, float) and not math.isfinite(value):
            yield Finding(mark, _printable(name), "the number is too large", "write a smaller one")
        elif isinstance(value, str) and _printable(value) != value:
            remedy = r"write both halves (\ud83d\ude00), or the character itself"
            yield Finding(mark, _printable(name), "the text holds half a surrogate pair", remedy)


def _printable(text: str) -> str:
    return text.encode(errors="replace").decode()


def _walk(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Every value, and every key as a value of its own path."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), key
            yield from _walk((*path, key), inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk((*path, index), inner)
