"""JSON and YAML: what a text holds, where each value stands, and what is refused however it is put."""

import json
from contextlib import suppress
from typing import Any

import pytest
from benchfleet.documents.document import MAX_DEPTH, Document, name_of
from benchfleet.documents.json_text import parse_json
from benchfleet.documents.problems import SyntaxProblem
from benchfleet.documents.yaml_text import parse_yaml, plain
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

ascii_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def trees(words: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves | words,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
        max_leaves=12,
    )


indents = st.sampled_from([None, 0, 2, "\t"])


def stands_there(text: str, document: Document) -> None:
    """At each place stands the text of the value, or of the key, that is said to be there."""
    lines = text.split("\n")
    for path, mark in document.values.items():
        value: Any = document.value
        for step in path:
            value = value[step]
        rest = lines[mark.line - 1][mark.column - 1 :]
        opening = json.dumps(value, ensure_ascii=False)
        opening = opening[:1] if isinstance(value, dict | list) else opening
        assert rest.startswith(opening), (name_of(path), rest)
    for path, mark in document.keys.items():
        rest = lines[mark.line - 1][mark.column - 1 :]
        assert rest.startswith(json.dumps(path[-1], ensure_ascii=False))


@given(trees(st.text(st.characters(exclude_categories=["Cs"]), max_size=6)), indents)
def test_json_is_what_python_reads_and_every_value_is_where_it_is_said_to_be(tree: Any, indent: Any) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=False)
    document = parse_json(text)
    assert document.value == tree
    assert document.problems == []
    stands_there(text, document)


@given(trees(ascii_text), st.sampled_from([None, 2]))
def test_yaml_reads_json_to_the_same_values_at_the_same_places(tree: Any, indent: Any) -> None:
    text = json.dumps(tree, indent=indent)
    read, expected = parse_yaml(text), parse_json(text)
    assert (read.value, read.values, read.keys) == (expected.value, expected.values, expected.keys)


@each_case(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("Yes", "Yes"), ("2026-11-22", "2026-11-22"), ("1:30", "1:30"), ("010", "010"),
        ("0x1F", "0x1F"), ("1_000", "1_000"), (".inf", ".inf"), ("3.4.7", "3.4.7"), ("3.10", 3.1), ("1e3", 1000.0),
        ("-7", -7), ("~", None), ("null", None), ("", None), ("True", True), ("false", False), ("9" * 400, "9" * 400),
    ],
)  # fmt: skip
def test_a_plain_word_is_a_number_or_a_truth_value_only_where_json_would_have_one(text: str, value: Any) -> None:
    assert plain(text) == value
    assert parse_yaml(f"a: {text}").value == {"a": value}


def test_yaml_tells_places_of_blocks_and_follows_aliases() -> None:
    document = parse_yaml("base: &b\n  instance_type: a\nlocal:\n  - *b\n  - {instance_type: b}\n")
    assert document.value["local"] == [{"instance_type": "a"}, {"instance_type": "b"}]
    place, inner = document.place("local[1].instance_type"), document.place("local[0].instance_type")
    assert (place.line, place.column) == (5, 21)
    assert (inner.line, inner.column) == (4, 5)  # an alias stands for all that is in it


@each_case(
    ("text", "line", "words"),
    [
        ('{\n"a": 1,\n}', 3, "quote names, and remove a comma"),
        ("[\n1,\n]", 3, "remove a comma"),
        ("{'a': 1}", 1, "quote names"),
        ('{"a": 1}\n{}', 2, "one object only"),
        ('{"a": NaN}', 1, "it has no NaN"),
        ('{\n"a": // why\n1}', 2, "not JSON"),
        (f'{{"a": {"9" * 5000}}}', 1, "not JSON"),
        ("", 1, "not JSON"),
        ("[" * 100_000, 1, "nested too deeply"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), 1, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse_json(text)
    found = caught.value.finding
    assert found.mark.line == line
    assert words in f"{found.message}; {found.remedy}"


LAUGHS = "a0: &a0 lol\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 40))


@each_case(
    ("text", "line", "words"),
    [
        (LAUGHS, 7, "aliases are written out"),
        ("a: &a\n  b: *a", 2, "stands for nothing yet"),
        ("a: *nobody", 1, "stands for nothing yet"),
        ("a: 1\nb: !!python/object/apply:os.system [id]", 2, "tag"),
        ("a: !!str 3.10", 1, "tag"),
        ("base: &b {a: 1}\nx:\n  <<: *b", 3, "merge keys"),
        ("? [a, b]\n: 1", 1, "a key must be a word"),
        ("&k a: 1\n*k : 2", 2, "a key must be a word"),
        ("a: 1\n---\nb: 2", 2, "a second document"),
        ("a: 1\n\tb: 2", 2, "not YAML"),
        ("a: [1, 2", 1, "not YAML"),
        ("a: \x07", 1, "not YAML"),
        ("[" * 50_000, 1, "nested too deeply"),
        ("- " * 50_000, 1, "nested too deeply"),
    ],
)
def test_what_is_no_yaml_or_a_trap_is_told_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        parse_yaml(text)
    found = caught.value.finding
    assert words in f"{found.message}; {found.remedy}"
    assert found.mark.line == line


@each_case("parse", [parse_json, parse_yaml])
def test_a_key_that_is_there_twice_is_told_at_its_second_place(parse: Any) -> None:
    document = parse('{"a": {"b": 1,\n"b": 2},\n"a.b": 3}')
    found = [(problem.field, problem.mark.line, problem.message) for problem in document.problems]
    assert found == [("a.b", 2, "this key is there twice, first in line 1")]


@given(st.text(max_size=40), st.sampled_from([parse_json, parse_yaml]))
def test_any_text_is_read_or_refused(text: str, parse: Any) -> None:
    with suppress(SyntaxProblem):
        json.dumps(parse(text).value)
