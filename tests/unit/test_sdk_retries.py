"""Pauses: spread evenly, bounded, and as long as the server asks for."""

import random
from itertools import pairwise

import pytest
from benchfleet.api.retries import BOUNDS_S, LONGEST_PAUSE_S, pause_s, retry_after_s
from benchfleet.exceptions import ApiError, ArchiveError, AuthError, BenchfleetError, ServerError, Unreachable

from tests.each_case import each_case


def pause(error: BenchfleetError, *, number: int = 0, repeatable: bool = True, dice: float = 1.0) -> float | None:
    return pause_s(error, number=number, repeatable=repeatable, random=lambda: dice)


def test_full_jitter_spreads_from_zero_to_a_bound_that_doubles() -> None:
    draw = random.Random(1).random
    for number, bound_s in enumerate(BOUNDS_S):
        drawn = [pause_s(Unreachable("x"), number=number, repeatable=True, random=draw) or 0.0 for _ in range(2000)]
        assert 0 <= min(drawn) < 0.01 * bound_s
        assert 0.99 * bound_s < max(drawn) <= bound_s
        assert sum(drawn) / len(drawn) == pytest.approx(bound_s / 2, rel=0.05)
    assert all(after == 2 * before for before, after in pairwise(BOUNDS_S))


def test_there_is_an_end() -> None:
    assert pause(Unreachable("x"), number=len(BOUNDS_S) - 1) is not None
    assert pause(Unreachable("x"), number=len(BOUNDS_S)) is None


def busy(asked_s: float | None, *, status: int = 503) -> ServerError:
    return ServerError("busy", status=status, retry_after_s=asked_s)


def test_never_sooner_than_asked_and_not_all_at_once() -> None:
    assert pause(busy(3), dice=0.0) == 3
    assert pause(busy(3), dice=0.5) == 3.25
    assert pause(busy(0), dice=1.0) == BOUNDS_S[0]
    assert pause(busy(LONGEST_PAUSE_S), dice=0.0) == LONGEST_PAUSE_S
    assert pause(busy(LONGEST_PAUSE_S + 1)) is None


@each_case(
    ("error", "repeatable", "repeated"),
    [
        (Unreachable("x"), True, True),
        (Unreachable("x"), False, False),
        (Unreachable("x", sent=False), False, True),
        (busy(None, status=500), True, True),
        (busy(None, status=500), False, False),
        (busy(None, status=429), False, True),
        (ApiError("x", status=400), True, False),
        (AuthError("x", status=401), True, False),
        (ArchiveError("x"), True, False),
    ],
)
def test_what_is_worth_a_repeat(error: BenchfleetError, repeatable: bool, repeated: bool) -> None:
    assert (pause(error, repeatable=repeatable) is not None) == repeated


@each_case(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 60.0),
        ("Wednesday, 21-Oct-15 07:28:00 GMT", 60.0),
        ("Wed, 21 Oct 2015 07:26:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("tomorrow", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, now_s=1_445_412_420.0) == seconds  # 2015-10-21T07:27:00Z
