"""From comparisons of two sides to what a report says of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from benchfleet.report.model import CONFIDENCE, LEVEL, Relation, Verdict
from benchfleet.statistics.comparing import Sample, compare, holm, significance

Key = TypeVar("Key")
NOTHING = Relation(ratio=None, interval=None, p=None, p_adjusted=None, verdict="unknown")
BEST = Relation(ratio=1.0, interval=None, p=None, p_adjusted=None, verdict="best")


def to_best(samples: Mapping[Key, Sample]) -> dict[Key, Relation]:
    """Each side's relation to the one with the lowest mean, best first.

    The family of Holm's correction are all pairs: the best is not known beforehand but picked by the same numbers, so
    the chance of a false claim is only bounded if any pair might have been the one looked at.
    """
    order = sorted(samples, key=lambda key: samples[key].mean)
    best, *others = order
    pairs = list(combinations(order, 2))
    family = adjusted([significance(samples[one], samples[other]) for one, other in pairs])
    with_best = dict(zip((other for _, other in pairs[: len(others)]), family, strict=False))  # they come first
    found = {key: relation(samples[key], samples[best], p_adjusted=with_best[key]) for key in others}
    return {best: BEST, **found}


def adjusted(probabilities: Sequence[float | None]) -> list[float | None]:
    """Holm over those that there are."""
    found = iter(holm([p for p in probabilities if p is not None]))
    return [None if p is None else next(found) for p in probabilities]


def relation(this: Sample, other: Sample, *, p_adjusted: float | None) -> Relation:
    found = compare(this, other, confidence=CONFIDENCE)
    return Relation(
        ratio=found.ratio,
        interval=found.interval,
        p=found.p,
        p_adjusted=p_adjusted,
        verdict=_verdict(this.mean - other.mean, p_adjusted),
    )


def _verdict(difference: float, p_adjusted: float | None) -> Verdict:
    if p_adjusted is None:
        return "unknown"
    if p_adjusted >= LEVEL:
        return "unclear"
    return "worse" if difference > 0 else "better"
