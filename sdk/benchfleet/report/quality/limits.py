"""From where on a condition of the machine speaks against what was measured there.

The limits are conventions, chosen for benchmarks that look for differences of some per cent: on two cores, a tenth of a
core that others use can take 5 % from a task that shares a core with it, and half a core a quarter.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from benchfleet.report import words

Kind = Literal["foreign cpu", "steal", "throttled", "busy slots", "runnable", "load", "attempt"]


@dataclass(frozen=True)
class Limit:
    """`value` takes a task's conditions and its number of cores. From `fair` on it is a finding, from `poor` on a bad one.

    Groups whose medians are at least `apart` from each other are not compared under the same conditions.
    """

    kind: Kind
    title: str
    value: Callable[[Mapping[str, float], int | None], float | None]
    fair: float
    poor: float
    apart: float
    words: Callable[[float], str]


def _of(name: str) -> Callable[[Mapping[str, float], int | None], float | None]:
    return lambda found, cores: found.get(name)


def _beyond_cores(name: str) -> Callable[[Mapping[str, float], int | None], float | None]:
    """By how much more than one for each core; the runner's own threads are among them."""

    def value(found: Mapping[str, float], cores: int | None) -> float | None:
        return max(found[name] - cores, 0.0) if name in found and cores else None

    return value


def _number(what: str, *, before: str = "") -> Callable[[float], str]:
    return lambda value: before + f"{value:.2f}".rstrip("0").rstrip(".") + f" {what}"


def _share(what: str) -> Callable[[float], str]:
    return lambda value: f"{words.share(value)} {what}"


LIMITS = (
    Limit("foreign cpu", "other work on the machine", _of("foreign cpu"), 0.1, 0.5, 0.25, _number("cores used by others")),
    Limit("steal", "CPU time stolen by other guests", _of("steal"), 0.01, 0.05, 0.01, _share("of the CPU time stolen")),
    Limit("throttled", "held back by a CPU quota", _of("throttled"), 0.001, 0.05, 0.01, _share("of the time held back")),
    Limit("busy slots", "other tasks beside it", _of("busy slots"), 1, math.inf, 1, _number("other slots at work")),
    Limit(
        "runnable", "more threads than cores before it began", _beyond_cores("runnable before"), 1, math.inf, 1,
        _number("beyond the number of cores", before="runnable threads: "),
    ),
    Limit(
        "load", "load above the number of cores before it began", _beyond_cores("load before"), 0.5, math.inf, 0.5,
        _number("above the number of cores", before="a load of "),
    ),
    Limit("attempt", "second attempts", _of("attempt"), 2, math.inf, 1, lambda value: f"attempt {value:.0f}"),
)  # fmt: skip
CLOCK = 1.1  # highest over lowest: beyond, clocks differ by more than governors and counters do by themselves
