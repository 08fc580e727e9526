"""Placeholders of prompts."""

import pytest
from benchfleet_contract.fleets.template import MissingValues, TooLong, has_variables, render, variables_of
from hypothesis import given
from hypothesis import strategies as some

from tests.each_case import each_case

_NAMES = some.from_regex(r"\w{1,4}", fullmatch=True)
_PLAIN = some.text(some.characters(exclude_characters="{}"), max_size=8)


@given(some.lists(some.tuples(_PLAIN, _NAMES), max_size=6), some.data())
def test_plain_values_take_the_place_of_their_names(parts: list[tuple[str, str]], data: some.DataObject) -> None:
    values = {name: data.draw(_PLAIN) for _, name in parts}
    text = "".join(f"{before}{{{{{name}}}}}" for before, name in parts)
    assert render(text, values) == "".join(before + values[name] for before, name in parts)
    assert variables_of(text) == [name for _, name in parts]


@given(some.text())
def test_what_has_no_placeholder_stays(text: str) -> None:
    if not variables_of(text):
        assert render(text, {"a": "b"}) == text


def test_all_missing_names_are_told_in_order() -> None:
    with pytest.raises(MissingValues, match="no value for y, x"):
        render("{{y}} {{a}} {{x}} {{y}}", {"a": "1"})


def test_a_value_with_a_later_placeholder_is_expanded_and_one_with_its_own_stays() -> None:
    assert render("{{a}} {{b}}", {"a": "<{{b}}>", "b": "2"}) == "<2> 2"
    assert render("{{a}}", {"a": "{{a}}"}) == "{{a}}"


@each_case("text", ["{{ a }}", "{a}", "{{a-b}}", "{{}}"])
def test_what_is_no_placeholder_stays(text: str) -> None:
    assert render(text, {}) == text


def test_braces_alone_may_hold_variables() -> None:
    assert has_variables("}} {{")
    assert not has_variables("{{ only")


def test_values_that_double_the_text_again_and_again_are_refused() -> None:
    names = [f"v{number}" for number in range(40)]
    values = dict(zip(names, [f"{{{{{name}}}}}" * 2 for name in names[1:]], strict=False))
    with pytest.raises(TooLong):
        render("".join(f"{{{{{name}}}}}" for name in names), values | {names[-1]: "x"})
