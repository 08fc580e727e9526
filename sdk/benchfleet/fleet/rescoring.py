"""`fleet rescore`: saved answers against the assertions of today's manifest, without a call to any model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.assertions import OUTSIDE
from benchfleet_contract.fleets.plan import FleetPlan, TestRequest
from benchfleet_contract.fleets.results import FleetBenchmarkResults, RepositoryResult, Score, TestResult
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.scoring.answers import Answer, Verdict, judge, written, wrong
from benchfleet_results.fleets.summary import summarise

Run = Callable[[dict[str, Any], str, dict[str, Any]], Score]  # a `python` assertion, an answer, its test
Tests = Mapping[tuple[str, str | None, str], TestRequest]


@dataclass(frozen=True)
class Rescored:
    """`unknown` names tests of the results that the manifest has no more: their scores stay as they were."""

    results: FleetBenchmarkResults
    unknown: list[str]


def rescore(results: FleetBenchmarkResults, plan: FleetPlan, *, run_python: Run | None = None) -> Rescored:
    """Scores of `llm-rubric` are kept, because they cost a call; `python` runs only where `run_python` is given."""
    tests = {(shard.repository_id, shard.scenario, test.test_id): test for shard in plan.shards for test in shard.tests}
    unknown: dict[str, None] = {}
    made = [_benchmark(one, tests, run_python, unknown) for one in results.repository_results]
    kept = [one for one in results.warnings or [] if "no price is known" not in one]  # told again by the aggregate
    again = aggregate(
        results.fleet_id,
        made,
        timestamp=results.timestamp,
        run_id=results.run_id,
        status=results.status,
        errors=results.errors or [],
        warnings=kept,
        custom=results.metadata.custom,
    )
    return Rescored(again, list(unknown))


def _benchmark(one: RepositoryResult, tests: Tests, run: Run | None, unknown: dict[str, None]) -> RepositoryResult:
    results = []
    for result in one.results.results:
        test = tests.get((one.repository_id, one.scenario, result.test_id))
        if test is None:
            unknown[f"{one.repository_id}/{result.test_id}"] = None
        results.append(result if test is None else _test(result, test, run))
    wall = one.results.total_duration_ms
    summary = summarise(results, total_duration_ms=wall, limits=one.results.limits)
    again = one.results.model_copy(update={"results": results, "summary": summary})
    return one.model_copy(update={"results": again})


def _test(result: TestResult, test: TestRequest, run: Run | None) -> TestResult:
    verdict = _verdict(result, test, run)
    return result.model_copy(
        update={
            "passed": verdict.passed if verdict else None,
            "score": verdict.score if verdict else None,
            "scores": verdict.scores if verdict else None,
        }
    )


def _verdict(result: TestResult, test: TestRequest, run: Run | None) -> Verdict | None:
    assertions = written(test.expected, test.references, test.assertions)
    if result.status == "skipped":
        return None
    if result.response is None:
        return wrong(assertions)
    usage, content = result.response.usage, result.response.content
    outside = dict(_outside(assertions, result, test, run))
    answer = Answer(content, result.cost_usd, usage.completion_tokens, result.e2el_ms, outside)
    return judge(answer, assertions, expected=test.expected)


def _outside(
    assertions: list[dict[str, Any]], result: TestResult, test: TestRequest, run: Run | None
) -> Iterable[tuple[int, Score]]:
    """By index: what a process says now, else what was said when the answer was new, in the order of its type."""
    saved = {kind: iter([one for one in result.scores or () if one.type == kind]) for kind in OUTSIDE}
    for index, one in enumerate(assertions):
        kind = one.get("type", "")
        if kind == "python" and run and result.response:
            yield index, run(one, result.response.content, test.model_dump(mode="json"))
        elif kind in saved and (score := next(saved[kind], None)):
            yield index, score.model_copy(update={"weight": one.get("weight", 1.0), "metric": one.get("metric")})
