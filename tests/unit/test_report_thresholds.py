"""Thresholds of a repository: which rule counts, what is ignored, and what is wrong with a file."""

from pathlib import Path
from typing import Any

import pytest
from benchfleet.documents.problems import InvalidConfig
from benchfleet.exceptions import ConfigError
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.gate import gated, least_compared
from benchfleet.report.model.comparison import RunComparison
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet.report.thresholds import share_of
from benchfleet.report.thresholds_file import NAME, found, load

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run


def machine(kind: str, factor: float, *measured: dict[str, Any], failures: Any = ()) -> list[TaskFolder]:
    """Three tasks; `measured` is scaled by `factor` where lower is better, else divided by it."""
    return [
        TaskFolder(kind, [_scaled(one, factor, shift) for one in measured], failures=failures)
        for shift in (1.0, 1.001, 0.999)
    ]


def _scaled(one: dict[str, Any], factor: float, shift: float) -> dict[str, Any]:
    by = factor if one["better"] == "lower" else 1 / factor
    return {**one, "samples": [value * by * shift for value in one["samples"]]}


def compared(tmp_path: Path, rules: str, new: list[TaskFolder], old: list[TaskFolder]) -> Report:
    file = tmp_path / NAME
    file.parent.mkdir(exist_ok=True)
    file.write_text(rules)
    folders = [write_run(tmp_path, "new", new), write_run(tmp_path, "old", old)]
    report = analyse(read_runs(folders), Options(baseline="old", thresholds=load(file)))
    return gated(report, least=least_compared("100%"))


def of(report: Report) -> RunComparison:
    assert report.comparison is not None
    return report.comparison


def limits(report: Report) -> dict[tuple[str, str | None], float | None]:
    return {(row.name, row.benchmark): row.threshold for row in of(report).rows}


FIB, NBODY = measurement("fib", [1.0]), measurement("nbody", [2.0])
RATE = measurement("serve", [100.0], metric="requests", unit="req/s", better="higher")


def test_the_last_rule_that_matches_counts_and_the_rows_say_it(tmp_path: Path) -> None:
    rules = """
default = "3%"
[[rule]]
machine = "aws a"
threshold = "10%"
[[rule]]
benchmark = "FIB"
threshold = "20%"
reason = "allocates at random"
"""
    sides = [machine("a", factor, FIB, NBODY) + machine("b", factor, FIB, NBODY) for factor in (1.06, 1.0)]
    report = compared(tmp_path, rules, *sides)
    assert limits(report) == {
        ("a", None): 0.10, ("a", "fib"): 0.20, ("a", "nbody"): 0.10,
        ("b", None): 0.03, ("b", "fib"): 0.20, ("b", "nbody"): 0.03,
    }  # fmt: skip
    assert {(row.name, row.benchmark) for row in of(report).regressions} == {("b", None), ("b", "nbody")}
    by_line = {row.rule for row in of(report).rows}
    assert by_line == {None, f"{tmp_path / NAME}:3", f"{tmp_path / NAME}:6"}
    assert "by more than the threshold of each" in of(report).gate.reasons[0]  # type: ignore[union-attr]
    assert "nbody (interp) on aws b +6.0 % (threshold 3.0 %)" in of(report).gate.reasons[0]  # type: ignore[union-attr]


@each_case(("factor", "regressions"), [(1.06, 2), (1 / 1.06, 0)])
def test_worse_is_meant_whichever_way_a_metric_points(tmp_path: Path, factor: float, regressions: int) -> None:
    report = compared(tmp_path, "", machine("a", factor, FIB, RATE), machine("a", 1.0, FIB, RATE))
    found = [row.benchmark for row in of(report).regressions if row.benchmark]
    assert len(found) == regressions


def test_a_metric_and_a_variant_may_have_their_own(tmp_path: Path) -> None:
    jit = measurement("fib", [0.2], variant="yjit")
    rules = '[[rule]]\nmetric = "requests"\nthreshold = "50%"\n[[rule]]\nvariant = "y*"\nthreshold = 0.5\n'
    report = compared(tmp_path, rules, machine("a", 1.2, FIB, jit, RATE), machine("a", 1.0, FIB, jit, RATE))
    assert {(row.variant, row.metric) for row in of(report).regressions} == {("interp", "time")}


def test_a_rule_without_a_benchmark_is_of_the_mean_too_and_others_are_not(tmp_path: Path) -> None:
    sides = [machine("a", factor, FIB, NBODY) for factor in (1.2, 1.0)]
    every = compared(tmp_path / "a", '[[rule]]\nbenchmark = "*"\nthreshold = "50%"\n', *sides)
    assert [row.benchmark for row in of(every).regressions] == [None]
    mean = compared(tmp_path / "b", '[[rule]]\nbenchmark = "geometric mean"\nthreshold = "50%"\n', *sides)
    assert {row.benchmark for row in of(mean).regressions} == {"fib", "nbody"}


