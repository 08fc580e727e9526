"""Variants, and subjects, against the first of them: factors with intervals."""

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from benchfleet.cli.report_comparisons import factor_tables
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet.report.words import left_out
from rich.console import Console

from tests.report_runs import TaskFolder, measurement, write_run
from tests.unit.page_texts import page_texts

TIMES = {"interp": {"fib": 1.0, "sum": 2.0, "same": 1.0}, "yjit": {"fib": 0.2, "sum": 1.6, "same": 1.0}}


def report(folder: Path, tasks: Sequence[TaskFolder], **about: object) -> Report:
    return analyse(read_runs([write_run(folder, "r", tasks, about=about)]), Options())


def task(machine: str, noise: float, *, extra: dict[str, dict[str, float]] | None = None, **more: object) -> TaskFolder:
    every = {**TIMES, **(extra or {})}
    found = [
        measurement(name, [value * (1 + noise * (1 if variant == "interp" else -1))] * 2, variant=variant)
        for variant, times in every.items()
        for name, value in times.items()
    ]
    return TaskFolder(machine, found, **more)  # type: ignore[arg-type]


def test_a_compiler_is_set_against_the_interpreter_on_each_machine(tmp_path: Path) -> None:
    found = report(tmp_path, [task(machine, noise) for machine in "mn" for noise in (0.0, 0.004, -0.003)]).factors
    assert [(one.dimension, one.name, one.old, one.new, one.speed) for one in found] == [
        ("variant", "m", "interp", "yjit", True), ("variant", "n", "interp", "yjit", True),
    ]  # fmt: skip
    table = found[0]
    rows = {row.benchmark: row for row in table.rows}
    assert list(rows) == ["fib", "same", "sum"]
    fib = rows["fib"]
    assert fib.factor == pytest.approx(5.0, rel=0.01)
    assert fib.interval is not None
    assert fib.interval[0] < 5.0 < fib.interval[1]
    assert fib.relation.verdict == "better"
    assert fib.relation.ratio == pytest.approx(1 / (fib.factor or 0))
    assert fib.old == pytest.approx(1.0, rel=0.01)
    assert fib.new == pytest.approx(0.2, rel=0.01)
    assert rows["same"].relation.verdict == "unclear"
    assert table.within_noise == 1
    assert table.overall is not None
    assert table.overall.factor == pytest.approx((5 * 1.25 * 1) ** (1 / 3), rel=0.01)
    assert table.overall.benchmarks == 3


def test_what_a_table_leaves_out_is_called_noise_only_where_it_was_tested(tmp_path: Path) -> None:
    (table,) = report(tmp_path / "one", [task("m", 0.0)]).factors
    assert left_out(table) == "3 of 3 benchmarks have too few repeats to tell: left out"
    (table,) = report(tmp_path / "three", [task("m", noise) for noise in (0.0, 0.004, -0.003)]).factors
    assert left_out(table) == "1 of 3 benchmarks is within noise: left out"


def test_every_form_says_of_what_the_factor_is(tmp_path: Path) -> None:
    """ "The new one" is whom nobody knows."""
    found = report(tmp_path, [task("m", noise, extra={"[red]": TIMES["yjit"]}) for noise in (0.0, 0.004, -0.003)])
    (first, hostile) = factor_tables(found.factors, everything=False)
    console = Console(file=io.StringIO(), width=100)
    console.print(first, hostile)
    shown = " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]
    assert "benchmark interp yjit factor interval" in shown
    assert "benchmark interp [red] factor interval" in shown
    assert "how many times as fast yjit is" in (first.caption or "")
    assert "how many times as fast \\[red] is" in (hostile.caption or "")
    text = as_markdown(found)
    assert "| benchmark | interp | yjit | factor |" in text
    assert "Factor: how many times as fast yjit is." in text
    assert "factor: how many times as fast yjit is" in page_texts(found)


def test_long_names_take_no_column_of_numbers(tmp_path: Path) -> None:
    """They stand above the table; over its columns they would leave no room for the others."""
    found = report(tmp_path, [task("m", noise, extra={"y" * 17: TIMES["yjit"]}) for noise in (0.0, 0.004)])
    assert [table.headings for table in factor_tables(found.factors, everything=False)] == [
        {"old": "interp", "new": "yjit"}, {},
    ]  # fmt: skip


def test_of_three_each_is_set_against_the_first(tmp_path: Path) -> None:
    """Neither of the second pair is the best of all three."""
    extra = {"rjit": {"fib": 0.8, "sum": 1.9, "same": 1.0}}
    found = report(tmp_path, [task("m", noise, extra=extra) for noise in (0.0, 0.004, -0.003)]).factors
    assert [(one.old, one.new) for one in found] == [("interp", "yjit"), ("interp", "rjit")]
    (fib,) = (row for row in found[1].rows if row.benchmark == "fib")
    assert fib.factor == pytest.approx(1.25, rel=0.01)


def test_subjects_come_in_the_order_of_the_run(tmp_path: Path) -> None:
    tasks = [
        TaskFolder("m", [measurement("x", [t * noise], variant="default")], subject=name)
        for noise in (1.0, 1.01, 0.99)
        for name, t in (("new", 1.0), ("old", 2.0))
    ]
    (table,) = report(tmp_path, tasks, subjects=["old", "new"]).factors
    assert (table.dimension, table.old, table.new) == ("subject", "old", "new")
    assert table.rows[0].factor == pytest.approx(2.0)


def test_bytes_are_set_against_bytes(tmp_path: Path) -> None:
    """No speed: the factor is new / old, and more is worse."""
    tasks = [
        TaskFolder(
            "m",
            [
                measurement("x", [size * noise], variant=name, metric="rss", unit="bytes")
                for name, size in (("a", 1e6), ("b", 1.5e6))
            ],
        )
        for noise in (1.0, 1.01, 0.99)
    ]
    (table,) = report(tmp_path, tasks).factors
    (row,) = table.rows
    assert (table.speed, row.relation.verdict) == (False, "worse")
    assert row.factor == row.relation.ratio == pytest.approx(1.5)


def test_rates_are_faster_where_they_are_more(tmp_path: Path) -> None:
    rate = {"metric": "throughput", "unit": "req/s", "better": "higher"}
    tasks = [
        TaskFolder("m", [measurement("x", [value * noise], variant=name, **rate) for name, value in (("a", 100), ("b", 150))])
        for noise in (1.0, 1.01, 0.99)
    ]  # fmt: skip
    (row,) = report(tmp_path, tasks).factors[0].rows
    assert row.factor == pytest.approx(1.5)
    assert row.relation.verdict == "better"


def test_one_variant_and_no_subject_have_no_factors(tmp_path: Path) -> None:
    assert report(tmp_path, [TaskFolder("m", [measurement("x", [1.0])])]).factors == []


def test_a_benchmark_of_one_side_has_no_factor(tmp_path: Path) -> None:
    only = {"interp": {"fib": 1.0, "lost": 1.0}, "yjit": {"fib": 0.5}}
    tasks = [
        TaskFolder("m", [measurement(n, [v * f], variant=k) for k, t in only.items() for n, v in t.items()])
        for f in (1, 1.01)
    ]
    (table,) = report(tmp_path, tasks).factors
    assert [row.benchmark for row in table.rows] == ["fib"]
