"""The condition operators of IAM policies. Pure.

Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and, for
keys with several values, reference_policies_multi-value-conditions.html beside it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

Values = Sequence[str]
Context = Mapping[str, Values]  # condition key, as AWS spells it → its values in this request
Test = Callable[[str, str], bool]  # value of the request, value of the policy
ARN_PARTS = 6


class PolicyNotUnderstood(Exception):
    """A policy says something that this evaluator does not know; to guess would let a wrong policy pass."""


def holds(operator: str, key: str, wanted: Values, context: Context) -> bool:
    """Does one line of a Condition hold? Keys are compared without regard to case. Raises PolicyNotUnderstood."""
    quantifier, _, name = operator.rpartition(":")
    if_exists, name = name.endswith("IfExists"), name.removesuffix("IfExists")
    found = _values(context, key)
    if name == "Null":
        return (found is None) == (wanted[0].lower() == "true")
    if quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise PolicyNotUnderstood(f"condition operator {operator}: {quantifier} is no set operator")
    test, negated = _test(name, operator)
    if found is None:
        return if_exists or (quantifier == "ForAllValues") or (not quantifier and negated)
    matches = [any(test(value, each) for each in wanted) != negated for value in found]
    if quantifier == "ForAllValues" or (not quantifier and negated):
        return all(matches)
    return any(matches)


def _values(context: Context, key: str) -> Values | None:
    for name, values in context.items():
        if name.lower() == key.lower():
            return values
    return None


def _test(name: str, operator: str) -> tuple[Test, bool]:
    """How two values are compared, and whether the answer is turned round."""
    if name in _TESTS:
        return _TESTS[name], False
    positive = name.replace("Not", "", 1)
    if name != positive and positive in _TESTS:
        return _TESTS[positive], True
    raise PolicyNotUnderstood(f"condition operator {operator} is not known to the emulator")


@lru_cache(maxsize=4096)
def _glob(pattern: str, *, any_case: bool) -> re.Pattern[str]:
    parts = [".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern]
    return re.compile("".join(parts) + r"\Z", re.DOTALL | (re.IGNORECASE if any_case else 0))


def like(value: str, pattern: str, *, any_case: bool = False) -> bool:
    """`*` stands for any text, `?` for one character."""
    return _glob(pattern, any_case=any_case).match(value) is not None


def _arn_like(value: str, pattern: str) -> bool:
    """Each of the six parts by itself."""
    values, patterns = value.split(":", ARN_PARTS - 1), pattern.split(":", ARN_PARTS - 1)
    return len(values) == len(patterns) and all(map(like, values, patterns))


def _number(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return test


def _moment(text: str) -> datetime:
    if re.fullmatch(r"\d+", text):
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(_moment(value), _moment(wanted))
        except ValueError:
            return False

    return test


_TESTS: Mapping[str, Test] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": _number(lambda value, wanted: value == wanted),
    "NumericLessThan": _number(lambda value, wanted: value < wanted),
    "NumericLessThanEquals": _number(lambda value, wanted: value <= wanted),
    "NumericGreaterThan": _number(lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": _number(lambda value, wanted: value >= wanted),
    "DateEquals": _date(lambda value, wanted: value == wanted),
    "DateLessThan": _date(lambda value, wanted: value < wanted),
    "DateLessThanEquals": _date(lambda value, wanted: value <= wanted),
    "DateGreaterThan": _date(lambda value, wanted: value > wanted),
    "DateGreaterThanEquals": _date(lambda value, wanted: value >= wanted),
}