def test_what_is_ignored_is_neither_judged_nor_in_the_mean_and_is_told(tmp_path: Path) -> None:
    rules = '[[rule]]\nbenchmark = "f*"\nignore = true\n'
    broken = [{"benchmark": "fast", "variant": "interp", "reason": "boom"}]
    spin = measurement("spin", [3.0])
    new = machine("a", 1.0, NBODY, spin, measurement("fib", [9.0]), failures=broken)
    report = compared(tmp_path, rules, new, machine("a", 1.0, NBODY, spin, FIB, measurement("fast", [1.0])))
    found = of(report)
    assert found.gate is not None
    assert found.gate.passed
    assert {(row.benchmark, row.benchmarks) for row in found.rows} == {(None, 2), ("nbody", 1), ("spin", 1)}
    assert (found.of_baseline, found.compared, found.failed) == (2, 2, [])
    line = f"{tmp_path / NAME}:1"
    assert [(one.what, one.rule) for one in found.ignored] == [
        ("aws a: fast (interp, failed)", line), ("aws a: fast (interp, time)", line), ("aws a: fib (interp, time)", line),
    ]  # fmt: skip


def test_a_rule_of_one_metric_excuses_no_failure(tmp_path: Path) -> None:
    broken = [{"benchmark": "fib", "variant": "interp", "reason": "boom"}]
    rules = '[[rule]]\nbenchmark = "fib"\nmetric = "memory"\nignore = true\n'
    new, old = machine("a", 1.0, NBODY, failures=broken), machine("a", 1.0, NBODY, FIB)
    assert of(compared(tmp_path, rules, new, old)).failed == ["aws a: fib (interp)"]


def test_a_rule_that_matches_nothing_is_told(tmp_path: Path) -> None:
    rules = '[[rule]]\nbenchmark = "fibb"\nthreshold = "9%"\n[[rule]]\nbenchmark = "fib"\nthreshold = "9%"\n'
    report = compared(tmp_path, rules, machine("a", 1.0, FIB), machine("a", 1.0, FIB))
    [told] = [words for words in report.warnings if "matches nothing" in words]
    assert told.startswith(f"{tmp_path / NAME}:1: a threshold for benchmark fibb ")


def test_a_name_is_meant_before_a_pattern(tmp_path: Path) -> None:
    odd = measurement("ctors[int|str]", [1.0])
    rules = '[[rule]]\nbenchmark = "ctors[int|str]"\nthreshold = "50%"\n'
    sides = [machine("a", factor, odd, measurement("ctorsi", [1.0])) for factor in (1.2, 1.0)]
    assert {row.benchmark for row in of(compared(tmp_path, rules, *sides)).regressions} == {"ctorsi", None}


@each_case(
    ("value", "share"),
    [
        ("5%", 0.05), (0.05, 0.05), ("0.05", 0.05), (0, 0.0), ("300%", 3.0), ("1000%", None), (5, None), ("-1%", None),
        (True, None), (float("nan"), None), ("%", None), ("much", None), ([], None),
    ],
)  # fmt: skip
def test_what_is_a_share(value: object, share: float | None) -> None:
    assert share_of(value, most=10.0) == share


def test_everything_that_is_wrong_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_text(
        'default = 5\nlevel = 1\n\n[[rule]]\nbenchmark = 3\nthreshold = "much"\n\n[[rule]]\nmachine = "a"\n'
        '\n[[rule]]\nignore = true\nthreshold = "5%"\n[[rule]]\nignore = "yes"\nbenchmrk = "x"\nthreshold = "1%"\n'
    )
    with pytest.raises(InvalidConfig) as caught:
        load(file)
    lines = [line.removeprefix(f"{file}:") for line in str(caught.value).splitlines()[1:]]
    assert [line.split(": ")[:2] for line in lines] == [
        ["1:1", "default"], ["2:1", "level"], ["5:1", "rule[0].benchmark"], ["6:1", "rule[0].threshold"],
        ["8:1", "rule[1].threshold"], ["13:1", "rule[2].threshold"], ["15:1", "rule[3].ignore"], ["16:1", "rule[3].benchmrk"],
    ]  # fmt: skip
    assert caught.value.exit_code == 5


@each_case(
    ("text", "words"),
    [
        ("default = \n", ":1:11: not TOML: Invalid value"),
        (f"default = {'9' * 5_000}", ":1:1: not TOML: Exceeds the limit"),
        (f"default = {'[' * 3_000}", ":1:1: not TOML: nested too deeply"),
        ("[[rule]]\nbenchmark = 'a'\nthreshold = '1%", ":3:"),
        ("[rule]\nbenchmark = 'a'\n", "rule: must be tables"),
        ("rule = [{benchmark = 'a', threshold = 7}]\n", ":1:1: rule[0].threshold: must be a share"),
    ],
)
def test_a_file_that_is_no_such_thing(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(InvalidConfig) as caught:
        load(tmp_path / NAME)
    assert words in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the thresholds"):
        load(tmp_path / "absent.toml")
    (tmp_path / NAME).write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / NAME)


def test_it_is_found_up_to_the_repository_s_root(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    inner = tmp_path / "repo" / "deep" / "deeper"
    inner.mkdir(parents=True)
    assert found(inner) == tmp_path / NAME
    (tmp_path / "repo" / ".git").mkdir()
    assert found(inner) is None
    (tmp_path / "repo" / NAME).write_text("")
    assert found(inner) == tmp_path / "repo" / NAME
