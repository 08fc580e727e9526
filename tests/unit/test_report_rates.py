"""A rate is told in its own terms in every form: 28.5 % lower, and not 39.8 % slower, which is said of times."""

import io
from pathlib import Path

import pytest
from benchfleet.cli.report_tables import tables
from benchfleet.report import words
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.answers import sentence
from benchfleet.report.gate import gated, least_compared
from benchfleet.report.junit import as_junit
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.reading import read_runs
from benchfleet_results.boards.model import Relation
from rich.console import Console

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, write_run
from tests.unit.page_texts import page_texts

NOISE = (1.0, 1.004, 0.996)


def run(folder: Path, run_id: str, **rates: float) -> Path:
    tasks = [
        TaskFolder(
            name,
            [measurement("json", [rate * factor], metric="throughput", unit="req/s", better="higher")],
        )
        for name, rate in rates.items()
        for factor in NOISE
    ]
    return write_run(folder, run_id, tasks)


def printed(report: Report) -> str:
    console = Console(file=io.StringIO(), width=400)
    for table in tables(report):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@each_case(
    ("relation", "better", "apart", "ends"),
    [
        (Relation(ratio=1.25, interval=(1.2, 1.6)), "lower", "+25.0 %", "+20.0 % to +60.0 %"),
        (Relation(ratio=1.25, interval=(1.2, 1.6)), "higher", "-20.0 %", "-37.5 % to -16.7 %"),
        (Relation(ratio=0.8, interval=(0.5, 1.25)), "higher", "+25.0 %", "-20.0 % to +100.0 %"),
        (Relation(ratio=20.0, interval=(16.0, 25.0)), "higher", "0.0500×", "0.0400× to 0.0625×"),
        (Relation(difference=3.0, difference_interval=(1.0, 5.0)), "higher", "-3 points", "-5 to -1 points"),
        (Relation(difference=0.0, difference_interval=(0.0, 0.0)), "higher", "0 points", "0 to 0 points"),
        (Relation(ratio=1.0), "higher", "0.0 %", words.NONE),
        (Relation(), "higher", words.NONE, words.NONE),
    ],
)
def test_what_is_told_is_the_quotient_of_the_values(relation: Relation, better: str, apart: str, ends: str) -> None:
    assert (words.apart(relation, "%", better), words.apart_interval(relation, "%", better)) == (apart, ends)


def test_the_verdict_is_of_the_rate(tmp_path: Path) -> None:
    found = sentence(analyse(read_runs([run(tmp_path, "r", a=1000.0, b=715.0)])).answers[0])
    assert "; the throughput of" not in found
    assert "The throughput of aws b is 28.5 % lower (95 % interval: -29." in found
    assert "to -27." in found
    far = sentence(analyse(read_runs([run(tmp_path / "far", "r", a=1000.0, b=250.0)])).answers[0])
    assert "The throughput of aws b is lower by a factor of 4.00 (95 % interval: 3.9" in far


def test_every_form_says_the_same(tmp_path: Path) -> None:
    report = analyse(read_runs([run(tmp_path, "r", a=1000.0, b=715.0)]))
    for text in (as_markdown(report), printed(report), page_texts(report)):
        assert "-28.5 %" in text
        assert "39.9 %" not in text
        assert "1.399" not in text  # of a drawing's axis
    assert "smaller is slower" in page_texts(report)
    assert "More is better.</p>" in page_texts(report)
    assert "1 / 1.1" not in page_texts(report)  # +10.0 % is no loss of a rate any more
    (_, second) = report.boards[0].ranking
    assert second.to_best.ratio == pytest.approx(1 / 0.715)  # in JSON and CSV: how many times worse


def test_a_comparison_with_a_baseline_is_of_rates_too(tmp_path: Path) -> None:
    runs = [run(tmp_path, "new", a=715.0), run(tmp_path, "old", a=1000.0)]
    report = gated(analyse(read_runs(runs), Options(baseline="old")), least=least_compared("100%"))
    forms = (as_markdown(report), "slower, beyond noise"), (as_junit(report).decode(), "slower, beyond noise")
    for text, verdict in (*forms, (printed(report), "slower ")):
        assert "-28.5 %" in text
        assert verdict in text
    assert "A negative difference is worse." in page_texts(report)
