"""One answer against the assertions of its test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from benchfleet_contract.fleets.assertions import (
    GRADED,
    Checked,
    IsJson,
    Limit,
    Many,
    Pattern,
    Similarity,
    Text,
    Threshold,
    grade_key,
    read_assertion,
)
from benchfleet_contract.fleets.outcomes import Grade
from benchfleet_contract.fleets.results import Score

from benchfleet_results.fleets.scoring.bounded import NotComputed, searched
from benchfleet_results.fleets.scoring.json_answers import problem
from benchfleet_results.fleets.scoring.texts import many, similarity, text, value_of

KEYWORDS = 0.5  # share of `references` that an answer has to have


@dataclass(frozen=True)
class Answer:
    """`grades` holds what was said where the answer came, by `grade_key`: of assertions that need a package, a process or a
    request. `judge` is the model that judges by rubrics.
    """

    content: str
    cost_usd: float | None = None
    completion_tokens: int | None = None
    e2el_ms: float | None = None
    grades: Mapping[str, Grade] = field(default_factory=dict)
    judge: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`passed` and `score` are None where an assertion could not be computed: nobody knows."""

    passed: bool | None
    score: float | None
    scores: list[Score]


def written(
    expected: str | None, references: Sequence[str], assertions: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """All that is asserted of a test: `expected` and `references` as what they stand for, then its assertions.

    `expected` has to stand in the answer, in any case; half of `references` have to. A test that says nothing: empty.
    """
    found: list[dict[str, Any]] = [*assertions]
    judged = any(one.get("type") == "similarity" and one.get("value") is None for one in assertions)
    if expected is not None and not judged:
        found.append({"type": "icontains", "value": expected.strip(), "metric": "expected"})
    if references:
        found.append(
            {"type": "icontains-all", "value": list(references), "threshold": KEYWORDS, "metric": "references"}
        )
    return found


def judge(answer: Answer, assertions: Sequence[dict[str, Any]], *, expected: str | None = None) -> Verdict | None:
    """`assertions` as `written` gives them; None where there is none."""
    scores, threshold = [], None
    for one in assertions:
        wanted = _read(one)
        if isinstance(wanted, Threshold):
            threshold = wanted.value
        else:
            scores.append(wanted if isinstance(wanted, Score) else _scored(answer, wanted, expected))
    return _verdict(scores, threshold) if scores else None


def wrong(assertions: Sequence[dict[str, Any]]) -> Verdict | None:
    """Of a call that failed: no answer is a wrong one. None where nothing was asserted."""
    scored = any(one.get("type") != "threshold" for one in assertions)
    return Verdict(False, 0.0, []) if scored else None


def _read(one: dict[str, Any]) -> Checked | Threshold | Score:
    try:
        return read_assertion(one)
    except ValueError as error:
        return Score(type=str(one.get("type")), passed=False, score=None, error=str(error))


def _scored(answer: Answer, wanted: Checked, expected: str | None) -> Score:
    if wanted.type not in GRADED:
        return _of_grade(wanted, graded(answer.content, wanted, answer=answer, expected=expected), None)
    key = grade_key(wanted, answer.judge)
    known = answer.grades.get(key)
    return _of_grade(wanted, known or graded(answer.content, wanted), key)


def graded(content: str, wanted: Checked, *, answer: Answer | None = None, expected: str | None = None) -> Grade:
    """What can be computed here and now. Weight, threshold and negation come later."""
    try:
        score, reason = _value(answer or Answer(content), wanted, expected)
    except (NotComputed, ValueError) as error:
        return Grade(error=str(error))
    return Grade(score=score, reason=reason)


def _of_grade(wanted: Checked, grade: Grade, key: str | None) -> Score:
    passed, score = False, grade.score
    if score is not None:
        passed = score >= getattr(wanted, "threshold", 1.0) if grade.passed is None else grade.passed
        passed, score = (not passed, 1 - score) if wanted.negate else (passed, score)
    return Score(
        type=_name(wanted), passed=passed, score=score, weight=wanted.weight, metric=wanted.metric, reason=grade.reason,
        error=grade.error, cost_usd=grade.cost_usd, tokens=grade.tokens, price_source=grade.price_source, grade=key,
    )  # fmt: skip


def _value(answer: Answer, wanted: Checked, expected: str | None) -> tuple[float, str | None]:
    match wanted:
        case Text():
            return text(answer.content, wanted), None
        case Many():
            return many(answer.content, wanted), None
        case Pattern():
            return float(searched(wanted.value, answer.content)), None
        case IsJson():
            found = problem(answer.content, wanted.value)
            return float(found is None), found
        case Similarity():
            return similarity(answer.content, value_of(wanted, expected)), None
        case Limit():
            return _limit(answer, wanted)
    raise NotComputed("a process or a model has to say it, on a runner")


def _limit(answer: Answer, wanted: Limit) -> tuple[float, str]:
    measured = {"cost": answer.cost_usd, "tokens": answer.completion_tokens, "latency": answer.e2el_ms}[wanted.type]
    if measured is None:
        raise NotComputed(f"the answer has no known {wanted.type}")
    return float(measured <= wanted.value), f"{measured:g} of {wanted.value:g}"


def _name(wanted: Checked) -> str:
    return f"not-{wanted.type}" if wanted.negate else wanted.type


def _verdict(scores: list[Score], threshold: float | None) -> Verdict:
    if any(one.score is None for one in scores):
        return Verdict(None, None, scores)
    weight = fsum(one.weight for one in scores)
    mean = fsum(one.weight * (one.score or 0.0) for one in scores) / weight if weight else 1.0
    passed = all(one.passed for one in scores if one.weight) if threshold is None else mean >= threshold
    return Verdict(passed, mean, scores)
