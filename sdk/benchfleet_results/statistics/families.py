"""Many tests on one board, and at most one false claim among them in twenty boards.

Two families: the overall means, which answer the question, and single benchmarks. The level is split between them, and
a family whose tests are all rejected passes its share to the other: the graphical procedure of F. Bretz, W. Maurer,
W. Brannath and M. Posch, "A graphical approach to sequentially rejective multiple test procedures", Statistics in Medicine
28 (2009). Inside a family it is S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
of Statistics 6 (1979). The chance of even one false claim stays below the level, whatever the dependence of the tests.
"""

from collections.abc import Sequence
from typing import NamedTuple

OVERALL_SHARE = 0.8  # of the level, as long as neither family is rejected: people ask for the overall answer


class Decision(NamedTuple):
    """`p_adjusted` below the level is a claim. `share` of the level is what this test had: an interval with confidence
    1 - level · share leaves out 0 exactly where `p_adjusted` is below the level.
    """

    p_adjusted: float
    share: float


def decide(
    overall: Sequence[float | None], single: Sequence[float | None]
) -> tuple[list[Decision | None], list[Decision | None]]:
    """p values of both families, in any order; None where nothing was tested. Decisions in the same order."""
    families = [_ordered(overall), _ordered(single)]
    found: list[dict[int, Decision]] = [{}, {}]
    least = 0.0
    while any(families):
        shares = _shares(len(families[0]), len(families[1]))
        which = min((n for n in (0, 1) if families[n]), key=lambda n: families[n][-1][0] / shares[n])
        p, index = families[which].pop()
        share = shares[which]
        least = max(least, p / share)
        found[which][index] = Decision(min(1.0, least), p / least if least > 0 else share)
    return _spread_out(overall, found[0]), _spread_out(single, found[1])


def _ordered(probabilities: Sequence[float | None]) -> list[tuple[float, int]]:
    """The smallest last, so that it is taken first; of equal ones the first."""
    return sorted(
        ((p, index) for index, p in enumerate(probabilities) if p is not None), key=lambda one: (-one[0], -one[1])
    )


def _shares(overall: int, single: int) -> tuple[float, float]:
    """Of the level, for each test of either family that is left."""
    whole = OVERALL_SHARE if overall and single else 1.0
    rest = 1 - OVERALL_SHARE if overall and single else 1.0
    return (whole / overall if overall else 0.0, rest / single if single else 0.0)


def _spread_out(probabilities: Sequence[float | None], found: dict[int, Decision]) -> list[Decision | None]:
    return [found.get(index) for index in range(len(probabilities))]
