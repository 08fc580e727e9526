"""One shard's outcomes as one benchmark: what the runner writes, and what the control plane makes of a journal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Shard, TestRequest
from benchfleet_contract.fleets.results import BenchmarkResults, RepositoryResult, TestResult

from benchfleet_results.fleets.scoring.answers import Answer, Verdict, judge, written, wrong
from benchfleet_results.fleets.summary import summarise
from benchfleet_results.fleets.sweeps import swept

TIMED_OUT = "Request timed out"


def benchmark(
    shard: Shard,
    outcomes: Mapping[str, Outcome],
    *,
    fleet_id: str,
    run_id: str,
    started_at: str,
    completed_at: str,
    total_duration_ms: int,
    warnings: Sequence[str] = (),
) -> BenchmarkResults:
    """`outcomes` by key (`outcomes.best`); a test without one is skipped. In the order of the shard's tests, scored."""
    results = [
        _result(test, outcomes.get(test.key), at=completed_at, keep=shard.save_responses, judge=judge_of(shard))
        for test in shard.tests
    ]
    limits = shard.load.limits.model_dump(exclude_none=True)
    _place(shard, results)
    return BenchmarkResults(
        dataset_name=shard.dataset_name,
        provider_name=shard.target.provider,
        total_tests=len(results),
        results=results,
        started_at=started_at,
        completed_at=completed_at,
        total_duration_ms=total_duration_ms,
        summary=summarise(results, total_duration_ms=total_duration_ms, limits=limits),
        fleet_id=fleet_id,
        run_id=run_id,
        repository_id=shard.repository_id,
        repository_name=shard.repository_name,
        repository_metadata=shard.repository_metadata,
        scenario=shard.scenario,
        target=shard.target.name,
        model=shard.target.model,
        position=shard.number,
        limits=limits or None,
        sweep=swept(shard.load.sweep.kind, results, limits) if shard.load.sweep else None,
        warnings=list(warnings) or None,
    )


def _place(shard: Shard, results: Sequence[TestResult]) -> None:
    """Tells of each test of a sweep under which load it was sent."""
    loads = shard.load.sweep.loads if shard.load.sweep else []
    for test, result in zip(shard.tests, results, strict=True):
        if test.step is not None:
            result.load = loads[test.step]


def placed(results: BenchmarkResults) -> RepositoryResult:
    """As part of a fleet, by what the file says of itself. Raises ValueError without a `repository_id`."""
    if results.repository_id is None:
        raise ValueError("repository_id: missing; results of other tools are placed by `numbered` or by their folder")
    return RepositoryResult(
        repository_id=results.repository_id,
        repository_name=results.repository_name or results.dataset_name,
        provider_name=results.provider_name,
        results=results,
        repository_metadata=results.repository_metadata or {},
        scenario=results.scenario,
        target=results.target,
        model=results.model,
    )


def rfc3339(seconds: float) -> str:
    """Unix seconds as UTC, to the millisecond, with Z."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def judge_of(shard: Shard) -> str | None:
    """The model that judges by rubrics, as grades know it."""
    return shard.judge_target.spec if shard.judge_target else None


def scored(test: TestRequest, outcome: Outcome, judge_spec: str | None) -> Verdict | None:
    """None where the test asserts nothing, and of a test that was not sent."""
    assertions = written(test.expected, test.references, test.assertions)
    if outcome.status == "skipped":
        return None
    if outcome.response is None:
        return wrong(assertions)
    answer = Answer(
        outcome.response.content,
        outcome.cost_usd,
        outcome.response.usage.completion_tokens,
        outcome.e2el_ms,
        outcome.grades,
        judge_spec,
    )
    return judge(answer, assertions, expected=test.expected)


def _result(test: TestRequest, outcome: Outcome | None, *, at: str, keep: bool, judge: str | None) -> TestResult:
    common: dict[str, Any] = {
        "test_id": test.test_id,
        "category": test.category,
        "repeat": test.repeat if test.key != test.test_id else None,
        "prompt": test.prompt if keep else None,
        "prompt_length": len(test.prompt.encode()),
    }
    if outcome is None:
        return TestResult(**common, status="skipped", duration_ms=0, timestamp=at)
    verdict = scored(test, outcome, judge)
    told = {"passed": verdict.passed, "score": verdict.score, "scores": verdict.scores} if verdict else {}
    return TestResult(
        **common, **told, **_measured(outcome), timestamp=rfc3339(outcome.sent_at) if outcome.sent_at else at
    )


def _measured(outcome: Outcome) -> dict[str, Any]:
    error = outcome.error
    return {
        "status": outcome.status,
        "response": outcome.response.model_dump(exclude_none=True) if outcome.response else None,
        "error": _words(outcome),
        "error_kind": error.kind if error else None,
        "http_status": error.http_status if error else None,
        "duration_ms": int(outcome.duration_ms),
        "truncated": outcome.truncated or None,
        "cached": outcome.cached or None,
        "attempt": outcome.attempt if outcome.attempt > 1 else None,
        **{name: getattr(outcome, name) for name in _SAME},
    }


_SAME = (
    "usage_source", "ttft_ms", "itl_ms", "tpot_ms", "e2el_ms", "queue_ms", "retry_wait_ms", "tries", "cost_usd",
    "price_source",
)  # fmt: skip


def _words(outcome: Outcome) -> str | None:
    """A timeout has one fixed text, a skipped test none: why it was skipped is its `error_kind`."""
    if outcome.status == "timeout":
        return TIMED_OUT
    if outcome.status != "failure":
        return None
    return outcome.error.message if outcome.error else "failed for an unknown reason"
