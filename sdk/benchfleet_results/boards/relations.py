"""From comparisons of two sides to what a report says of them."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Generic, TypeVar

from benchfleet_results.boards.model import LEVEL, Relation, Verdict
from benchfleet_results.metrics import Scale
from benchfleet_results.statistics.comparing import compare, contrast, error_between, exp, significance
from benchfleet_results.statistics.families import Decision, decide
from benchfleet_results.statistics.power import detectable, needed
from benchfleet_results.statistics.sample import Sample

Key = TypeVar("Key", bound=Hashable)
Pair = tuple[Key, Key]
Decisions = dict[Pair[Key], Decision | None]
NOTHING = Relation()
NOT_COMPARED = Relation(verdict="not_compared")


@dataclass(frozen=True)
class Pairs(Generic[Key]):
    """All pairs of one table, with their p values; `order` is best first.

    All of them are tested: the best is not known beforehand but picked by the same numbers, so the chance of a false claim
    is only bounded if any pair might have been the one looked at.
    """

    samples: Mapping[Key, Sample]
    order: list[Key]
    p_values: dict[Pair[Key], float | None]

    @classmethod
    def of(cls, samples: Mapping[Key, Sample]) -> "Pairs[Key]":
        order = sorted(samples, key=lambda key: samples[key].mean)
        tested = {(one, other): significance(samples[other], samples[one]) for one, other in combinations(order, 2)}
        return cls(samples, order, tested)

    def decided(self, decisions: Decisions[Key], scale: Scale) -> "Standing[Key]":
        first, *others = self.order
        found = {
            key: relation(self.samples[key], self.samples[first], decisions.get((first, key)), scale=scale)
            for key in others
        }
        told_apart = bool(others) and all(one.verdict == "worse" for one in found.values())
        return Standing(
            {first: _reference(scale, _of_first({one.verdict for one in found.values()})), **found},
            {key: self._place(key, decisions) for key in self.order},
            told_apart,
        )

    def _place(self, key: Key, decisions: Decisions[Key]) -> int:
        """1 + those that are better beyond noise."""
        better = (decisions.get((one, key)) for one in self.order[: self.order.index(key)])
        return 1 + sum(one is not None and one.p_adjusted < LEVEL for one in better)


@dataclass(frozen=True)
class Standing(Generic[Key]):
    """Each side's relation to the one with the lowest mean, best first, and its place."""

    relations: dict[Key, Relation]
    places: dict[Key, int]
    told_apart: bool


@dataclass(frozen=True)
class Judged(Generic[Key]):
    """A board: its overall means (None where it has no ranking), and each of its benchmarks."""

    overall: Standing[Key] | None
    single: list[Standing[Key]]
    tests: int


def judge(
    overall: Mapping[Key, Sample] | None,
    single: Sequence[tuple[Mapping[Key, Sample], Scale]],
    *,
    scale: Scale = "ratio",
) -> Judged[Key]:
    """One family of tests for the whole board.

    Where one benchmark is all there is, it is the overall mean, too, and is tested once: to count one comparison as two
    would only hide what it found.
    """
    tops = [Pairs.of(overall)] if overall else []
    tables = [Pairs.of(samples) for samples, _ in single]
    once = bool(tops) and len(tables) == 1 and tables[0].samples.keys() == tops[0].samples.keys()
    above, below = _decided([] if once else tops, tables)
    if once:
        above = below
    return Judged(
        tops[0].decided(above[0], scale) if tops else None,
        [table.decided(one, of) for table, one, (_, of) in zip(tables, below, single, strict=True)],
        sum(one is not None for found in (below if once else [*above, *below]) for one in found.values()),
    )


def _decided(
    overall: Sequence[Pairs[Key]], single: Sequence[Pairs[Key]]
) -> tuple[list[Decisions[Key]], list[Decisions[Key]]]:
    above, below = decide(
        [p for table in overall for p in table.p_values.values()],
        [p for table in single for p in table.p_values.values()],
    )
    return _shared_out(overall, above), _shared_out(single, below)


def _shared_out(tables: Sequence[Pairs[Key]], decisions: Sequence[Decision | None]) -> list[Decisions[Key]]:
    rest = iter(decisions)
    return [{pair: next(rest) for pair in table.p_values} for table in tables]


def standing(samples: Mapping[Key, Sample], *, scale: Scale = "ratio") -> Standing[Key]:
    """Of a table that is a family of its own."""
    table = Pairs.of(samples)
    _, (decisions,) = _decided([], [table])
    return table.decided(decisions, scale)


def untested(samples: Mapping[Key, Sample], scale: Scale) -> Standing[Key]:
    """Best first, and nothing is said of it."""
    return Pairs(samples, sorted(samples, key=lambda key: samples[key].mean), {}).decided({}, scale)


def _of_first(others: set[Verdict]) -> Verdict:
    """What was not tested is not "not told apart": absence of evidence is no evidence."""
    if others <= {"worse"}:
        return "best"
    return "first" if "unclear" in others else "ahead"


def _reference(scale: Scale, verdict: Verdict) -> Relation:
    return Relation(ratio=1.0, verdict=verdict) if scale == "ratio" else Relation(difference=0.0, verdict=verdict)


def relation(this: Sample, other: Sample, decision: Decision | None, *, scale: Scale = "ratio") -> Relation:
    """Samples of logarithms for a ratio, else of plain means. Without a decision nothing was tested."""
    level = LEVEL * decision.share if decision else LEVEL
    error = error_between(this, other) if decision else None
    least = detectable(error, level=level) if error else None
    known = {
        "p_adjusted": decision.p_adjusted if decision else None,
        "confidence": 1 - level,
        "verdict": _verdict(this.mean - other.mean, decision),
    }
    if scale == "ratio":
        ratio = compare(this, other, confidence=1 - level)
        return Relation(
            ratio=ratio.ratio,
            interval=ratio.interval,
            p=ratio.p,
            detectable=exp(least) if least is not None else None,
            **known,
        )
    found = contrast(this, other, confidence=1 - level)
    return Relation(
        difference=found.difference, difference_interval=found.interval, p=found.p, detectable=least, **known
    )


def enough(this: Sample, other: Sample, related: Relation) -> int | None:
    """How many units of each side would tell a difference that is within noise; None where it is not, or no number would."""
    return needed(this, other, level=1 - related.confidence) if related.verdict == "unclear" else None


def _verdict(difference: float, decision: Decision | None) -> Verdict:
    if decision is None:
        return "unknown"
    if decision.p_adjusted >= LEVEL:
        return "unclear"
    return "worse" if difference > 0 else "better"
