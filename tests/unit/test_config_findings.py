"""Everything at once: keys that are there twice beside other problems, and warnings marked, counted and in order."""

from pathlib import Path
from typing import Any

import pytest
from benchfleet.config import InvalidConfig, load
from benchfleet.documents.document import name_of
from benchfleet.documents.json_text import parse_json
from benchfleet.documents.yaml_text import parse_yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

BAD = """\
{
  "workload": "comand",
  "max_attempts": 0,
  "leas_s": 1,
  "per_instance_type": {"tasks": 0},
  "max_attempts": 98,
  "per_instance_type": {"tasks": "x", "tusks": 3, "tusks": 4},
  "deadline_s": "soon"
}
"""
YAML = """\
workload: comand
max_attempts: 0
leas_s: 1
per_instance_type: {tasks: 0}
max_attempts: 98
per_instance_type:
  tasks: x
  tusks: [{a: 1}, {a: 2}]
  tusks: 4
deadline_s: soon
"""
THERE_TWICE = "this key is there twice, first in line"


def told(folder: Path, name: str, text: str) -> list[str]:
    (folder / name).write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load(folder / name)
    return str(caught.value).replace(f"{folder}/{name}", "").splitlines()


@each_case(("name", "text", "first"), [("c.json", BAD, 1), ("c.yaml", YAML, 0)])
def test_keys_that_are_there_twice_are_told_beside_everything_else(
    tmp_path: Path, name: str, text: str, first: int
) -> None:
    lines = told(tmp_path, name, text)
    found = [(int(line.split(":")[1]) - first, line.split(": ")[1]) for line in lines[1:] if "warning" not in line]
    last = 6 if first else 9
    assert [(line, field) for line, field in found if field != "(providers)"] == [
        (2, "max_attempts"), (4, "per_instance_type.tasks"), (5, "max_attempts"), (6, "per_instance_type"),
        (last + 1, "deadline_s"),
    ]  # fmt: skip
    assert sum(THERE_TWICE in line for line in lines) == 2
    assert not any("98" in line or "(found x)" in line for line in lines)  # the first value counts


def test_warnings_are_marked_counted_and_in_the_order_of_their_lines(tmp_path: Path) -> None:
    lines = told(tmp_path, "c.json", BAD)
    assert lines[0] == " has 6 problems and 2 warnings"
    assert lines[-2:] == [
        ":2:15: warning: workload: 'comand' is no workload that benchfleet's own runner knows "
        "(command, http, llm, mock, pyperformance, ruby-bench); did you mean command?",
        ":4:3: warning: leas_s: unknown field, ignored; did you mean lease_s?",
    ]


def test_a_key_that_is_there_twice_is_never_run(tmp_path: Path) -> None:
    text = '{"workload": "mock", "per_instance_type": {"tasks": 1}, "local": ["x"],\n "local": [], "lease_s": 60}'
    assert told(tmp_path, "c.json", text) == [" has 1 problem", f":2:2: local: {THERE_TWICE} 1; keep one of them"]


def written(value: Any) -> str:
    """JSON; a mapping is a list of pairs here, so that keys can be there twice."""
    if isinstance(value, tuple):
        return "{" + ", ".join(f'"{key}": {written(inner)}' for key, inner in value) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else str(value)


PAIRS = st.recursive(
    st.integers(0, 9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(st.sampled_from("ab"), inner), max_size=4).map(tuple)
    ),
)


@given(PAIRS)
def test_both_languages_keep_the_first_and_know_the_places_of_what_they_kept(value: Any) -> None:
    one, other = parse_json(written(value)), parse_yaml(written(value))
    assert (one.value, one.values, one.keys, one.problems) == (other.value, other.values, other.keys, other.problems)
    assert all(one.has(name_of(path)) for path in one.keys)
    for path in one.values:
        one.value_at(name_of(path))  # each place leads to a value
