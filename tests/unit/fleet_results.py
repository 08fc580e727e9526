"""Results of small fleets, for tests."""

from typing import Any

from benchfleet_contract.fleets.results import BenchmarkResults, RepositoryResult, TestResult
from benchfleet_results.fleets.summary import summarise

AT = "2026-01-02T03:04:05Z"


def a_test(
    test_id: str = "t", status: str = "success", *, ms: int = 100, tokens: tuple[int, int] = (10, 5), **more: Any
) -> TestResult:
    usage = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    response = {"id": "r", "model": "m", "content": "four", "usage": usage, "finish_reason": "stop", "created_at": 1}
    given: dict[str, Any] = {
        "test_id": test_id,
        "status": status,
        "response": response if status == "success" else None,
        "error": "refused" if status == "failure" else None,
        "duration_ms": ms,
        "timestamp": AT,
        **more,
    }
    return TestResult.model_validate(given)


def bare(
    tests: list[TestResult], *, dataset: str = "data", provider: str = "openai", wall_ms: int = 1000
) -> BenchmarkResults:
    return BenchmarkResults(
        dataset_name=dataset,
        provider_name=provider,
        total_tests=len(tests),
        results=tests,
        started_at=AT,
        completed_at=AT,
        total_duration_ms=wall_ms,
        summary=summarise(tests, total_duration_ms=wall_ms),
    )


def a_benchmark(
    repository: str, target: str, tests: list[TestResult], *, scenario: str | None = None, name: str | None = None
) -> RepositoryResult:
    provider, _, model = target.partition("_")
    return RepositoryResult(
        repository_id=repository,
        repository_name=name or repository,
        provider_name=provider,
        results=bare(tests, provider=provider),
        repository_metadata={"team": "planning"},
        scenario=scenario,
        target=target,
        model=model,
    )
