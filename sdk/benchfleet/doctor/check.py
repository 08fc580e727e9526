"""The answer to one question."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """`warn`: it works, but less well or not everything. `fail`: something that was asked for cannot work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """`found` is what was seen; `remedy` what to do about it, empty if all is well."""

    name: str
    outcome: Outcome
    found: str
    remedy: str = ""


def ok(name: str, found: str) -> Check:
    return Check(name, Outcome.OK, found)


def warn(name: str, found: str, *, remedy: str) -> Check:
    return Check(name, Outcome.WARN, found, remedy)


def fail(name: str, found: str, *, remedy: str) -> Check:
    return Check(name, Outcome.FAIL, found, remedy)
