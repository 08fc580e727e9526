"""What is wrong with a config, and where it says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.problems import Problem

from benchfleet.documents.printable import printable
from benchfleet.exceptions import ConfigError

MOST_TOLD = 50


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a text; both count from 1, columns in characters."""

    line: int
    column: int


START = Mark(1, 1)


@dataclass(frozen=True)
class Finding:
    """One problem. `field` is a path such as `local[0].instance_type`, or empty for the text itself; `value` is JSON or empty."""

    mark: Mark
    field: str
    message: str
    remedy: str
    value: str = ""

    def line(self, path: Path) -> str:
        field = f"{self.field}: " if self.field else ""
        value = f" (found {self.value})" if self.value else ""
        return f"{path}:{self.mark.line}:{self.mark.column}: {field}{self.message}{value}; {self.remedy}"

    def problem(self) -> Problem:
        return Problem(field=self.field, value=self.value or None, message=self.message, remedy=self.remedy)


@dataclass(frozen=True, order=True)
class Remark:
    """Worth a warning, and no problem. `field` may be of any length."""

    mark: Mark
    field: str
    words: str

    def line(self, path: Path) -> str:
        return f"{path}:{self.mark.line}:{self.mark.column}: warning: {self.field[:100]}: {self.words}"


class InvalidConfig(ConfigError):
    """Everything that is wrong with one config, in the order of its lines; `findings` know their places.

    Warnings (lines of text) are told below: what seems to be missing is often there under another name.
    """

    def __init__(self, path: Path, findings: Iterable[Finding], *, warnings: Sequence[str] = ()) -> None:
        self.path = path
        self.findings = tuple(sorted(findings, key=lambda found: found.mark))
        beside = f" and {_count(len(warnings), 'warning')}" if warnings else ""
        lines = [
            f"{path} has {_count(len(self.findings), 'problem')}{beside}",
            *first_lines(found.line(path) for found in self.findings),
            *first_lines(warnings),
        ]
        super().__init__("\n".join(lines), problems=[found.problem() for found in self.findings])


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def first_lines(lines: Iterable[str]) -> list[str]:
    """As many as a person reads: a file that is garbage has more of them than bytes."""
    told = list(lines)
    more = len(told) - MOST_TOLD
    return [printable(line).replace("\n", " ") for line in told[:MOST_TOLD]] + (
        [f"… and {more} more"] if more > 0 else []
    )


class SyntaxProblem(Exception):
    """The text cannot be read further. Never leaves this package."""

    def __init__(self, mark: Mark, message: str, remedy: str) -> None:
        super().__init__(message)
        self.finding = Finding(mark, "", message, remedy)
