"""The results of a fleet as JUnit XML: a suite for each repository on a target, a case for each test.

A call that failed or timed out is an `error`, an answer that did not pass its checks a `failure`, a test that was not sent
`skipped`. The elements and attributes are those that Jenkins's xUnit schema (junit-10.xsd) and GitLab's reader know.
"""

import re
from collections import Counter
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from benchfleet_contract.fleets.results import FleetBenchmarkResults, RepositoryResult, TestResult
from benchfleet_results.fleets.breakdowns import target_of

from benchfleet.documents.printable import printable
from benchfleet.fleet.verdict import is_ungraded

Outcome = Literal["passed", "failure", "error", "skipped"]
MOST_TEXT = 10_000  # characters of an answer that is shown with its failure
_NO_XML = re.compile("[\ufffe\uffff]")


def as_junit(results: FleetBenchmarkResults) -> bytes:
    """UTF-8, in the order of the results."""
    every = [_outcome(test) for one in results.repository_results for test in one.results.results]
    title = results.run_id or results.fleet_id
    counts = {name: number for name, number in _counts(every).items() if name != "skipped"}  # which it may not have
    root = Element("testsuites", {"name": _text(title), **counts})
    for one in results.repository_results:
        _suite(root, one)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(root: Element, one: RepositoryResult) -> None:
    tests = one.results.results
    name = "/".join(filter(None, [one.repository_id, one.scenario, target_of(one)]))
    told = {"name": _text(name), **_counts([_outcome(test) for test in tests])}
    told |= {"time": _seconds(one.results.total_duration_ms), "timestamp": _stamp(one.results.started_at)}
    suite = SubElement(root, "testsuite", told)
    for test in tests:
        _case(suite, name, test)


def _case(suite: Element, classname: str, test: TestResult) -> None:
    name = test.test_id if test.repeat is None else f"{test.test_id}#{test.repeat}"
    told = {"classname": _text(classname), "name": _text(name), "time": _seconds(test.duration_ms)}
    case, outcome = SubElement(suite, "testcase", told), _outcome(test)
    if outcome == "skipped":
        SubElement(case, "skipped", {"message": _text(test.error_kind or "not sent")})
    elif outcome == "error":
        ungraded = is_ungraded(test)
        kind = "not_graded" if ungraded else test.error_kind or test.status
        said = "; ".join(_wrong(test)) if ungraded else test.error
        SubElement(case, "error", {"type": kind, "message": _text(said or kind)})
    elif outcome == "failure":
        message = "; ".join(_wrong(test)) or "the answer is wrong"
        failure = SubElement(case, "failure", {"type": "assertion", "message": _text(message)})
        failure.text = _text(test.response.content[:MOST_TEXT]) if test.response else None


def _outcome(test: TestResult) -> Outcome:
    if test.status == "skipped":
        return "skipped"
    if test.status != "success" or is_ungraded(test):
        return "error"
    return "failure" if test.passed is False else "passed"


def _wrong(test: TestResult) -> list[str]:
    """What each assertion that was not met says."""
    told = [score for score in test.scores or [] if not score.passed]
    return [": ".join(filter(None, [score.type, score.error or score.reason])) for score in told]


def _counts(outcomes: list[Outcome]) -> dict[str, str]:
    count = Counter(outcomes)
    numbers = {
        "tests": len(outcomes),
        "failures": count["failure"],
        "errors": count["error"],
        "skipped": count["skipped"],
    }
    return {name: str(number) for name, number in numbers.items()}


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _stamp(at: str) -> str:
    """Without fraction and zone, as the schema has it; results are in UTC."""
    return at[:19]


def _text(text: str) -> str:
    """What XML 1.0 can carry: an answer may hold any character."""
    return _NO_XML.sub("", printable(text))
