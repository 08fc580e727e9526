"""What a CI job gets of a fleet: one exit code, and a suite of tests."""

from typing import Any
from xml.etree import ElementTree

from benchfleet.fleet import exit_codes
from benchfleet.fleet.junit import as_junit
from benchfleet.fleet.verdict import Thresholds, verdict
from benchfleet_contract.fleets.results import FleetBenchmarkResults, Score, TestResult
from benchfleet_results.fleets.aggregate import aggregate

from tests.each_case import each_case
from tests.unit.fleet_results import AT, a_benchmark, a_test

GOOD, BAD = a_test("g"), a_test("b", "failure", error="429: slow down", error_kind="rate_limited")
UNSENT = a_test("u", "skipped", error_kind="budget")


def fleet(*tests: TestResult, other: TestResult | None = None, **more: Any) -> FleetBenchmarkResults:
    made = [a_benchmark("one", "openai_a", list(tests))]
    made += [a_benchmark("one", "groq_b", [other])] if other else []
    return aggregate("f", made, timestamp=AT, **more)


@each_case(
    ("results", "code", "words"),
    [
        (fleet(GOOD, GOOD), exit_codes.OK, ""),
        (fleet(GOOD, BAD), exit_codes.FAILED, "1 of 2 tests did not succeed"),
        (fleet(GOOD, status="cancelled"), exit_codes.FAILED, "the run was cancelled"),
        (fleet(GOOD, UNSENT), exit_codes.BUDGET, "max_cost is used up: 1 tests were not sent"),
        (fleet(BAD, BAD), exit_codes.PROVIDER, "no test succeeded: 429: slow down"),
        (fleet(GOOD, other=BAD), exit_codes.PROVIDER, "no test of groq_b succeeded: 429: slow down"),
    ],
)
def test_without_a_threshold_every_test_counts(results: FleetBenchmarkResults, code: int, words: str) -> None:
    found = verdict(results)
    assert (found.code, found.words) == (code, words)


@each_case(
    ("results", "asked", "code"),
    [
        (fleet(GOOD, BAD), Thresholds(success_rate=0.5), exit_codes.OK),
        (fleet(GOOD, BAD), Thresholds(success_rate=0.51), exit_codes.THRESHOLD),
        (fleet(GOOD, other=BAD), Thresholds(success_rate=0.5), exit_codes.OK),
        (fleet(BAD), Thresholds(success_rate=0.0), exit_codes.PROVIDER),
        (fleet(GOOD, UNSENT), Thresholds(success_rate=0.0), exit_codes.BUDGET),
        (fleet(GOOD, BAD, status="cancelled"), Thresholds(success_rate=0.0), exit_codes.FAILED),
        (fleet(a_test("r", passed=True), a_test("w", passed=False)), Thresholds(pass_rate=0.5), exit_codes.OK),
        (fleet(a_test("r", passed=True), a_test("w", passed=False)), Thresholds(pass_rate=0.6), exit_codes.THRESHOLD),
        (fleet(GOOD), Thresholds(pass_rate=0.0), exit_codes.THRESHOLD),
    ],
)
def test_a_threshold_decides_unless_there_is_something_graver(
    results: FleetBenchmarkResults, asked: Thresholds, code: int
) -> None:
    assert verdict(results, asked).code == code


def test_every_test_is_a_case_of_its_repository_s_suite() -> None:
    wrong = a_test("w#1", passed=False, scores=[{"type": "contains", "passed": False, "score": 0.0, "reason": "no 42"}])
    odd = a_test("o\x00dd\ufffe", "timeout", error="too\x1b[2Jlate", ms=1500)
    root = ElementTree.fromstring(as_junit(fleet(GOOD, wrong, odd, UNSENT, other=BAD, run_id="f-1")))
    assert root.attrib == {"name": "f-1", "tests": "5", "failures": "1", "errors": "2"}
    first, second = root
    assert (first.get("name"), first.get("tests"), first.get("skipped"), first.get("timestamp")) == (
        "one/openai_a", "4", "1", AT[:19],
    )  # fmt: skip
    cases = {case.get("name"): case for case in first}
    assert len(cases["g"]) == 0
    assert (cases["w#1"][0].tag, cases["w#1"][0].get("message"), cases["w#1"][0].text) == (
        "failure", "contains: no 42", "four",
    )  # fmt: skip
    assert (cases["odd"][0].tag, cases["odd"][0].get("message"), cases["odd"].get("time")) == (
        "error",
        "toolate",
        "1.500",
    )
    assert cases["u"][0].attrib == {"message": "budget"}
    assert second[0][0].attrib == {"type": "rate_limited", "message": "429: slow down"}


def test_answers_that_nobody_could_grade_miss_a_threshold_and_are_errors_of_the_suite() -> None:
    score = Score(type="llm-rubric", passed=False, score=None, error="the judge: 429")
    ungraded = a_test("j", passed=None, scores=[score])
    results = fleet(a_test("r", passed=True), ungraded)
    found = verdict(results, Thresholds(pass_rate=0.5))
    assert (found.code, "1 answers could not be graded" in found.words) == (exit_codes.THRESHOLD, True)
    suite = ElementTree.fromstring(as_junit(results))
    assert suite.attrib["errors"] == "1"


def test_a_run_whose_results_could_not_be_made_is_no_fault_of_a_provider() -> None:
    assert verdict(aggregate("f", [], timestamp=AT, status="failed")).code == exit_codes.FAILED
