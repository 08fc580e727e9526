"""The report of a fleet as one page: self-contained, without scripts, every text escaped."""

from functools import cache
from typing import Any

from benchfleet_contract.fleets.results import Estimate, FleetBenchmarkResults, Latency, RepositoryResult, TestResult
from jinja2 import Environment, Template, Undefined

from benchfleet_results.fleets.html_template import PAGE

MOST_TESTS = 200  # of each benchmark: the page has to open
MEASURES = {
    "success": "calls that succeed",
    "score": "score",
    "ttft_ms": "time to first token",
    "e2el_ms": "end to end",
}


def page(results: FleetBenchmarkResults) -> str:
    return _template().render(r=results, grade=grade, mark=_mark, first_error=_first_error, most=MOST_TESTS) + "\n"


def grade(rate: float) -> str:
    if rate >= 0.95:
        return "success"
    return "warning" if rate >= 0.8 else "error"


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=Undefined)
    environment.filters.update(
        percent=lambda value: f"{100 * value:.1f} %",
        thousands=lambda value: f"{value:,}",
        usd=lambda value: "unknown" if value is None else f"${value:.4f}",
        ms=_ms,
        estimate=_estimate,
        signed=_signed,
        time=_time,
        measure=lambda name: MEASURES.get(name, name),
    )
    return environment.from_string(PAGE)


def _mark(test: TestResult) -> str:
    if test.status == "success":
        return "warning" if test.passed is False else "success"
    return "warning" if test.status == "skipped" else "error"


def _first_error(one: RepositoryResult) -> str:
    return next((test.error for test in one.results.results if test.error), "")


def _ms(latency: Latency | None, measure: str, at: str) -> str:
    found: Any = getattr(latency, measure) if latency else None
    return _time(getattr(found, at)) if found else "–"


def _time(ms: float) -> str:
    """Three digits and more need no fraction."""
    return f"{ms:,.0f} ms" if abs(ms) >= 100 else f"{ms:,.1f} ms"


def _estimate(found: Estimate | None) -> str:
    if found is None:
        return "–"
    low, high = found.interval or (None, None)
    ends = "" if low is None or high is None else f" ({max(low, 0):.2f} … {min(high, 1):.2f})"
    return f"{found.mean:.2f}{ends}"


def _signed(value: float, measure: str) -> str:
    """Shares in points. The interval of a few repositories may be wider than a share can be: it ends there."""
    if measure.endswith("_ms"):
        return f"+{_time(value)}" if value >= 0 else _time(value)
    return f"{100 * min(max(value, -1), 1):+.1f} pts"
