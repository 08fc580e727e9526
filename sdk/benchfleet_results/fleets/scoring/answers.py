"""One answer against the assertions of its test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from benchfleet_contract.fleets.assertions import (
    OUTSIDE,
    Checked,
    IsJson,
    Limit,
    Many,
    Pattern,
    Similarity,
    Text,
    Threshold,
    read_assertion,
)
from benchfleet_contract.fleets.results import Score

from benchfleet_results.fleets.scoring.bounded import NotComputed, searched
from benchfleet_results.fleets.scoring.json_answers import problem
from benchfleet_results.fleets.scoring.texts import many, similarity, text, value_of

KEYWORDS = 0.5  # share of `references` that an answer has to have


@dataclass(frozen=True)
class Answer:
    """`outside` holds the scores of assertions that need a process or a request, by their index in the test's list."""

    content: str
    cost_usd: float | None = None
    completion_tokens: int | None = None
    e2el_ms: float | None = None
    outside: Mapping[int, Score] = field(default_factory=dict)


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
    for index, one in enumerate(assertions):
        wanted = _read(one)
        if isinstance(wanted, Threshold):
            threshold = wanted.value
        else:
            scores.append(wanted if isinstance(wanted, Score) else _scored(answer, wanted, index, expected))
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


def _scored(answer: Answer, wanted: Checked, index: int, expected: str | None) -> Score:
    if wanted.type in OUTSIDE:
        return answer.outside.get(index) or _unknown(wanted, "not computed here")
    try:
        score, reason = _value(answer, wanted, expected)
    except (NotComputed, ValueError) as error:
        return _unknown(wanted, str(error))
    holds = score >= getattr(wanted, "threshold", 1.0)
    passed, score = (not holds, 1 - score) if wanted.negate else (holds, score)
    return Score(
        type=_name(wanted), passed=passed, score=score, weight=wanted.weight, metric=wanted.metric, reason=reason
    )


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
    raise NotComputed(f"{wanted.type} is not computed here")


def _limit(answer: Answer, wanted: Limit) -> tuple[float, str]:
    measured = {"cost": answer.cost_usd, "tokens": answer.completion_tokens, "latency": answer.e2el_ms}[wanted.type]
    if measured is None:
        raise NotComputed(f"the answer has no known {wanted.type}")
    return float(measured <= wanted.value), f"{measured:g} of {wanted.value:g}"


def _unknown(wanted: Checked, why: str) -> Score:
    return Score(type=_name(wanted), passed=False, score=None, weight=wanted.weight, metric=wanted.metric, error=why)


def _name(wanted: Checked) -> str:
    return f"not-{wanted.type}" if wanted.negate else wanted.type


def _verdict(scores: list[Score], threshold: float | None) -> Verdict:
    if any(one.score is None for one in scores):
        return Verdict(None, None, scores)
    weight = fsum(one.weight for one in scores)
    mean = fsum(one.weight * (one.score or 0.0) for one in scores) / weight if weight else 1.0
    passed = all(one.passed for one in scores if one.weight) if threshold is None else mean >= threshold
    return Verdict(passed, mean, scores)
