"""`fleet rescore`: saved answers against the assertions of today's manifest, without a call to any model."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.assertions import OUTSIDE, grade_key, read_assertion
from benchfleet_contract.fleets.outcomes import Grade
from benchfleet_contract.fleets.plan import FleetPlan, TestRequest
from benchfleet_contract.fleets.results import FleetBenchmarkResults, RepositoryResult, Score, TestResult
from benchfleet_results.fleets.aggregate import aggregate
from benchfleet_results.fleets.benchmarks import judge_of
from benchfleet_results.fleets.breakdowns import target_of
from benchfleet_results.fleets.scoring.answers import Answer, Verdict, judge, written, wrong
from benchfleet_results.fleets.summary import summarise

Run = Callable[[dict[str, Any], str, dict[str, Any]], Grade]  # a `python` assertion, an answer, its test
Tests = Mapping[tuple[str, str | None, str], TestRequest]


@dataclass(frozen=True)
class Rescored:
    """`unknown` names tests of the results that the manifest has no more: their scores stay as they were.

    `calls` names those that have a score which only a model can give, and `processes` those that need a process: nobody has said
    it of the saved answer. They are neither right nor wrong.
    """

    results: FleetBenchmarkResults
    unknown: list[str]
    calls: list[str]
    processes: list[str]


def rescore(results: FleetBenchmarkResults, plan: FleetPlan, *, run_python: Run | None = None) -> Rescored:
    """Scores of `llm-rubric` are kept where the rubric and the judge are the same; `python` runs where `run_python` is given."""
    tests = {(shard.repository_id, shard.scenario, test.test_id): test for shard in plan.shards for test in shard.tests}
    spec = next((judge_of(shard) for shard in plan.shards), None)
    unknown: dict[str, None] = {}
    made = [_benchmark(one, tests, spec, run_python, unknown) for one in results.repository_results]
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
    return Rescored(again, list(unknown), _missing(again, "llm-rubric"), _missing(again, "python"))


def _missing(results: FleetBenchmarkResults, kind: str) -> list[str]:
    """Tests with a score of this kind that nobody has given, as `repository/target/test`."""
    return [
        f"{one.repository_id}/{target_of(one)}/{test.test_id}"
        for one in results.repository_results
        for test in one.results.results
        if any(_kind(score) == kind and score.score is None for score in test.scores or ())
    ]


def _benchmark(
    one: RepositoryResult, tests: Tests, judge_spec: str | None, run: Run | None, unknown: dict[str, None]
) -> RepositoryResult:
    results = []
    for result in one.results.results:
        test = tests.get((one.repository_id, one.scenario, result.test_id))
        if test is None:
            unknown[f"{one.repository_id}/{result.test_id}"] = None
        results.append(result if test is None else _test(result, test, judge_spec, run))
    wall = one.results.total_duration_ms
    summary = summarise(results, total_duration_ms=wall, limits=one.results.limits)
    again = one.results.model_copy(update={"results": results, "summary": summary})
    return one.model_copy(update={"results": again})


def _test(result: TestResult, test: TestRequest, judge_spec: str | None, run: Run | None) -> TestResult:
    verdict = _verdict(result, test, judge_spec, run)
    return result.model_copy(
        update={
            "passed": verdict.passed if verdict else None,
            "score": verdict.score if verdict else None,
            "scores": verdict.scores if verdict else None,
        }
    )


def _verdict(result: TestResult, test: TestRequest, judge_spec: str | None, run: Run | None) -> Verdict | None:
    assertions = written(test.expected, test.references, test.assertions)
    if result.status == "skipped":
        return None
    if result.response is None:
        return wrong(assertions)
    usage, content = result.response.usage, result.response.content
    grades = dict(_grades(assertions, result, test, judge_spec, run))
    answer = Answer(content, result.cost_usd, usage.completion_tokens, result.e2el_ms, grades, judge_spec)
    return judge(answer, assertions, expected=test.expected)


def _grades(
    assertions: list[dict[str, Any]], result: TestResult, test: TestRequest, judge_spec: str | None, run: Run | None
) -> Iterable[tuple[str, Grade]]:
    """What a process says now, else what was said when the answer was new: to the same question, by the same judge."""
    saved = {score.grade: score for score in result.scores or () if score.grade}
    others = {
        kind: iter([one for one in result.scores or () if not one.grade and _kind(one) == kind]) for kind in OUTSIDE
    }
    for one in assertions:
        wanted = read_assertion(one)
        if wanted.type not in OUTSIDE:
            continue
        key = grade_key(wanted, judge_spec)
        if wanted.type == "python" and run and result.response:
            yield key, run(one, result.response.content, test.model_dump(mode="json"))
        elif score := saved.get(key) or next(others[wanted.type], None):
            yield key, _grade(score)


def _kind(score: Score) -> str:
    return score.type.removeprefix("not-")


def _grade(score: Score) -> Grade:
    """What was said, before it was turned around."""
    told = score.model_dump(include={"reason", "error", "tokens", "cost_usd", "price_source"})
    turned = score.type.startswith("not-") and score.score is not None
    return Grade(**told, score=1 - (score.score or 0.0) if turned else score.score)
