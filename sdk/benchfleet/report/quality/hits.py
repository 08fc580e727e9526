"""What a check found in single tasks, as one finding of the series."""

from collections.abc import Sequence
from typing import NamedTuple

from benchfleet.report.model.quality import Grade, QualityFinding

ORDER: Sequence[Grade] = ("poor", "unknown", "fair", "good")  # worst first: what is unknown may be poor


class Hit(NamedTuple):
    """In one task. `size` orders hits of one kind, the largest being the worst."""

    grade: Grade
    size: float
    words: str


def finding(kind: str, hits: Sequence[Hit | None], *, tasks: int, least: float = 0.0) -> list[QualityFinding]:
    """None or one, in the words of the worst. It is poor only if it is in half of the tasks: one bad task does not make
    all the others bad, and each task more is a chance more for noise to look bad. `least`: the share of the tasks that
    must have it at all.
    """
    found = [hit for hit in hits if hit]
    if not found or len(found) < least * tasks:
        return []
    poor = sum(hit.grade == "poor" for hit in found)
    worst = min(found, key=lambda hit: (ORDER.index(hit.grade), -hit.size))
    grade = worst.grade if worst.grade != "poor" or 2 * poor >= tasks else "fair"
    return [QualityFinding(kind=kind, size=worst.size, grade=grade, tasks=len(found), words=worst.words)]


def graded(size: float, *, fair: float, poor: float) -> Grade | None:
    """None below both."""
    return "poor" if size >= poor else "fair" if size >= fair else None


def worst(found: Sequence[QualityFinding]) -> Grade:
    return min((one.grade for one in found), key=ORDER.index, default="good")
