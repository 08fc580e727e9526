"""How good the results of a fleet are for a command that must end with one exit code."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchfleet_contract.fleets.results import FleetBenchmarkResults, TestResult
from benchfleet_results.fleets.breakdowns import by_target

from benchfleet.fleet import exit_codes


@dataclass(frozen=True)
class Thresholds:
    """Shares from 0 to 1; None: nothing is asked. `success_rate` counts answers, `pass_rate` right ones."""

    success_rate: float | None = None
    pass_rate: float | None = None

    @property
    def asked(self) -> bool:
        return self.success_rate is not None or self.pass_rate is not None


@dataclass(frozen=True)
class Verdict:
    """`words` is empty for exit code 0."""

    code: int
    words: str = ""


def verdict(results: FleetBenchmarkResults, thresholds: Thresholds | None = None) -> Verdict:
    """The gravest first: cancelled, out of budget, no answer at all, then thresholds, or without any each test counts."""
    thresholds = thresholds or Thresholds()
    summary = results.fleet_summary
    if results.status == "cancelled":
        return Verdict(exit_codes.FAILED, "the run was cancelled")
    if unsent := _unsent(results):
        return Verdict(exit_codes.BUDGET, f"max_cost is used up: {unsent} tests were not sent")
    if results.status == "failed" and not summary.total_tests:
        return Verdict(exit_codes.FAILED, f"the run failed{_why(results)}")
    silent = [name for name, one in by_target(results.repository_results).items() if not one.total_succeeded]
    if not summary.total_succeeded:
        return Verdict(exit_codes.PROVIDER, f"no test succeeded{_why(results)}")
    if thresholds.asked:
        missed = "; ".join(_missed(results, thresholds))
        return Verdict(exit_codes.THRESHOLD if missed else exit_codes.OK, missed)
    if silent:
        return Verdict(exit_codes.PROVIDER, f"no test of {', '.join(silent)} succeeded{_why(results)}")
    if summary.total_succeeded < summary.total_tests:
        lacking = summary.total_tests - summary.total_succeeded
        return Verdict(exit_codes.FAILED, f"{lacking} of {summary.total_tests} tests did not succeed")
    return Verdict(exit_codes.OK)


def _unsent(results: FleetBenchmarkResults) -> int:
    return sum(test.error_kind == "budget" for one in results.repository_results for test in one.results.results)


def _missed(results: FleetBenchmarkResults, asked: Thresholds) -> Iterator[str]:
    rate, quality = results.fleet_summary.success_rate, results.fleet_summary.quality
    if asked.success_rate is not None and rate < asked.success_rate:
        yield f"success rate {rate:.4f} is below {asked.success_rate:g}"
    if asked.pass_rate is None:
        return
    if quality is None:
        yield "no test has anything to check its answer by: give tests `expected`, `references` or assertions"
    elif quality.pass_rate < asked.pass_rate:
        yield f"pass rate {quality.pass_rate:.4f} is below {asked.pass_rate:g}"
    if ungraded := sum(is_ungraded(test) for one in results.repository_results for test in one.results.results):
        yield f"{ungraded} answers could not be graded: --retry-errors grades them, without asking for the answers again"


def is_ungraded(test: TestResult) -> bool:
    """It has checks, and none of them came to an end that tells right from wrong."""
    return test.status == "success" and bool(test.scores) and test.passed is None


def _why(results: FleetBenchmarkResults) -> str:
    """The first reason that there is."""
    told = [error.message for error in results.errors or []]
    told += [test.error for one in results.repository_results for test in one.results.results if test.error]
    return f": {told[0]}" if told else ""
