"""Do the samples of a task still change from first to last? A benchmark that is still warming up gets faster.

Order is tested, not size, so that neither skewed nor heavy-tailed noise makes a trend. `samples` are one sequence for each
task, as they were measured.
"""

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist, median

_EXACT_PAIRS = 500  # up to so many, orders are counted; beyond, the sum is normal to three digits
_RUN = 10_000  # samples


@dataclass(frozen=True)
class Trend:
    """Probabilities that noise alone falls, or rises, at least as much as the samples did.

    `least` is the smallest that so few samples could have shown: where it is above the level, nothing can be found.
    """

    falling: float
    rising: float
    least: float


def trend(samples: Sequence[Sequence[float]]) -> Trend | None:
    """The Mann-Kendall test, its statistic summed over the tasks. None without two different samples in one task.

    H. B. Mann, "Nonparametric tests against trend", Econometrica 13 (1945); M. G. Kendall, Rank Correlation Methods
    (1948): the distribution of S without ties, its variance with them. The sum over blocks that are not compared with
    each other: R. M. Hirsch, J. R. Slack and R. A. Smith, "Techniques of trend analysis for monthly water quality data",
    Water Resources Research 18 (1982). Small samples without ties are counted exactly, others taken as normal with a
    correction for continuity.
    """
    blocks = [block for block in samples if len(set(block)) > 1]
    if not blocks:
        return None
    score, sizes = sum(map(_score, blocks)), tuple(sorted(map(len, blocks)))
    pairs = sum(size * (size - 1) // 2 for size in sizes)
    if pairs <= _EXACT_PAIRS and all(len(set(block)) == len(block) for block in blocks):
        tail = _tails(sizes)
        return Trend(falling=tail[(pairs + score) // 2], rising=tail[(pairs - score) // 2], least=tail[0])
    spread = math.sqrt(sum(map(_variance, blocks)))
    return Trend(_normal((score + 1) / spread), _normal((1 - score) / spread), _normal((1 - pairs) / spread))


def first_is_highest(samples: Sequence[Sequence[float]]) -> float | None:
    """The probability that, of exchangeable samples, the first is the highest in as many tasks as it is here.

    One slow sample at the start is no trend over all of them. In a task of n samples each is the highest with a chance of
    1 / n; the tail of their sum over tasks (Poisson's binomial) is counted exactly. None without three in a task.
    """
    blocks = [block for block in samples if len(block) > 2]
    if not blocks:
        return None
    hits = sum(block[0] > max(block[1:]) for block in blocks)
    chances = [1.0]
    for block in blocks:
        chances = [
            (chances[k] if k < len(chances) else 0.0) * (1 - 1 / len(block))
            + (chances[k - 1] / len(block) if k else 0.0)
            for k in range(len(chances) + 1)
        ]
    return min(math.fsum(chances[hits:]), 1.0)


def change(samples: Sequence[Sequence[float]]) -> float | None:
    """How far the first quarter is above the last one, as a share of the last: the median over tasks of medians.

    0.05: the first samples take 5 % longer. None where no task has two samples, or one ends at zero.
    """
    found = [_change(block) for block in samples if len(block) > 1]
    return None if not found or None in found else median(one for one in found if one is not None)


def _change(block: Sequence[float]) -> float | None:
    quarter = max(len(block) // 4, 1)
    last = median(block[-quarter:])
    return median(block[:quarter]) / last - 1 if last else None


def _score(block: Sequence[float], *, run: int = _RUN) -> int:
    """Kendall's S: pairs that rise less pairs that fall.

    In runs, whose sorted values are put together at their end: to insert each into all that came before it would move
    half a million others for each of a million samples.
    """
    score, before = 0, list[float]()
    for start in range(0, len(block), run):
        seen: list[float] = []
        for value in block[start : start + run]:
            score += _below_less_above(seen, value)
            insort(seen, value)
        score += sum(_below_less_above(before, value) for value in seen) if before else 0
        before = sorted(before + seen)
    return score


def _below_less_above(ordered: Sequence[float], value: float) -> int:
    return bisect_left(ordered, value) + bisect_right(ordered, value) - len(ordered)


def _variance(block: Sequence[float]) -> float:
    ties = Counter(block).values()
    return (
        sum(sign * n * (n - 1) * (2 * n + 5) for sign, counts in ((1, [len(block)]), (-1, ties)) for n in counts) / 18
    )


@lru_cache(maxsize=64)
def _tails(sizes: tuple[int, ...]) -> list[float]:
    """P(at most k rising pairs) for each k, all orders within each block being alike."""
    counts = [1]
    for size in sizes:
        for places in range(2, size + 1):
            counts = [sum(counts[max(k - places + 1, 0) : k + 1]) for k in range(len(counts) + places - 1)]
    orders, below, tails = sum(counts), 0, []
    for count in counts:
        below += count
        tails.append(below / orders)
    return tails


def _normal(z: float) -> float:
    return min(NormalDist().cdf(z), 1.0)
