"""Modes that measure less than usual, which a report has to name. Each kind of work knows its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

FEW = 5  # repeats: with fewer, no interval says much, and a warm-up hides


class Mode(NamedTuple):
    """`words`: as it stands in the options, with what it means. `poor`: for trying things out, not for numbers."""

    words: str
    grade: Literal["fair", "poor"]


def none(options: Mapping[str, Any], samples: int) -> Sequence[Mode]:
    return ()


def always(options: Mapping[str, Any], samples: int) -> bool:
    return True


def never(options: Mapping[str, Any], samples: int) -> bool:
    return False


def few(name: str, value: Any, samples: int) -> list[Mode]:
    """For an option that is the least number of measured repeats; more than it were made where there are more samples."""
    wrong = isinstance(value, bool) or not isinstance(value, int) or not 0 < value < FEW or samples >= FEW
    return [] if wrong else [Mode(f"{name}: {value}", "poor" if value == 1 else "fair")]


def is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0
