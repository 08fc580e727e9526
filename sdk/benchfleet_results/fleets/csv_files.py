"""CSV files: comma, quotes where needed, `\\n` ends a line, always a header. What a spreadsheet would run is quoted."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchfleet_contract.fleets.results import FleetBenchmarkResults, RepositoryResult, TestResult

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DURATIONS = ("avg_duration_ms", "p50_duration_ms", "p95_duration_ms", "p99_duration_ms")
_DECIMALS = {
    "success_rate": 4,
    **dict.fromkeys((*_DURATIONS, "avg_tokens_per_request", "avg_tests_per_repository"), 2),
    **dict.fromkeys(("total_cost", "avg_cost_per_repository", "cost"), 6),
}
_FLEET = (
    "total_repositories", "total_tests", "total_succeeded", "total_failed", "total_timeout", "total_skipped",
    "success_rate", *_DURATIONS, "min_duration_ms", "max_duration_ms", "total_tokens", "avg_tokens_per_request",
    "total_cost", "avg_cost_per_repository", "avg_tests_per_repository",
)  # fmt: skip
_NAMES = ("repository_id", "repository_name", "provider_name")
_COUNTS = ("succeeded", "failed", "timeout", "skipped", "success_rate", *_DURATIONS)
_ONE = (
    "total", *_COUNTS, "min_duration_ms", "max_duration_ms", "total_tokens", "avg_tokens_per_request", "total_cost",
)  # fmt: skip
_PROVIDER = (
    "provider_name", "repository_count", "total_tests", "total_succeeded", "total_failed", "success_rate",
    "total_tokens", "total_cost",
)  # fmt: skip
_CATEGORY = ("category_name", "total_tests", "total_succeeded", "total_failed", "success_rate")


def fleet_summary(results: FleetBenchmarkResults) -> bytes:
    row = {"fleet_id": results.fleet_id, "timestamp": offset(results.timestamp), **vars(results.fleet_summary)}
    return _file(("fleet_id", "timestamp", *_FLEET), [row])


def repositories(results: FleetBenchmarkResults) -> bytes:
    rows = [
        {**vars(one), **vars(one.results.summary), "total_tests": one.results.summary.total} for one in _of(results)
    ]
    return _file((*_NAMES, "total_tests", *_COUNTS, "total_tokens", "total_cost"), rows)


def providers(results: FleetBenchmarkResults) -> bytes:
    return _file(_PROVIDER, [vars(results.provider_breakdown[name]) for name in sorted(results.provider_breakdown)])


def categories(results: FleetBenchmarkResults) -> bytes:
    return _file(_CATEGORY, [vars(results.category_breakdown[name]) for name in sorted(results.category_breakdown)])


def warnings(results: FleetBenchmarkResults) -> bytes:
    """What the other files do not say: which totals leave out answers without a price, say."""
    return _file(("warning",), [{"warning": one} for one in results.warnings or []])


def summary(one: RepositoryResult) -> bytes:
    """The promised `summary.csv` of a benchmark."""
    return _file((*_NAMES, "model", *_ONE), [{**vars(one), **vars(one.results.summary)}])


def tests(one: RepositoryResult) -> bytes:
    """One row for each test and repeat. Lengths are bytes of UTF-8; what needs an answer is empty without one."""
    return _file(tuple(_TEST), [{name: read(test) for name, read in _TEST.items()} for test in one.results.results])


def offset(timestamp: str) -> str:
    """CSV files end a time in +00:00, JSON files in Z."""
    return f"{timestamp[:-1]}+00:00" if timestamp.endswith("Z") else timestamp


def _of(results: FleetBenchmarkResults) -> Sequence[RepositoryResult]:
    return results.repository_results


def _answered(read: Callable[[Any], Any]) -> Callable[[TestResult], Any]:
    return lambda test: read(test.response) if test.response else None


_TEST: Mapping[str, Callable[[TestResult], Any]] = {
    "test_id": lambda test: test.test_id,
    "category": lambda test: test.category,
    "status": lambda test: test.status,
    "duration_ms": lambda test: test.duration_ms,
    "tokens": _answered(lambda response: response.usage.total_tokens),
    "cost": lambda test: test.cost_usd,
    "model": _answered(lambda response: response.model),
    "prompt_length": lambda test: test.prompt_length,
    "response_length": _answered(lambda response: len(response.content.encode())),
    "prompt_tokens": _answered(lambda response: response.usage.prompt_tokens),
    "completion_tokens": _answered(lambda response: response.usage.completion_tokens),
    "finish_reason": _answered(lambda response: response.finish_reason),
    "error": lambda test: test.error,
    "timestamp": lambda test: offset(test.timestamp),
}


def _file(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(name, row.get(name)) for name in columns] for row in rows)
    return out.getvalue().encode()


def _cell(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return f"{value:.{_DECIMALS[column]}f}" if column in _DECIMALS else str(value)
