"""Assertions that look at the text alone: each gives a score from 0 to 1."""

from collections.abc import Callable, Mapping
from difflib import SequenceMatcher

from benchfleet_contract.fleets.assertions import Many, Similarity, Text

MOST_WORDS = 2000  # comparing is quadratic

_ONE: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda answer, value: value in answer,
    "icontains": lambda answer, value: value.casefold() in answer.casefold(),
    "equals": lambda answer, value: answer.strip() == value.strip(),
    "iequals": lambda answer, value: answer.strip().casefold() == value.strip().casefold(),
    "starts-with": lambda answer, value: answer.lstrip().startswith(value),
}


def text(answer: str, wanted: Text) -> float:
    return float(_ONE[wanted.type](answer, wanted.value))


def many(answer: str, wanted: Many) -> float:
    """The share of values that are there; of `…-any` whether one is."""
    kind, _, how = wanted.type.partition("-")
    there = [_ONE[kind](answer, value) for value in wanted.value]
    return float(any(there)) if how == "any" else sum(there) / len(there)


def similarity(answer: str, value: str) -> float:
    """Of words without case: J. W. Ratcliff and D. E. Metzener, "Pattern Matching: The Gestalt Approach" (1988)."""
    ours, theirs = answer.casefold().split()[:MOST_WORDS], value.casefold().split()[:MOST_WORDS]
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio()


def value_of(wanted: Similarity, expected: str | None) -> str:
    """Raises ValueError where neither says what the answer is compared with."""
    value = wanted.value if wanted.value is not None else expected
    if value is None:
        raise ValueError("similarity needs a value, or a test with `expected`")
    return value
