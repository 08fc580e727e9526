"""One number for many benchmarks: the geometric mean, with an interval.

The geometric mean is the only mean of ratios whose order does not depend on the machine one divides by (P. J. Fleming
and J. J. Wallace, "How not to lie with statistics: the correct way to summarize benchmark results", Communications of
the ACM 29, 1986).
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from benchfleet_results.statistics.comparing import as_ratios, exp
from benchfleet_results.statistics.sample import PAIRS, ROUNDING, Sample


@dataclass(frozen=True)
class Score:
    """A group over a set of benchmarks: `sample` is on the scale of what it was made of.

    `geometric_mean` and `interval` are of a score of logarithms; `ends` is the interval on the sample's own scale.
    """

    sample: Sample

    @property
    def geometric_mean(self) -> float | None:
        return exp(self.sample.mean)

    def interval(self, *, confidence: float = 0.95) -> tuple[float, float] | None:
        """None with one unit: what differs from one to another is then unknown."""
        ends = self.ends(confidence=confidence)
        return None if ends is None else as_ratios(ends)

    def ends(self, *, confidence: float = 0.95) -> tuple[float, float] | None:
        return self.sample.ends(confidence=confidence)


def score(
    units: Mapping[Hashable, Mapping[str, float]],
    benchmarks: Sequence[str],
    *,
    rounding: float = ROUNDING,
    floor: float = 0.0,
    pairs: int = PAIRS,
) -> Score:
    """`units` holds, for each unit, benchmark → log of its mean, or the mean itself where there are no logarithms.

    A unit is what was repeated: an instance (with the mean over its tasks), or a task. Each benchmark must be there in one
    unit at least.

    The log of the geometric mean is the mean over benchmarks of the mean over units. If every unit has every benchmark,
    the interval is Student's t over the units' own scores, exactly. A unit that lacks some adds what it has: its
    deviations, weighted by how few units measured that benchmark (linearisation of a mean over clusters, the units being
    the clusters: W. G. Cochran, Sampling Techniques, 3rd edition 1977, chapter 9A). So benchmarks of one unit,
    which share its machine, are never counted as independent. A benchmark of one unit only does not deviate from
    itself, which is no sign of certainty: it is taken to deviate as that unit's others do, and where there are none
    the error is unknown. `rounding`, `floor` and `pairs` are those of the sample. Raises ValueError without benchmarks.
    """
    if not benchmarks:
        raise ValueError("no benchmarks to score")
    found = {unit: of for unit, of in units.items() if any(name in of for name in benchmarks)}
    counts = {name: sum(name in of for of in found.values()) for name in benchmarks}
    centres = {name: fmean(of[name] for of in found.values() if name in of) for name in benchmarks}
    mean, size = fmean(centres.values()), len(found)
    apart = {unit: _deviation(of, centres, counts, size=size) for unit, of in found.items()}
    known = {unit: one for unit, one in apart.items() if one is not None}
    if size < 2 or len(known) < size:
        return Score(Sample(mean, None, 0, rounding, floor))
    error = max(sum(one * one for one in known.values()) / (size * (size - 1)), floor)
    return Score(Sample(mean, error, size - 1, rounding, floor, known, pairs))


def _deviation(
    unit: Mapping[str, float], centres: Mapping[str, float], counts: Mapping[str, int], *, size: int
) -> float | None:
    """How far the unit pulls the score from its mean, `size` times; None where nothing of it was measured elsewhere.

    The root undoes that deviations from a mean of few are too small: that of all units is undone with the sum of squares.
    """
    shared = {
        name: (unit[name] - centres[name]) * sqrt(counts[name] / (counts[name] - 1) * (size - 1) / size)
        for name in centres
        if name in unit and counts[name] > 1
    }
    alone = sum(name in unit and counts[name] == 1 for name in centres)
    if not shared:
        return None
    typical = fmean(shared.values())
    return (sum(one * size / counts[name] for name, one in shared.items()) + typical * size * alone) / len(centres)
