"""A file, or a folder of files, as a reader sees it: whole, bounded, parsed once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from benchfleet_contract.bounds import MAX_OUTPUT_BYTES, MAX_VALUES, has_many_values
from benchfleet_contract.problems import Problem

MAX_FILES = 20_000  # of a folder
_LONG_DIGITS = 400  # an integer of more is beyond every float, and Python refuses thousands


class FormatError(ValueError):
    """A file that cannot be read. `problems` is everything that is wrong with it, each with its place."""

    def __init__(self, message: str, problems: "list[Problem] | None" = None) -> None:
        super().__init__(message)
        self.problems = problems or []


@dataclass(frozen=True)
class Source:
    """`name` is for messages. `files` are a folder's: path below it, with `/` → content."""

    name: str
    raw: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        """Bytes that are no UTF-8 become U+FFFD."""
        return self.raw.decode("utf-8-sig", errors="replace")

    @cached_property
    def peeked(self) -> Any:
        """The JSON document, None if the file holds none: for a look at what it may be."""
        try:
            return self.document()
        except FormatError:
            return None

    def document(self) -> Any:
        """The JSON document. Raises FormatError with line and column."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        return parsed(self.raw)


def parsed(raw: bytes) -> Any:
    """JSON, bounded. Raises FormatError."""
    require_size(len(raw))
    if has_many_values(raw):  # parsed, a value takes up to forty times the memory of its text
        raise FormatError(f"it holds more than {MAX_VALUES} values: split the file, or leave raw samples out")
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_int=_integer)
    except json.JSONDecodeError as error:
        raise FormatError(f"it is not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"it is not UTF-8: byte {error.start} is {raw[error.start : error.start + 1]!r}") from error
    except RecursionError as error:
        raise FormatError("it is nested too deeply") from error


def require_size(size: int) -> None:
    """Raises FormatError for more than MAX_OUTPUT_BYTES bytes."""
    if size > MAX_OUTPUT_BYTES:
        raise FormatError(f"it has {size} bytes, at most {MAX_OUTPUT_BYTES} are read: split the file")


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) < _LONG_DIGITS else float(digits)
