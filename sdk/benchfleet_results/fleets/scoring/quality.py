"""How right the answers are: over tests and their repeats."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import comb, fsum
from statistics import fmean

from benchfleet_contract.fleets.results import Quality, TestResult

from benchfleet_results.fleets.statistics import clustered

KS = (1, 2, 3, 5, 10, 20, 50, 100)
Named = tuple[str, str, TestResult]  # repository, test within it, one of its repeats


def quality(results: Iterable[Named]) -> Quality | None:
    """None where nothing was scored."""
    tests: dict[tuple[str, str], list[TestResult]] = defaultdict(list)
    for repository, test, result in results:
        if result.passed is not None:
            tests[repository, test].append(result)
    if not tests:
        return None
    every = [one for repeats in tests.values() for one in repeats]
    least = min(map(len, tests.values()))
    return Quality(
        scored=len(every),
        passed=sum(map(_passed, every)),
        pass_rate=sum(map(_passed, every)) / len(every),
        score=clustered([(key[0], fmean(map(_score, repeats))) for key, repeats in tests.items()]),
        repeats=max(map(len, tests.values())),
        majority=fmean(2 * sum(map(_passed, repeats)) > len(repeats) for repeats in tests.values()),
        pass_at_k={str(k): _at(k, list(tests.values())) for k in KS if k <= least},
        metrics=_metrics(every),
    )


def pass_at_k(right: int, of: int, k: int) -> float:
    """1 - C(n - c, k) / C(n, k): M. Chen et al., "Evaluating Large Language Models Trained on Code" (2021)."""
    return 1 - comb(of - right, k) / comb(of, k)


def _at(k: int, tests: Sequence[Sequence[TestResult]]) -> float:
    return fmean(pass_at_k(sum(map(_passed, repeats)), len(repeats), k) for repeats in tests)


def _passed(one: TestResult) -> bool:
    return bool(one.passed)


def _score(one: TestResult) -> float:
    return float(bool(one.passed)) if one.score is None else one.score


def _metrics(results: Iterable[TestResult]) -> dict[str, float]:
    """The mean score of every named metric, by name."""
    found: dict[str, list[float]] = defaultdict(list)
    for one in results:
        for score in one.scores or ():
            if score.metric and score.score is not None:
                found[score.metric].append(score.score)
    return {name: fsum(found[name]) / len(found[name]) for name in sorted(found)}
