"""The gate as JUnit XML, for what CI systems show of tests: a suite for each board, a case for each comparison.

It has a failure or an error exactly where the gate does not pass. The elements and attributes are those that Jenkins's
xUnit schema (junit-10.xsd) and GitLab's reader know.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from benchfleet.report import words
from benchfleet.report.gate import unread
from benchfleet.report.model.comparison import Compared, Gate, RunComparison
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print, shown

Outcome = Literal["failure", "error", "skipped", "passed"]
MOST_CASES = 2_000
_ORDER: tuple[Outcome, ...] = ("failure", "error", "skipped", "passed")
_NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class _Case:
    suite: str
    classname: str
    name: str
    outcome: Outcome
    kind: str = ""
    message: str = ""
    seconds: float = 0.0


def as_junit(report: Report) -> bytes:
    """UTF-8, of a report that went through `gated`. Raises ValueError without a baseline, which there is no gate for."""
    printed = for_print(report)
    found = printed.comparison
    if found is None or found.gate is None:
        raise ValueError("JUnit XML is of a gate: compare the run with a baseline")
    every = sorted(_cases(printed, found, found.gate), key=lambda case: _ORDER.index(case.outcome))
    cases = every[:MOST_CASES]
    title = f"{', '.join(found.runs)} against {found.baseline}"
    counts = {name: number for name, number in _counts(cases).items() if name != "skipped"}  # which it may not have
    root = Element("testsuites", {"name": title, **counts})
    for suite in dict.fromkeys(case.suite for case in cases):
        _suite(root, suite, [case for case in cases if case.suite == suite])
    if len(every) > len(cases):
        _left_out(root, len(every) - len(cases))
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _cases(report: Report, found: RunComparison, gate: Gate) -> Iterator[_Case]:
    enough = found.compared >= gate.required
    for row in found.rows:
        yield _of_row(found, row, enough=enough)
    lost: Outcome = "skipped" if enough else "error"
    excused: Outcome = "skipped" if gate.allow_failed else "error"
    for name in found.failed:
        yield _one_side(name, excused, "failed", "failed in this run and not in the baseline")
    for name in found.only_in_baseline:
        yield _one_side(name, lost, "missing", "only the baseline has it")
    for name in found.only_new:
        yield _one_side(name, "skipped", "new", "only this run has it")
    for one in found.ignored:
        yield _one_side(one.what, "skipped", "ignored", f"ignored by {one.rule}")
    for name in unread(report):
        yield _one_side(shown(name), "error", "unreadable", "its result could not be read or is missing")
    if not enough:
        told = f"{found.compared} of {found.of_baseline} benchmarks could be compared, {gate.required} have to be"
        yield _one_side("enough compared", "error", "not compared", told)


def _of_row(found: RunComparison, row: Compared, *, enough: bool) -> _Case:
    name = row.benchmark or f"geometric mean of {row.benchmarks}"
    outcome, kind = _outcome(row, enough=enough)
    return _Case(
        suite=f"{row.workload}: {row.variant}, {row.metric}",
        classname=row.label,
        name=f"{name} ({words.row_title(found, row)})",
        outcome=outcome,
        kind=kind,
        message="" if outcome == "passed" else _message(row),
        seconds=row.new if row.unit == "s" and row.new and row.new > 0 else 0.0,
    )


def _outcome(row: Compared, *, enough: bool) -> tuple[Outcome, str]:
    """What noise cannot be told from is an error as long as too little could be compared."""
    if row.regression:
        return "failure", "regression"
    if row.relation.verdict == "not_compared":
        return "skipped", "not compared"
    if row.relation.verdict == "unknown":
        return ("skipped" if enough or row.benchmark is None else "error"), "noise unknown"
    return "passed", ""


def _message(row: Compared) -> str:
    if row.relation.verdict == "not_compared":
        return "a metric without a direction"
    if row.relation.verdict == "unknown":
        return f"too few repeats: {_tasks(row.old_tasks)} in the baseline, {_tasks(row.new_tasks)} in this run"
    apart, ends = (
        words.apart(row.relation, row.unit, row.better),
        words.apart_interval(row.relation, row.unit, row.better),
    )
    verdict = words.verdict(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better)
    values = f"{words.quantity(row.old, row.unit)} -> {words.quantity(row.new, row.unit)}"
    rule = f", {row.rule}" if row.rule else ""
    return f"{apart} ({ends}): {verdict}; {values}; threshold {words.share(row.threshold)}{rule}"


def _tasks(count: int) -> str:
    return f"{count} task{'s' * (count != 1)}"


def _one_side(name: str, outcome: Outcome, kind: str, message: str) -> _Case:
    who, _, what = name.partition(": ")
    return _Case(_NOT_COMPARED, who if what else _NOT_COMPARED, what or name, outcome, kind, message)


def _suite(root: Element, name: str, cases: Sequence[_Case]) -> None:
    suite = SubElement(root, "testsuite", {"name": name, **_counts(cases)})
    for case in cases:
        told = {"classname": case.classname, "name": case.name, "time": f"{case.seconds:.9f}"}
        element = SubElement(suite, "testcase", told)
        if case.outcome == "skipped":
            SubElement(element, "skipped", {"message": case.message})
        elif case.outcome != "passed":
            SubElement(element, case.outcome, {"type": case.kind, "message": case.message}).text = case.message


def _left_out(root: Element, more: int) -> None:
    """Passed ones come last, so that they are what is left out first."""
    suite = SubElement(root, "testsuite", {"name": "left out", **_counts([])})
    SubElement(suite, "system-out").text = f"{more} more comparisons; the report's --json has all of them"


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    count = Counter(case.outcome for case in cases)
    numbers = {"tests": len(cases), "failures": count["failure"], "errors": count["error"], "skipped": count["skipped"]}
    return {name: str(number) for name, number in numbers.items()}
