"""What people look at of one shard once its run has ended: its tests, and one of them with prompt and answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.results import BenchmarkResults, TestResult
from benchfleet_contract.fleets.shard_tests import (
    MOST_ERROR_CHARS,
    MOST_TESTS,
    MOST_TEXT_CHARS,
    ShardTest,
    ShardTests,
    ShardTestText,
)

from chalicelib.domain.fleet_errors import ResultsNotReady, ShardNotFound, TestNotFound
from chalicelib.domain.fleet_plan import folder_of
from chalicelib.domain.fleet_ports import FleetFiles
from chalicelib.domain.records import Run, RunState
from chalicelib.services.fleets.read_outcomes import ReadOutcomes


@dataclass(frozen=True)
class _Found:
    run_id: str
    shard: Mapping[str, Any]
    folder: str
    saves: bool
    results: BenchmarkResults


@dataclass(frozen=True)
class ReadTests:
    """`run` gives a fleet's run, or raises RunNotFound."""

    run: Callable[[str], Run]
    files: FleetFiles
    outcomes: ReadOutcomes

    def page(self, run_id: str, shard: int, *, first: int = 0) -> ShardTests:
        """Raises RunNotFound, ShardNotFound, ResultsNotReady."""
        found = self._found(run_id, shard)
        tests = found.results.results[first : first + MOST_TESTS]
        after = first + MOST_TESTS
        more = after if after < len(found.results.results) else None
        return _reply(found, tests).model_copy(update={"next_cursor": more})

    def one(self, run_id: str, shard: int, key: str) -> ShardTests:
        """Raises TestNotFound, and what `page` raises."""
        found = self._found(run_id, shard)
        for test in found.results.results:
            if _key(test) == key:
                return _reply(found, [test]).model_copy(update={"text": _text(found, test)})
        raise TestNotFound(f"Shard {shard} of run {run_id} has no test {key[:200]!r}")

    def _found(self, run_id: str, number: int) -> _Found:
        run = self.run(run_id)
        outline = self.outcomes.outline(run_id) or {}
        shard = next((one for one in outline.get("shards", []) if one["number"] == number), None)
        if shard is None:
            raise ShardNotFound(f"Run {run_id} has no shard {number}")
        folder = folder_of(outline, shard)
        raw = None if run.state is RunState.RUNNING else self.files.read(run_id, f"artifacts/{folder}/results.json")
        if raw is None:
            raise ResultsNotReady(f"Run {run_id} has not ended: its tests are listed when its results are ready")
        saves = bool(outline.get("settings", {}).get("save_responses", True))
        return _Found(run_id, shard, folder, saves, BenchmarkResults.model_validate_json(raw))


def _reply(found: _Found, tests: list[TestResult]) -> ShardTests:
    shard, results = found.shard, found.results
    return ShardTests(
        run_id=found.run_id, shard=shard["number"], repository_id=shard["repository_id"],
        repository_name=results.repository_name or results.dataset_name, scenario=shard["scenario"],
        target=shard["spec"], total=len(results.results), saves_responses=found.saves,
        files=[f"{found.folder}/{name}" for name in ("results.json", "summary.csv", "tests.csv")],
        tests=[_line(test) for test in tests],
    )  # fmt: skip


def _line(test: TestResult) -> ShardTest:
    said = test.error or test.error_kind
    return ShardTest(
        key=_key(test), test_id=test.test_id, repeat=test.repeat, category=test.category, status=test.status,
        answered=test.response is not None, passed=test.passed, score=test.score, error=said and said[:MOST_ERROR_CHARS],
        ttft_ms=test.ttft_ms, e2el_ms=test.e2el_ms, duration_ms=test.duration_ms,
        tokens=test.response.usage.total_tokens if test.response else None, cost_usd=test.cost_usd,
    )  # fmt: skip


def _text(found: _Found, test: TestResult) -> ShardTestText:
    from benchfleet_results.fleets.artifacts import response_path

    response = test.response
    answer = response.content if response else None
    return ShardTestText(
        prompt=_cut(test.prompt), prompt_chars=len(test.prompt or ""), answer=_cut(answer), answer_chars=len(answer or ""),
        artifact=response_path(found.folder, test) if response and found.saves else None, error=test.error,
        error_kind=test.error_kind, http_status=test.http_status, scores=test.scores or [],
        model=response.model if response else None, finish_reason=response.finish_reason if response else None,
        prompt_tokens=response.usage.prompt_tokens if response else None,
        completion_tokens=response.usage.completion_tokens if response else None, usage_source=test.usage_source,
        tries=test.tries, tpot_ms=test.tpot_ms, queue_ms=test.queue_ms, retry_wait_ms=test.retry_wait_ms,
        price_source=test.price_source, timestamp=test.timestamp,
    )  # fmt: skip


def _key(test: TestResult) -> str:
    return test.test_id if test.repeat is None else f"{test.test_id}#{test.repeat}"


def _cut(text: str | None) -> str | None:
    return None if text is None else text[:MOST_TEXT_CHARS]
