"""A check of many cases fails for each that fails, and says which."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.each_case import each_case, failures


def small(number: int) -> None:
    assert number < 3


def raising(number: int) -> None:
    with pytest.raises(ZeroDivisionError):
        1 / number


def test_cases_that_hold_pass() -> None:
    each_case("number", [1, 2])(small)()


def test_every_case_that_fails_is_told_with_its_values() -> None:
    with pytest.raises(ExceptionGroup, match="2 of 3 cases") as told:
        each_case("number", [7, 2, 8])(small)()
    assert [each.__notes__ for each in told.value.exceptions] == [["case: number=7"], ["case: number=8"]]


def test_a_single_failure_is_that_failure() -> None:
    with pytest.raises(AssertionError) as told:
        each_case("number", [1, 4])(small)()
    assert told.value.__notes__ == ["case: number=4"]


def test_a_case_that_is_skipped_or_may_fail_hides_no_other() -> None:
    def ending(number: int) -> None:
        assert number
        (pytest.skip if number == 1 else pytest.xfail)("not here")

    for cases in ([0, 1], [1, 0], [2, 0]):
        assert len([*failures(ending, [{"number": number} for number in cases], {})]) == 2
    with pytest.raises(AssertionError, match="a test of its own"):
        each_case("number", [2])(ending)()


def test_a_check_that_yields_or_returns_was_not_made() -> None:
    def yielding(number: int) -> Iterator[None]:
        assert number > 5
        yield

    wrong: Any = yielding
    with pytest.raises(AssertionError, match="not looked at"):
        each_case("number", [1])(wrong)()


def test_an_error_that_did_not_come_is_a_failure_too() -> None:
    assert len([*failures(raising, [{"number": 1}, {"number": 0}, {"number": 2}], {})]) == 2


def test_names_and_values_go_together() -> None:
    seen: list[tuple[int, str, str]] = []

    @each_case("letter", ["x", "y"])
    @each_case(("number", "word"), [(1, "one"), pytest.param(2, "two", id="second")])
    def see(number: int, word: str, letter: str) -> None:
        seen.append((number, word, letter))

    see()
    assert seen == [(1, "one", "x"), (2, "two", "x"), (1, "one", "y"), (2, "two", "y")]


def test_every_case_has_a_folder_of_its_own(tmp_path: Path) -> None:
    folders: list[Path] = []

    @each_case("number", [1, 2])
    def see(number: int, tmp_path: Path) -> None:
        folders.append(tmp_path)

    see(tmp_path=tmp_path)
    assert [folder.is_dir() for folder in folders] == [True, True]
    assert len({tmp_path, *folders}) == 3


def test_a_case_with_a_mark_no_cases_and_a_case_of_another_length_are_refused() -> None:
    with pytest.raises(AssertionError, match="mark"):
        each_case("number", [pytest.param(1, marks=pytest.mark.proof)])
    with pytest.raises(AssertionError, match="without cases"):
        each_case("number", [])
    with pytest.raises(ValueError, match="zip"):
        each_case(("number", "word"), [(1, "one", "two")])


def test_what_a_case_sets_is_not_set_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    @each_case("value", ["a", "b"])
    def see(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        seen.append(os.environ.get("BENCHFLEET_OF_A_CASE"))
        monkeypatch.setenv("BENCHFLEET_OF_A_CASE", value)

    see(monkeypatch=monkeypatch)
    assert [*seen, os.environ.get("BENCHFLEET_OF_A_CASE")] == [None, None, None]
