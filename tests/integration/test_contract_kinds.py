"""Kinds of work: what is wrong with options is told at once with a remedy, and work splits without loss."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from benchfleet_contract.workloads.kinds import CannotSplit, Part, check, kind, plan
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS
from benchfleet_contract.workloads.options import InvalidOptions, parse
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case
from tests.variants import one_now

ROOT = Path(__file__).parents[2]


@each_case("name", KNOWN_WORKLOADS)
def test_every_known_kind_is_registered_under_its_name(name: str) -> None:
    found = kind(name)
    assert found
    assert found.name == name


def test_nothing_is_known_of_another_kind() -> None:
    assert kind("theirs") is None
    assert check("theirs", {"any": "thing"}) == []
    assert plan("theirs", {"any": "thing"}, 1) == [Part(None, {"any": "thing"})]


def told(name: str, options: dict[str, Any]) -> list[tuple[str, Any, str, str]]:
    return [(found.field, found.value, found.message, found.remedy) for found in check(name, options)]


@each_case(
    ("name", "options", "problems"),
    [
        (
            "command", {"argvv": ["true"], "repeats": "five"},
            [
                ("workload_options.argv", None, "Option argv is missing (workload_options.argv)",
                 'such as ["python3", "-c", "pass"]'),
                ("workload_options.repeats", "five",
                 "Option repeats must be a valid integer (workload_options.repeats)", "leave it out for 1"),
                ("workload_options.argvv", '["true"]', "Option argvv is unknown (workload_options.argvv)",
                 "did you mean argv?"),
            ],
        ),
        (
            "mock", {"n": 1, "step_s": -1},
            [
                ("workload_options.step_s", -1,
                 "Option step_s must be greater than or equal to 0 (workload_options.step_s)", "leave it out for 0.1"),
                ("workload_options.n", 1, "Option n is unknown (workload_options.n)",
                 "one of steps, step_s, seed, fail_at, fail_every"),
            ],
        ),
        (
            "command", {"argv": ["true"], "env": {}},
            [("workload_options.env", "{}", "Option env is unknown (workload_options.env)", "did you mean environment?")],
        ),
        (
            "ruby-bench", {"variants": ["interp", "interp"], "once": 1},
            [
                ("workload_options.variants", '["interp", "interp"]', "Variants must differ (workload_options.variants)",
                 'leave it out for ["interp", "yjit"]'),
                ("workload_options.once", 1, "Option once must be a valid boolean (workload_options.once)",
                 "leave it out for false"),
            ],
        ),
        (
            "ruby-bench", {"variants": ["rjit"]},
            [("workload_options.variants[0]", "rjit",
              "Option variants must be 'interp', 'yjit' or 'zjit' (workload_options.variants[0])",
              'leave it out for ["interp", "yjit"]')],
        ),
        (
            "pyperformance", {"benchmarks": []},
            [("workload_options.benchmarks", "[]",
              "Option benchmarks: list must have at least 1 item (workload_options.benchmarks)",
              'such as ["nbody", "float"]')],
        ),
        ("mock", {"steps": 2, "step_s": 0, "seed": 7, "fail_at": None}, []),
    ],
)  # fmt: skip
def test_every_problem_is_told_with_path_value_and_remedy(
    name: str, options: dict[str, Any], problems: list[tuple[str, Any, str, str]]
) -> None:
    assert told(name, options) == problems


def test_paths_begin_where_the_options_stand() -> None:
    assert [found.field for found in check("mock", {"steps": 0}, where="subjects[1]")] == ["subjects[1].steps"]


def test_what_is_told_of_a_long_name_or_value_is_short() -> None:
    [problem] = check("mock", {"n" * 5_000: "x" * 5_000})
    assert (len(problem.field), len(problem.value)) == (len("workload_options.") + 64, 200)


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
OPTIONS = sorted({option for name in KNOWN_WORKLOADS if (found := kind(name)) for option in found.options.model_fields})


@given(
    st.sampled_from(KNOWN_WORKLOADS), st.dictionaries(st.sampled_from(OPTIONS) | st.text(max_size=4), junk, max_size=4)
)
def test_options_are_parsed_exactly_when_nothing_is_wrong_with_them(name: str, options: dict[str, Any]) -> None:
    found, problems = kind(name), check(name, options)
    assert found
    assert all(problem.message and problem.remedy for problem in problems)
    json.dumps([problem.model_dump() for problem in problems])
    if problems:
        with pytest.raises(InvalidOptions):
            parse(found.options, options)
    else:
        parse(found.options, options)


def test_a_suite_is_split_by_its_benchmarks_each_once() -> None:
    parts = plan("pyperformance", {"benchmarks": ["a", "b", "c", "b"], "effort": "fast"}, 2)
    assert parts == [
        Part("1/2", {"benchmarks": ["a", "c"], "effort": "fast"}), Part("2/2", {"benchmarks": ["b"], "effort": "fast"})
    ]  # fmt: skip
    assert [part.options for part in plan("ruby-bench", {"name_filters": ["fib", "nbody"]}, 2)] == [
        {"name_filters": ["fib"]}, {"name_filters": ["nbody"]}
    ]  # fmt: skip


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=9), st.integers(1, 9))
def test_no_benchmark_is_lost_or_run_twice_by_a_split(names: list[str], shards: int) -> None:
    if shards > len(set(names)):
        with pytest.raises(CannotSplit):
            plan("pyperformance", {"benchmarks": names}, shards)
        return
    dealt = [
        name for part in plan("pyperformance", {"benchmarks": names}, shards) for name in part.options["benchmarks"]
    ]
    assert set(dealt) == set(names)
    assert shards == 1 or len(dealt) == len(set(names))


@each_case(
    ("name", "options", "remedy"),
    [
        ("pyperformance", {"benchmarks": ["a", "b"]}, "at most 2"),
        ("ruby-bench", {}, "name_filters"),
        ("ruby-bench", {"name_filters": ["a", "/b/", "c"]}, "without patterns"),
        ("ruby-bench", {"name_filters": ["a", "b", "c"], "categories": ["micro"]}, "without patterns, categories"),
        ("ruby-bench", {"name_filters": ["a", "b", "c"], "excludes": ["a"]}, "excludes"),
        ("command", {"argv": ["true"]}, "leave shards out"),
        ("mock", {}, "leave shards out"),
        ("theirs", {}, "leave shards out"),
    ],
)
def test_shards_that_cannot_be_made_are_refused_with_a_remedy(name: str, options: dict[str, Any], remedy: str) -> None:
    with pytest.raises(CannotSplit) as refused:
        plan(name, options, 3)
    assert remedy in refused.value.remedy


LAZY = """
import sys
import {module}
print(*(name for name in sys.modules if name.startswith(("benchfleet_contract.workloads.", "benchfleet_contract.run_"))))
"""


@pytest.mark.parametrize(
    ("module", "loaded"),
    one_now(
        ("app", {"benchfleet_contract.run_options"}),
        ("benchfleet_contract.run_work", {"benchfleet_contract.run_options", "benchfleet_contract.run_subjects",
                                          "benchfleet_contract.run_instances"}),
    ),
)  # fmt: skip
def test_rules_and_kinds_are_imported_only_when_they_are_asked_for(module: str, loaded: set[str]) -> None:
    command = [sys.executable, "-c", LAZY.format(module=module)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - {"benchfleet_contract.run_work"} == loaded
