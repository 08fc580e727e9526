"""Variants of one slow test, most of which start a process each, and how often a simulation is repeated."""

import os
from typing import Any

import pytest


def one_now(first: Any, *others: Any) -> list[Any]:
    """For `parametrize`: the first variant runs in `make test`, the others in `make proof`.

    Where the parameter is one name, a variant must not be a tuple: tuples are the values of several names.
    """
    return [first, *in_proof(*others)]


def in_proof(*variants: Any) -> list[Any]:
    values = [variant if isinstance(variant, tuple) else (variant,) for variant in variants]
    return [pytest.param(*each, marks=pytest.mark.proof) for each in values]


def repeats(now: int, in_proof: int) -> int:
    """How often a simulation is repeated: property tests have their own number in the same runs (conftest.py)."""
    return in_proof if os.environ.get("HYPOTHESIS_PROFILE") == "many" else now
