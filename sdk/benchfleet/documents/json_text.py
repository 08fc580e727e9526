"""Strict JSON, with the place of every value.

Python's own parser says whether the text is JSON and what it holds; a walk over its words then finds the places. (YAML is
no way to read JSON: it refuses tabs and long keys.)
"""

import json
import re
from bisect import bisect_right
from typing import Any, NoReturn

from benchfleet.documents.document import Document, Path, check_depth
from benchfleet.documents.problems import START, Mark, SyntaxProblem

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_REMEDIES = {
    "Expecting property name enclosed in double quotes": "quote names, and remove a comma after the last value",
    "Illegal trailing comma before end of object": "remove the comma",
    "Illegal trailing comma before end of array": "remove the comma",
    "Expecting ',' delimiter": "put a comma between two values",
    "Expecting value": "write a value, or remove a comma after the last one",
    "Extra data": "a file holds one object only",
}


def parse_json(text: str) -> Document:
    """Raises SyntaxProblem. Keys that are there twice are among the document's problems."""
    places = _Places(text)
    value = _value(text)
    for found in _TOKEN.finditer(text):
        places.take(found[0], found.start())
    places.document.value = value
    return places.document


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_first_of_each)
    except json.JSONDecodeError as error:
        remedy = _REMEDIES.get(error.msg, "mend it there")
        raise SyntaxProblem(Mark(error.lineno, error.colno), f"not JSON: {error.msg}", remedy) from error
    except RecursionError:
        check_depth(1_000_000, START)
    except ValueError as error:
        raise SyntaxProblem(START, f"not JSON: {error}", "write another value") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"it has no {name}")


def _first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of keys that are there twice the first counts, as in `_Places`."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


class _Places:
    """Follows the tokens of a valid text. `_path` leads to the value that comes next; a key that is awaited is None.

    `_again` is how deep a key stands that was there before: what belongs to it has no places.
    """

    def __init__(self, text: str) -> None:
        self.document = Document()
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._path: list[str | int | None] = []
        self._kinds: list[str] = []
        self._again: int | None = None

    def take(self, word: str, offset: int) -> None:
        if word in ",}" and self._again == len(self._path):
            self._again = None
        if word in "{[":
            self._value(offset, word)
            self._kinds.append(word)
            self._path.append(None if word == "{" else 0)
            check_depth(len(self._path), self._mark(offset))
        elif word in "}]":
            self._kinds.pop()
            self._path.pop()
        elif word == ",":
            last = self._path[-1]
            self._path[-1] = last + 1 if isinstance(last, int) else None
        elif word != ":":
            self._text(word, offset)

    def _text(self, word: str, offset: int) -> None:
        if self._kinds and self._kinds[-1] == "{" and self._path[-1] is None:
            self._path[-1] = json.loads(word)
            if self._again is None and self.document.refuses_again(self._here(), self._mark(offset)):
                self._again = len(self._path)
        else:
            self._value(offset, word)

    def _value(self, offset: int, word: str) -> None:
        if self._again is not None:
            return
        path = self._here()
        self.document.values[path] = self._mark(offset)
        if word[0] not in '{["':
            self.document.written[path] = word

    def _here(self) -> Path:
        return tuple(step for step in self._path if step is not None)

    def _mark(self, offset: int) -> Mark:
        line = bisect_right(self._starts, offset)
        return Mark(line, offset - self._starts[line - 1] + 1)
