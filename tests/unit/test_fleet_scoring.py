"""Is an answer right? Each typed assertion, weights, thresholds, repeats."""

from typing import Any

import pytest
from benchfleet_contract.fleets.assertions import Pattern, Rubric, grade_key, read_assertion
from benchfleet_contract.fleets.outcomes import Grade
from benchfleet_results.fleets.scoring.answers import Answer, Verdict, judge, written, wrong
from benchfleet_results.fleets.scoring.bounded import NotComputed, searched
from benchfleet_results.fleets.scoring.quality import pass_at_k, quality

from tests.each_case import each_case
from tests.unit.fleet_results import a_test
from tests.variants import in_proof

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "s": {"pattern": "^a+$"}}}


def _judge(content: str, *assertions: dict[str, Any], expected: str | None = None, **answer: Any) -> Verdict:
    found = judge(Answer(content, **answer), assertions, expected=expected)
    assert found is not None
    return found


@each_case(
    ("content", "assertion", "passed"),
    [
        ("It is Four.", {"type": "contains", "value": "Four"}, True),
        ("It is Four.", {"type": "contains", "value": "four"}, False),
        ("It is Four.", {"type": "icontains", "value": "four"}, True),
        (" four\n", {"type": "equals", "value": "four"}, True),
        ("fourteen", {"type": "equals", "value": "four"}, False),
        ("\nfourteen", {"type": "starts-with", "value": "four"}, True),
        ("a b", {"type": "contains-any", "value": ["x", "b"]}, True),
        ("a b", {"type": "contains-all", "value": ["a", "x"]}, False),
        ("a b", {"type": "contains-all", "value": ["a", "x"], "threshold": 0.5}, True),
        ("a b", {"type": "not-contains", "value": "x"}, True),
        ("a x", {"type": "not-contains", "value": "x"}, False),
        ("n = 42", {"type": "regex", "value": r"\d{2}$"}, True),
        ("n = 42", {"type": "regex", "value": r"^\d"}, False),
        ('{"n": 1}', {"type": "is-json"}, True),
        ('```json\n{"n": 1}\n```', {"type": "is-json", "value": SCHEMA}, True),
        ('{"n": "1"}', {"type": "is-json", "value": SCHEMA}, False),
        ('{"n": 1, "s": "b"}', {"type": "is-json", "value": SCHEMA}, False),
        ("{n: 1}", {"type": "is-json"}, False),
        ("the quick brown fox", {"type": "similarity", "value": "The quick red fox"}, True),
        ("no", {"type": "similarity", "value": "The quick red fox"}, False),
    ],
)
def test_an_assertion_holds_or_not(content: str, assertion: dict[str, Any], passed: bool) -> None:
    assert _judge(content, assertion).passed is passed


def test_limits_need_what_was_measured() -> None:
    limits = [{"type": "cost", "value": 0.01}, {"type": "tokens", "value": 5}, {"type": "latency", "value": 10}]
    assert [one.passed for one in _judge("", *limits, cost_usd=0.02, completion_tokens=5, e2el_ms=11).scores] == [
        False, True, False,
    ]  # fmt: skip
    unknown = _judge("", limits[0])
    assert (unknown.passed, unknown.score) == (None, None)
    assert "no known cost" in str(unknown.scores[0].error)


def test_weights_make_the_score_and_a_threshold_decides_by_it() -> None:
    right, other = {"type": "contains", "value": "a", "weight": 3}, {"type": "contains", "value": "x", "weight": 1}
    assert _judge("a", right, other).score == 0.75
    assert _judge("a", right, other).passed is False
    assert _judge("a", right, other, {"type": "threshold", "value": 0.7}).passed is True
    assert _judge("a", right, {**other, "weight": 0}).passed is True


def test_expected_and_references_are_assertions_and_nothing_said_is_not_scored() -> None:
    both = written("Paris", ["Seine", "France"], [])
    assert _judge("PARIS, on the Seine", *both).scores[1].score == 0.5
    assert _judge("PARIS, on the Seine", *both).passed is True
    assert written(None, [], []) == []
    assert judge(Answer("x"), []) is None
    assert wrong([]) is None
    assert wrong(both) == Verdict(False, 0.0, [])


def test_similarity_compares_with_what_is_expected_and_then_expected_is_no_substring() -> None:
    both = written("The quick red fox", [], [{"type": "similarity"}])
    assert len(both) == 1
    assert _judge("the quick brown fox", *both, expected="The quick red fox").passed is True
    assert "needs a value" in str(_judge("x", {"type": "similarity"}).scores[0].error)


