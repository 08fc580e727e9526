"""Is each sample like the one before it? Then there is less information in them than their number says."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean

_LEAST = 8  # samples of a task: of fewer, the sum of squared steps is far from normal


@dataclass(frozen=True)
class Serial:
    """`lag_1` is the autocorrelation of neighbours, pooled over the tasks; `p` how often independent samples have more."""

    lag_1: float
    p: float


def serial(samples: Sequence[Sequence[float]]) -> Serial | None:
    """The rank version of von Neumann's ratio, its squared steps summed over the tasks; one-sided.

    R. Bartels, "The rank version of von Neumann's ratio test for randomness", Journal of the American Statistical
    Association 77 (1982): the mean of the sum of squared steps of n ranks is n (n² - 1) / 6, its variance follows from that
    of the ratio, 4 (n - 2) (5n² - 2n - 9) / (5n (n + 1) (n - 1)²). None without eight samples that differ in one task.
    """
    blocks = [block for block in samples if len(block) >= _LEAST and len(set(block)) > 1]
    if not blocks:
        return None
    steps = expected = variance = 0.0
    for ranks in map(_ranks, blocks):
        n = len(ranks)
        scale = sum((rank - (n + 1) / 2) ** 2 for rank in ranks)  # n (n² - 1) / 12 without ties
        steps += sum((after - before) ** 2 for before, after in pairwise(ranks))
        expected += 2 * scale
        variance += scale**2 * 4 * (n - 2) * (5 * n**2 - 2 * n - 9) / (5 * n * (n + 1) * (n - 1) ** 2)
    return Serial(_lag_1(blocks), NormalDist().cdf((steps - expected) / math.sqrt(variance)))


def _lag_1(blocks: Sequence[Sequence[float]]) -> float:
    """The usual estimate (G. E. P. Box and G. M. Jenkins, Time Series Analysis, 1970), each task about its own mean."""
    together = squares = 0.0
    for block in blocks:
        mean = fmean(block)
        apart = [value - mean for value in block]
        together += sum(one * other for one, other in pairwise(apart))
        squares += sum(one * one for one in apart)
    return together / squares if squares else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """From 1; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks, start = [0.0] * len(values), 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + end + 1) / 2
        start = end
    return ranks
