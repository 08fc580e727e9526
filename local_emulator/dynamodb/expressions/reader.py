"""Reads the words of an expression one after another; paths and operands are the same in all of them."""

import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypeVar

from local_emulator.dynamodb.expressions.paths import Path
from local_emulator.dynamodb.expressions.scope import Check, Scope, Uses
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.values import Item, Value

Find = Callable[[Item, Scope], Value | None]
T = TypeVar("T")

_WORD = re.compile(r"\s*([#:]?[A-Za-z0-9_]+|<>|<=|>=|[=<>()\[\],.+-])")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
MOST_BYTES = 4_096
MOST_OPERATORS = 300
MOST_PARTS = 32  # of a path
DEEPEST = 100  # ours: parentheses, NOT and functions in functions; none is too deep for Python


class Operand(NamedTuple):
    """`find` looks it up. `literal` is the placeholder of a value, `path` the path, if it is one of them."""

    find: Find
    literal: str = ""
    path: Path | None = None


class Reader:
    """`parameter` is the request's member that holds the text, for messages."""

    def __init__(self, text: str, parameter: str) -> None:
        self.parameter = parameter
        if not text.strip():
            raise invalid(f"Invalid {parameter}: The expression can not be empty;")
        if len(text.encode()) > MOST_BYTES:
            raise invalid(f"Invalid {parameter}: Expression size has exceeded the maximum allowed size;")
        self._words = _split(text, parameter)
        self.at = 0
        self._names: set[str] = set()
        self._values: set[str] = set()
        self._checks: list[Check] = []
        self._tops: set[str] = set()
        self._operators = 0
        self._depth = 0

    @property
    def uses(self) -> Uses:
        return Uses(frozenset(self._names), frozenset(self._values), tuple(self._checks), frozenset(self._tops))

    def later(self, check: Check) -> None:
        """What has to hold of the placeholders, whatever the item is."""
        self._checks.append(check)

    def operator(self) -> None:
        """Counts one more operator or function. Raises Fault."""
        self._operators += 1
        if self._operators > MOST_OPERATORS:
            raise self.refuse(f"The expression contains too many operators or functions; the most are {MOST_OPERATORS}")

    def deeper(self) -> None:
        """Raises Fault."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.refuse(f"The expression has too many nesting levels; the most are {DEEPEST}")

    def shallower(self) -> None:
        self._depth -= 1

    @property
    def next(self) -> str:
        """The next word, empty at the end."""
        return self._words[self.at] if self.at < len(self._words) else ""

    @property
    def keyword(self) -> str:
        return self.next.upper()

    @property
    def calls(self) -> bool:
        """Is the next word the name of a function?"""
        return self.at + 1 < len(self._words) and self._words[self.at + 1] == "(" and bool(_NAME.match(self.next))

    def take(self) -> str:
        word = self.next
        self.at += 1
        return word

    def accept(self, *words: str) -> str:
        """The next word in upper case if it is one of these, which is then behind us; else empty."""
        return self.take().upper() if self.next and self.keyword in words else ""

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.wrong()

    def end(self) -> None:
        if self.next:
            raise self.wrong()

    def wrong(self) -> Fault:
        near = " ".join(self._words[max(0, self.at - 1) : self.at + 2])
        return invalid(f'Invalid {self.parameter}: Syntax error; token: "{self.next or "<EOF>"}", near: "{near}"')

    def refuse(self, words: str) -> Fault:
        return invalid(f"Invalid {self.parameter}: {words}")

    def path(self) -> Path:
        parts: list[str | int] = [self._name()]
        while self.next in (".", "["):
            parts.append(self._name() if self.take() == "." else self._index())
        if len(parts) > MOST_PARTS:
            raise self.refuse(f"The document path has too many nesting elements; nesting levels: {len(parts)}")
        self._tops.add(str(parts[0]))
        return Path(tuple(parts))

    def placeholder(self) -> str:
        """Of a value."""
        if not self.next.startswith(":"):
            raise self.wrong()
        self._values.add(self.next)
        return self.take()

    def operand(self) -> Operand:
        """A placeholder of a value, or a path."""
        if self.next.startswith(":"):
            name = self.placeholder()
            return Operand(lambda item, scope: scope.values[name], literal=name)
        path = self.path()
        return Operand(lambda item, scope: path.find(item, scope.names), path=path)

    def listed(self, read: Callable[[], T]) -> list[T]:
        """One or more, with commas between them."""
        found = [read()]
        while self.accept(","):
            found.append(read())
        return found

    def _name(self) -> str:
        word = self.next
        if word.startswith("#"):
            self._names.add(word)
        elif not _NAME.match(word):
            raise self.wrong()
        elif word.upper() in reserved_words():
            raise self.refuse(f"Attribute name is a reserved keyword; reserved keyword: {word}")
        return self.take()

    def _index(self) -> int:
        if not self.next.isdecimal():
            raise self.wrong()
        index = int(self.take())
        self.expect("]")
        return index


@cache
def reserved_words() -> frozenset[str]:
    """In upper case, from the list that moto keeps: names that an expression can only use by a `#name`."""
    listed = files("moto").joinpath("dynamodb/parsing/reserved_keywords.txt").read_text()  # its package loads all of it
    return frozenset(listed.upper().split())


def _split(text: str, parameter: str) -> list[str]:
    words, at, text = [], 0, text.rstrip()
    while at < len(text):
        found = _WORD.match(text, at)
        if not found:
            raise invalid(
                f'Invalid {parameter}: Syntax error; token: "{text[at:].strip()[:1]}", near: "{text[at : at + 10]}"'
            )
        words.append(found[1])
        at = found.end()
    return words