def test_what_a_process_or_a_model_says_is_taken_from_outside() -> None:
    rubric = {"type": "llm-rubric", "value": "polite?"}
    assert _judge("x", rubric).passed is None
    said = {
        grade_key(Rubric.model_validate(rubric), "openai:judge"): Grade(score=0.9, reason="yes", cost_usd=0.1, tokens=7)
    }
    found = _judge("x", {"type": "contains", "value": "x"}, rubric, grades=said, judge="openai:judge")
    assert found.score == pytest.approx(0.95)
    assert (found.scores[1].cost_usd, found.scores[1].tokens, found.scores[1].reason) == (0.1, 7, "yes")
    turned = _judge("x", {**rubric, "type": "not-llm-rubric", "weight": 3}, grades=said, judge="openai:judge")
    assert turned.passed is False
    assert turned.score == pytest.approx(0.1)
    assert _judge("x", rubric, grades=said, judge="openai:another").passed is None


def test_what_was_said_of_a_pattern_or_a_schema_is_kept() -> None:
    """The control plane has neither package."""
    pattern = {"type": "regex", "value": "x"}
    said = {grade_key(Pattern.model_validate(pattern), None): Grade(score=0.0)}
    assert _judge("x", pattern, grades=said).passed is False
    assert _judge("x", pattern).passed is True


def test_a_wrong_assertion_is_told_and_decides_nothing() -> None:
    found = _judge("x", {"type": "contians", "value": "x"})
    assert found.passed is None
    assert "contians" in str(found.scores[0].error)
    with pytest.raises(ValueError, match="weight"):
        read_assertion({"type": "contains", "value": "x", "weight": -1})
    with pytest.raises(ValueError, match="value"):
        read_assertion({"type": "python", "value": "os.system"})


def test_a_pattern_without_end_is_stopped() -> None:
    with pytest.raises(NotComputed, match="more than"):
        searched(r"(a|aa)+$", "a" * 60 + "b", seconds=0.05)
    with pytest.raises(NotComputed, match="not a regular expression"):
        searched("(", "x")


SLOW = "(a|aa)+$"
LONG = "a" * 60 + "b"


@pytest.mark.parametrize(
    ("schema", "document", "passed"),
    [
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, '{"x1": 1}', True),
        ({"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}, '{"x1": "1"}', False),
        ({"patternProperties": {"^x": {}}, "additionalProperties": False}, '{"y": 1}', False),
        ({"additionalProperties": {"type": "integer"}}, '{"y": 1}', True),
        ({"additionalProperties": {"type": "integer"}}, '{"y": "1"}', False),
        ({"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}}, "[1, 2]", True),
        ({"pattern": SLOW}, f'"{LONG}"', None),
        ({"unevaluatedProperties": False}, '{"y": 1}', None),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "1", None),
        *in_proof(({"patternProperties": {SLOW: {}}}, f'{{"{LONG}": 1}}', None)),  # each takes the second that it may
    ],
)
def test_a_schema_is_applied_without_fetching_and_its_patterns_end(
    schema: dict[str, Any], document: str, passed: bool | None
) -> None:
    assert _judge(document, {"type": "is-json", "value": schema}).passed is passed


@each_case(("right", "of", "k", "found"), [(1, 2, 1, 0.5), (1, 2, 2, 1.0), (0, 5, 3, 0.0), (2, 4, 2, 5 / 6)])
def test_pass_at_k_is_the_unbiased_estimate(right: int, of: int, k: int, found: float) -> None:
    assert pass_at_k(right, of, k) == pytest.approx(found)


def test_repeats_have_a_mean_a_majority_and_pass_at_k() -> None:
    tests = [("r", test, a_test(test, passed=passed, score=float(passed))) for test, passed in _REPEATS]
    found = quality(tests)
    assert found is not None
    assert found.score is not None
    assert (found.scored, found.passed, found.repeats, found.majority) == (6, 3, 3, 0.5)
    assert found.score.mean == pytest.approx(0.5)
    assert found.pass_at_k == {"1": pytest.approx(0.5), "2": pytest.approx((1 + 2 / 3) / 2), "3": 1.0}


_REPEATS = [("a", True), ("a", True), ("a", False), ("b", False), ("b", True), ("b", False)]


def test_nothing_scored_has_no_quality() -> None:
    assert quality([("r", "a", a_test())]) is None
