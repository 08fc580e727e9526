"""Variants of one slow test, most of which start a process each."""

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
