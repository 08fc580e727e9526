"""JUnit XML: `time` of each test case, in seconds. Failed ones are failures, skipped ones are nothing.

Read with expat, the parser below all of Python's: a document type declaration is refused, so that no entity can be declared
(neither a bomb nor a file of this machine), and nesting is bounded. No tree is built.
"""

import codecs
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from benchfleet_results.formats.found import About, Found, a_name, utc
from benchfleet_results.formats.reader import Reader
from benchfleet_results.formats.source import FormatError, Source, require_size
from benchfleet_results.formats.values import Odd, a_number, known

_MAX_DEPTH = 32  # suites within suites within …
_HEAD_BYTES = 4096
_BAD = ("failure", "error")


def _looks_like(source: Source) -> bool:
    head = source.raw[:_HEAD_BYTES].decode(_encoding(source.raw), errors="replace").lstrip()
    return head.startswith("<") and "<testsuite" in head


def _encoding(raw: bytes) -> str:
    """For a look at it: UTF-16 is known by its first two bytes, a mark or `<`, as expat knows it."""
    marks = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}
    return marks.get(raw[:2], "utf-8-sig")


@dataclass
class _Case:
    where: str
    attributes: dict[str, str]
    outcome: str = ""
    reason: str = ""


@dataclass
class _Cases:
    """What expat calls. `too_short` counts those whose time is zero as written."""

    found: Found
    parser: Any
    depth: int = 0
    too_short: int = 0
    open_: _Case | None = None
    suite: dict[str, str] = field(default_factory=dict)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise FormatError(f"line {self.parser.CurrentLineNumber}: elements are nested deeper than {_MAX_DEPTH}")
        if tag == "testsuite" and not self.suite:
            self.suite = attributes
        elif tag == "testcase":
            self.open_ = _Case(f"line {self.parser.CurrentLineNumber}", attributes)
        elif self.open_ and tag in (*_BAD, "skipped") and not self.open_.outcome:
            self.open_.outcome, self.open_.reason = tag, attributes.get("message") or attributes.get("type") or tag

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == "testcase" and self.open_:
            case, self.open_ = self.open_, None
            with self.found.item(case.where, case.attributes.get("name")):
                self._case(case)

    def _case(self, case: _Case) -> None:
        names = (case.attributes.get("classname"), case.attributes.get("name"))
        name = a_name(".".join(filter(None, names)), f"{case.where}: name")
        if case.outcome in _BAD:
            self.found.fail(name, f"{case.outcome}: {case.reason}")
        elif not case.outcome:
            self._timed(name, case)

    def _timed(self, name: str, case: _Case) -> None:
        text = case.attributes.get("time", "").replace(",", "")  # some write 1,234.5
        try:
            seconds = a_number(float(text), f"{case.where}: time")
        except ValueError:
            raise Odd(f"{case.where}: time", text or None, "is no number of seconds", "such as 0.012") from None
        if seconds == 0:
            self.too_short += 1
        else:
            self.found.add(name, [seconds])


def _read(source: Source, found: Found) -> None:
    require_size(len(source.raw))
    parser = expat.ParserCreate()
    cases = _Cases(found, parser)
    parser.StartElementHandler, parser.EndElementHandler = cases.start, cases.end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(source.raw, True)
    except FormatError:
        raise
    except expat.ExpatError as error:
        raise FormatError(f"it is not XML: {error}") from error
    except (LookupError, ValueError) as error:
        raise FormatError(f"its encoding cannot be read: {error}; save it as UTF-8") from error
    if cases.too_short:
        count = f"{cases.too_short} test case{'s' * (cases.too_short != 1)}"
        found.notes.append(f"{count} took 0 s, as written, and {'were' if cases.too_short != 1 else 'was'} left out")
    found.about = About(host=known(cases.suite, "hostname"), started_at=utc(known(cases.suite, "timestamp")))


def _refuse(*declaration: object) -> None:
    raise FormatError("it has a document type declaration, which is not read: remove it")


READER = Reader("junit", _looks_like, _read)
