"""A report for print. What is compared is compared by its whole name; only what people look at is cut and tidied."""

import hashlib
import re
import unicodedata
from typing import Any

from benchfleet.report.model.report import Report

MOST_CHARS = 100  # of a name in print; reasons have their own limit where they are read
_UNSEEN_BLANK = re.compile(r"^ | $|(?<= ) ")
_LONG = frozenset(
    {"reason", "reasons", "warnings", "environment", "values", "workload_options", "short", "detail", "money"}
    | {
        "headline",
        "words",
        "worst",
        "shortened",
        "not_recorded",
        "changed",
    }  # sentences about quality: names in them are short
)


def for_print(report: Report) -> Report:
    """The same report with names that fit a line. Two names that differ still do."""
    return Report.model_validate(_walk(report.model_dump()))


def shown(name: str) -> str:
    """Characters that do not print stand as escapes; of a long name beginning and end stay, with a mark of the whole."""
    line = printable(name)
    if len(line) <= MOST_CHARS:
        return line
    mark = f"…[{hashlib.sha256(name.encode(errors='replace')).hexdigest()[:6]}]…"
    head = (MOST_CHARS - len(mark)) // 2
    return line[:head] + mark + line[head + len(mark) - MOST_CHARS :]


def printable(text: str) -> str:
    """Whole, with escapes for what does not print or is not seen: nothing in it steers a terminal or hides a difference."""
    seen = _UNSEEN_BLANK.sub(r"\\x20", text)
    composed = unicodedata.is_normalized("NFC", seen)
    return "".join(c if c.isprintable() and (composed or _composed(c)) else _escape(c) for c in seen)


def _composed(character: str) -> bool:
    """Not so: an accent of its own behind a letter that exists with that accent, as macOS spells names of files."""
    return not unicodedata.combining(character) and unicodedata.is_normalized("NFC", character)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list | tuple):
        return [_walk(each) for each in value]
    if isinstance(value, dict):
        return {key: _kept(key, each) if key in _LONG else _walk(each) for key, each in value.items()}
    return value


def _kept(key: str, value: Any) -> Any:
    """Whole. Warnings tell names of folders and runs, and stand on a terminal as they are."""
    return [printable(warning) for warning in value] if key == "warnings" else value
