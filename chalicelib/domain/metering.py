"""What is counted and measured while a function works, until it is told. Pure."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Literal

Unit = Literal["Count", "Bytes", "Seconds", "None"]


@dataclass(frozen=True)
class Reading:
    """`code` divides a metric by its reason."""

    name: str
    value: float
    unit: Unit = "Count"
    code: str | None = None


class Meter:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counted: Counter[tuple[str, Unit, str | None]] = Counter()
        self._seen: dict[str, Reading] = {}

    def add(self, name: str, value: int = 1, *, unit: Unit = "Count", code: str | None = None) -> None:
        """Adds to what was counted since it was last taken."""
        with self._lock:
            self._counted[name, unit, code] += value

    def see(self, name: str, value: float, *, unit: Unit) -> None:
        """A state of now: of two, the later stays."""
        with self._lock:
            self._seen[name] = Reading(name, value, unit)

    def take(self) -> list[Reading]:
        """All that came since the last time, without what is zero because nothing happened."""
        with self._lock:
            counted = [Reading(name, value, unit, code) for (name, unit, code), value in self._counted.items() if value]
            found = [*counted, *self._seen.values()]
            self._counted.clear()
            self._seen.clear()
        return found
