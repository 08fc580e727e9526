"""Which changes of level are steps: those that a test between the runs before and after them finds beyond noise.

Where a series may have changed is picked by its own numbers, so a test of that place alone would claim too much: each place
where a step could have been found counts as a test, in each series of the history. What remains of false claims, and how
large a step has to be, is simulated (`make bench`, topic history_steps).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from benchfleet_results.boards.model import LEVEL, Relation
from benchfleet_results.boards.relations import relation
from benchfleet_results.metrics import Scale
from benchfleet_results.statistics.comparing import significance
from benchfleet_results.statistics.families import Decision, decide
from benchfleet_results.statistics.sample import ROUNDING, Sample

from benchfleet.report.history.change_points import LEAST_RUNS, SHORTEST, change_points


@dataclass(frozen=True)
class Track:
    """A series of costs (larger is worse) with the places where it may have changed."""

    costs: tuple[float, ...]
    overall: bool
    scale: Scale = "ratio"
    rounding: float = ROUNDING
    floor: float = 0.0
    breaks: tuple[int, ...] = ()

    def searched(self) -> "Track":
        return replace(self, breaks=tuple(change_points(self.costs, floor=self.floor)))

    @property
    def segments(self) -> list[Sample]:
        """Without a bound on degrees of freedom: the correction for all places keeps false claims rare, and with it a step of
        three runs ago would be found a third as often.
        """
        bounds = [0, *self.breaks, len(self.costs)]
        return [
            Sample.of(self.costs[start:end], rounding=self.rounding, floor=self.floor / (end - start), bounded=False)
            for start, end in pairwise(bounds)
        ]

    @property
    def p_values(self) -> list[float | None]:
        """Of each change, then 1 for each other place where one could have been found."""
        if len(self.costs) < LEAST_RUNS:
            return []
        found = [significance(after, before) for before, after in pairwise(self.segments)]
        others = len(self.costs) - 2 * SHORTEST + 1 - len(found)
        return [*found, *([1.0] * others)]


@dataclass(frozen=True)
class Stepped:
    """A track of which only steps beyond noise are left, with the relation of each to the level before it."""

    track: Track
    relations: list[Relation]


def stepped(tracks: Sequence[Track]) -> tuple[list[Stepped], int]:
    """All tracks of a history, one family of tests (as a board's, overall means first), and how many tests that were.

    What is within noise is dropped, the least likely of each track first, and the rest is tested again over the longer
    levels.
    """
    left = list(tracks)
    while True:
        decisions = _decisions(left)
        weakest = [_weakest(track, found) for track, found in zip(left, decisions, strict=True)]
        if all(one is None for one in weakest):
            tests = sum(one is not None for found in decisions for one in found)
            return [_told(track, found) for track, found in zip(left, decisions, strict=True)], tests
        left = [_without(track, one) for track, one in zip(left, weakest, strict=True)]


def _decisions(tracks: Sequence[Track]) -> list[list[Decision | None]]:
    tested = [track.p_values for track in tracks]
    pairs = list(zip(tracks, tested, strict=True))
    above, below = decide(
        [p for track, found in pairs if track.overall for p in found],
        [p for track, found in pairs if not track.overall for p in found],
    )
    rest: dict[bool, Iterator[Decision | None]] = {True: iter(above), False: iter(below)}
    return [[next(rest[track.overall]) for _ in found] for track, found in pairs]


def _weakest(track: Track, found: Sequence[Decision | None]) -> int | None:
    """Index of the break that is the furthest from being a step; None where all are steps."""
    p = {number: found[number].p_adjusted if found[number] else 1.0 for number in range(len(track.breaks))}  # type: ignore[union-attr]
    worst = max(p, key=lambda number: p[number], default=None)
    return worst if worst is not None and p[worst] >= LEVEL else None


def _without(track: Track, number: int | None) -> Track:
    return track if number is None else replace(track, breaks=track.breaks[:number] + track.breaks[number + 1 :])


def _told(track: Track, found: Sequence[Decision | None]) -> Stepped:
    parts = track.segments if track.breaks else []
    pairs = zip(parts, parts[1:], found, strict=False)
    return Stepped(track, [relation(after, before, one, scale=track.scale) for before, after, one in pairs])
