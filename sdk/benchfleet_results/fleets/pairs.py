"""Targets compared on the tests that both were sent: the spread between tests drops out of the difference."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from statistics import fmean

from benchfleet_contract.fleets.results import Paired, RepositoryResult, TestResult

from benchfleet_results.fleets.breakdowns import target_of
from benchfleet_results.fleets.statistics import clustered, probability
from benchfleet_results.statistics.families import decide

Key = tuple[str, str | None, str]  # repository, scenario, test
Means = Mapping[Key, float]
MOST_TARGETS = 20


def _success(one: TestResult) -> float | None:
    return None if one.status == "skipped" else float(one.status == "success")


def _score(one: TestResult) -> float | None:
    return one.score if one.score is not None else (None if one.passed is None else float(one.passed))


MEASURES: dict[str, Callable[[TestResult], float | None]] = {
    "success": _success,
    "score": _score,
    "ttft_ms": lambda one: one.ttft_ms if one.status == "success" else None,
    "e2el_ms": lambda one: one.e2el_ms if one.status == "success" else None,
}


def pairs(benchmarks: Sequence[RepositoryResult]) -> list[Paired]:
    """Every two targets on every measure that both have; p values of one measure are adjusted together (Holm)."""
    return [one for name, read in MEASURES.items() for one in adjusted(_measure(name, read, benchmarks))]


def compared(first: str, second: str, measure: str, these: Means, others: Means) -> Paired | None:
    """None where they share no test. Keys begin with the repository, the cluster of a test."""
    shared = [key for key in these if key in others]
    found = clustered([(key[0], these[key] - others[key]) for key in shared])
    if found is None:
        return None
    return Paired(
        first=first,
        second=second,
        measure=measure,
        tests=len(shared),
        difference=found.mean,
        standard_error=found.standard_error,
        interval=found.interval,
        p=probability(found),
    )


def means(benchmarks: Iterable[RepositoryResult], read: Callable[[TestResult], float | None]) -> dict[Key, float]:
    """Over the repeats of a test, in order of the first appearance."""
    found: dict[Key, list[float]] = defaultdict(list)
    for one in benchmarks:
        for test in one.results.results:
            if (value := read(test)) is not None:
                found[one.repository_id, one.scenario, test.test_id].append(value)
    return {key: fmean(values) for key, values in found.items()}


def adjusted(found: list[Paired]) -> list[Paired]:
    """With p values that allow for all of them (Holm)."""
    decisions, _ = decide([one.p for one in found], [])
    return [
        one.model_copy(update={"p_adjusted": decision.p_adjusted}) if decision else one
        for one, decision in zip(found, decisions, strict=True)
    ]


def _measure(
    name: str, read: Callable[[TestResult], float | None], benchmarks: Sequence[RepositoryResult]
) -> list[Paired]:
    groups: dict[str, list[RepositoryResult]] = defaultdict(list)
    for one in benchmarks:
        groups[target_of(one)].append(one)
    sides = {target: means(group, read) for target, group in sorted(groups.items())[:MOST_TARGETS]}
    made = (compared(a, b, name, sides[a], sides[b]) for a, b in combinations(sides, 2))
    return [one for one in made if one]
