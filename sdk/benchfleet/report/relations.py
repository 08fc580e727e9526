"""From comparisons of two sides to what a report says of them."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from benchfleet_results.metrics import Scale
from benchfleet_results.statistics.comparing import Sample, compare, contrast, holm, significance

from benchfleet.report.model import CONFIDENCE, LEVEL, Relation, Verdict

Key = TypeVar("Key")
NOTHING = Relation()
NOT_COMPARED = Relation(verdict="not_compared")


def to_best(samples: Mapping[Key, Sample], *, scale: Scale = "ratio") -> dict[Key, Relation]:
    """Each side's relation to the one with the lowest mean, best first.

    The family of Holm's correction are all pairs: the best is not known beforehand but picked by the same numbers, so
    the chance of a false claim is only bounded if any pair might have been the one looked at.
    """
    order = sorted(samples, key=lambda key: samples[key].mean)
    best, *others = order
    pairs = list(combinations(order, 2))
    family = adjusted([significance(samples[one], samples[other]) for one, other in pairs])
    with_best = dict(zip((other for _, other in pairs[: len(others)]), family, strict=False))  # they come first
    found = {key: relation(samples[key], samples[best], p_adjusted=with_best[key], scale=scale) for key in others}
    return {best: _best(scale), **found}


def _best(scale: Scale) -> Relation:
    if scale == "ratio":
        return Relation(ratio=1.0, verdict="best")
    return Relation(difference=0.0, verdict="best")


def adjusted(probabilities: Sequence[float | None]) -> list[float | None]:
    """Holm over those that there are."""
    found = iter(holm([p for p in probabilities if p is not None]))
    return [None if p is None else next(found) for p in probabilities]


def relation(this: Sample, other: Sample, *, p_adjusted: float | None, scale: Scale = "ratio") -> Relation:
    """Samples of logarithms for a ratio, else of plain means."""
    verdict = _verdict(this.mean - other.mean, p_adjusted)
    if scale == "ratio":
        ratio = compare(this, other, confidence=CONFIDENCE)
        return Relation(ratio=ratio.ratio, interval=ratio.interval, p=ratio.p, p_adjusted=p_adjusted, verdict=verdict)
    found = contrast(this, other, confidence=CONFIDENCE)
    return Relation(
        difference=found.difference,
        difference_interval=found.interval,
        p=found.p,
        p_adjusted=p_adjusted,
        verdict=verdict,
    )


def _verdict(difference: float, p_adjusted: float | None) -> Verdict:
    if p_adjusted is None:
        return "unknown"
    if p_adjusted >= LEVEL:
        return "unclear"
    return "worse" if difference > 0 else "better"
