"""CSV, Markdown, JSON, tables and charts of one report."""

import csv
import io
import json
import re
import time
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import jsonschema_rs
import pytest
from benchfleet.cli.documents.report import schema
from benchfleet.cli.report_tables import ranking_table, tables
from benchfleet.report import words
from benchfleet.report.analysis import analyse
from benchfleet.report.charts import PHONE, Charts
from benchfleet.report.csv_file import as_csv
from benchfleet.report.markdown import as_markdown, escape
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print
from benchfleet.report.reading import read_runs
from rich.console import Console

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.conftest import Compared

ROOT = Path(__file__).parents[2]
HOSTILE = "<script>alert(1)</script>"
FIB = {"fib": [1.0, 1.1]}
FORMULA = '=HYPERLINK("http://x","y")'


@pytest.fixture(scope="module")
def whole(compared: Compared) -> Report:
    return compared.report


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Report:
    tasks = [
        TaskFolder(kind, [measurement(FORMULA, [1.0, 2.0]), measurement("a|b", [1.0])], alias=f"{HOSTILE}{kind}")
        for kind in ("m", "m", "n", "n")
    ]
    return analyse(read_runs([write_run(tmp_path_factory.mktemp("results"), "r", tasks)]))


def printed(report: Report, *, width: int = 200) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width)
    for table in tables(report):
        console.print(table)
    return out.getvalue()


# CSV


def test_csv_has_a_row_for_each_machine_and_benchmark(whole: Report) -> None:
    text = as_csv(whole)
    assert text.count("\r\n") == text.count("\n")
    rows = [row for row in csv.DictReader(io.StringIO(text, newline="")) if row["row"] == "benchmark"]
    assert len(rows) == 6 * 12 * 2
    assert {len(row) for row in rows} == {len(rows[0])}
    (row,) = (r for r in rows if (r["name"], r["benchmark"], r["variant"]) == ("c8g.large", "fib", "yjit"))
    (board,) = (b for b in whole.boards if b.variant == "yjit")
    (cell,) = (c for b in board.benchmarks if b.benchmark == "fib" for c in b.cells if c.name == "c8g.large")
    assert float(row["mean"]) == cell.mean
    assert (float(row["ci95_low"]), float(row["ci95_high"])) == cell.interval
    assert (row["unit"], row["in_ranking"], row["usd_per_hour"]) == ("s", "yes", "0.08")
    assert {r["usd_per_hour"] for r in rows if r["name"] == "c7i.large"} == {""}


def test_csv_shows_what_is_missing(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("a", {"x": [1.0], "y": [1.0]}), of_values("b", {"x": [1.0]})])
    rows = [
        row
        for row in csv.DictReader(io.StringIO(as_csv(analyse(read_runs([folder]))), newline=""))
        if row["row"] == "benchmark"
    ]
    missing = [row for row in rows if row["verdict"] == "missing"]
    assert [(row["name"], row["benchmark"], row["tasks"], row["mean"]) for row in missing] == [("b", "y", "0", "")]


def test_csv_holds_no_formula(hostile: Report) -> None:
    rows = list(csv.reader(io.StringIO(as_csv(hostile), newline="")))
    texts = [cell for row in rows[1:] for cell in row]
    assert f"'{FORMULA}" in texts
    assert not [text for text in texts if text[:1] in "=@+" and text]


# Markdown


def test_markdown_has_the_verdict_and_every_machine(whole: Report) -> None:
    text = as_markdown(whole)
    assert whole.comparison is not None
    count = len(whole.comparison.regressions)
    assert f"{count} of 156 comparisons are worse by more than 5.0 % and beyond noise; " in text
    assert text.count("❌") == count > 0
    assert all(row.name in text for row in whole.boards[0].ranking)
    assert len(text) < 65_536


def test_markdown_tables_are_whole(whole: Report, hostile: Report) -> None:
    for report in (whole, hostile):
        blocks = re.findall(r"(?:^\|.*\n)+", as_markdown(report), re.MULTILINE)
        assert blocks
        for block in blocks:
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_markdown_keeps_text_as_text(hostile: Report) -> None:
    text = as_markdown(hostile)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_markdown_mentions_no_issue_and_sets_no_formula() -> None:
    """GitHub looks for both in what Markdown has made of the text: a backslash does not stop it."""
    assert escape("fixes #12, gh-7 and a/b#3; $x$") == (
        "fixes \\#\u200b12, gh-\u200b7 and a/b\\#\u200b3; <span>$</span>x<span>$</span>"
    )
    assert escape("C# and # 1") == "C\\# and \\# 1"


def test_markdown_makes_no_links(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", FIB, alias="see https://a.example or WWW.a.example")])
    text = as_markdown(analyse(read_runs([folder])))
    assert "://" not in text
    assert "WWW." not in text


def test_markdown_fits_a_comment_however_many_benchmarks(tmp_path: Path) -> None:
    names = {f"benchmark-{n:03}": [1.0 + n] for n in range(100)}
    report = analyse(read_runs([write_run(tmp_path, "r", [of_values(f"m{n}", names) for n in range(12)])]))
    text = as_markdown(report)
    assert len(text.encode()) < 65_536
    assert "The table of 100 benchmarks is too long for a comment" in text


# JSON


def test_the_document_fits_its_schema(whole: Report, hostile: Report) -> None:
    found = json.loads(schema())
    jsonschema_rs.meta.validate(found)
    validator = jsonschema.Draft202012Validator(found)
    for report in (whole, hostile):
        document = json.loads(report.model_dump_json())
        validator.validate(document)
        assert Report.model_validate(document) == report
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(json.loads(whole.model_dump_json()) | {"boards": [{}]})


def test_the_schema_in_docs_is_this_one() -> None:
    path = ROOT / "docs" / "report.schema.json"
    assert path.read_text(encoding="utf-8") == schema(), (
        "python -m benchfleet.cli.documents.report > docs/report.schema.json"
    )


# terminal


def test_no_warning_steers_a_terminal(tmp_path: Path) -> None:
    """A run without a manifest is warned about by its id, which its folder may tell."""
    folder = tmp_path / "r"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"run_id": "\x1b[2Jr"}))
    found = for_print(analyse(read_runs([folder]))).warnings
    assert any("Run \\x1b[2Jr has no manifest.json" in warning for warning in found)
    assert all(warning.isprintable() for warning in found)


def test_tables_show_everything(whole: Report) -> None:
    out = printed(whole)
    for text in ("Against baseline old", "Ranking", "Speed per dollar", "Tasks without a whole result", "signal 9"):
        assert text in out
    assert "no price" in out


def test_rows_of_a_comparison_are_told_apart_at_any_width(whole: Report) -> None:
    """At 80 columns the variant was left out, and two rows had the same names."""
    for width in (80, 100, 120):
        out = printed(whole, width=width).split("Ranking ")[0]
        names = re.findall(r"^ (.+?) +(interp|yjit) +geometric mean of \d+ ", out, re.MULTILINE)
        assert len(names) == len(set(names)) == 12
        assert all(len(line) <= width for line in out.splitlines())


def test_tables_take_no_markup_from_names(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", {"[red]x[/red]": [1.0]}, alias="[link=http://x]y")])
    out = printed(analyse(read_runs([folder])))
    assert "[red]x[/red]" in out
    assert "[link=http://x]y" in out


def test_the_ranking_says_when_there_is_none(tmp_path: Path) -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(ranking_table(analyse(read_runs([write_run(tmp_path, "r", [TaskFolder("a")])]))))
    assert "Nothing was measured" in out.getvalue()


# words


@each_case(
    ("value", "expected"),
    [
        (0.0, "0"), (5.0, "5"), (1.3, "1.300"), (413.02, "413.0"), (1234.5, "1,234"), (0.00012, "0.0001200"),
        (1e-7, "1.000e-07"), (2e9, "2.000e+09"), (-3.14159, "-3.142"),
    ],
)  # fmt: skip
def test_numbers(value: float, expected: str) -> None:
    assert words.number(value) == expected


@each_case(
    ("ratio", "expected"),
    [
        (None, "–"),
        (1.0, "0.0 %"),
        (1.034, "+3.4 %"),
        (0.5, "-50.0 %"),
        (12.0, "12.0×"),
        (0.05, "0.0500×"),
        (0.99999, "0.0 %"),
    ],
)
def test_differences(ratio: float | None, expected: str) -> None:
    assert words.difference(ratio) == expected


def test_an_interval_that_leaves_out_zero_does_not_end_at_zero() -> None:
    """It ended at `0.0 %` beside the verdict "beyond noise"."""
    assert words.differences((1.0003, 1.072)) == "+0.03 % to +7.2 %"
    assert words.differences((0.9, 0.99996)) == "-10.0 % to -0.004 %"
    assert words.differences((0.9999, 1.072)) == "0.0 % to +7.2 %"


def test_quantities_keep_the_unit_of_their_mean() -> None:
    assert words.quantity(0.0123, "s") == "12.30 ms"
    assert words.interval((0.0009, 0.0251), "s", like=0.0123) == "0.9000 to 25.10 ms"
    assert words.quantity(3 * 1024**2, "bytes") == "3 MiB"
    assert words.quantity(None, "s") == "–"
    assert words.dollars(None) == ""
    assert [words.dollars(price) for price in (0.0404, 0.1, 0.16, 2.0)] == ["$0.0404", "$0.10", "$0.16", "$2"]
    assert [words.cost(value) for value in (None, 0.0, 1234.567, 0.0123456, 2e-9)] == [
        "–", "$0.00", "$1,234.57", "$0.0123", "$0.000000002",
    ]  # fmt: skip


def test_levels_are_never_rounded_to_certainty() -> None:
    levels = (0.95, 0.975, 0.98713, 0.99991, 1 - 1e-7)
    assert [words.level(level) for level in levels] == ["95 %", "97.5 %", "98.7 %", "99.99 %", "99.99999 %"]


def test_factors_have_three_digits() -> None:
    assert [words.three_digits(value) for value in (2448.0, 0.5, 7.384, 0.0)] == ["2,448", "0.5", "7.38", "0"]
    assert [words.factor(value) for value in (None, 1.997, 0.0456, 250.4, 12345.0)] == [
        "–", "2.00×", "0.0456×", "250×", "12,340×",
    ]  # fmt: skip
    assert words.factors((1.8, 2.25)) == "1.80 to 2.25×"


@each_case(
    ("metric", "unit", "better", "expected"),
    [
        ("time", "s", "lower", "slower"), ("throughput", "req/s", "higher", "slower"), ("memory", "bytes", "lower", "worse"),
        ("accuracy", "%", "higher", "worse"),
    ],
)  # fmt: skip
def test_only_times_and_rates_are_slower(metric: str, unit: str, better: str, expected: str) -> None:
    assert words.comparative("worse", metric=metric, unit=unit, better=better) == expected


# charts


@pytest.mark.system
def test_charts_are_sound_images_with_a_name(whole: Report) -> None:
    charts = Charts(["aws", "azure", "hetzner"])
    assert whole.comparison is not None
    board = whole.boards[0]
    drawn = [
        charts.ranking(board),
        charts.value(board),
        charts.benchmark(board.benchmarks[0]),
        charts.comparison(whole.comparison),
    ]
    ids = [found for one in drawn for found in re.findall(r'\bid="([^"]+)"', one)]
    assert len(ids) == len(set(ids))
    for one in drawn:
        root = ElementTree.fromstring(one)
        named = {element.get("id"): element.text for element in root.iter() if element.get("id")}
        assert root.get("role") == "img"
        assert named[root.get("aria-labelledby")]
        assert named[root.get("aria-describedby")]
        assert set(re.findall(r"url\(#([^)]+)\)", one)) <= set(ids)
        assert "currentColor" in one
        assert "style=" not in one
        assert "http" not in one.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "c8g.large" in drawn[0]


def test_a_chart_keeps_hostile_names_as_text(tmp_path: Path) -> None:
    names = [HOSTILE, ' class="x" y="', "a > b & c", "url(#x1)", ' role="graphics-object"']
    folder = write_run(
        tmp_path, "r", [of_values("m", {HOSTILE: [1.0 + n]}, alias=name) for n, name in enumerate(names)]
    )
    board = analyse(read_runs([folder])).boards[0]
    for drawn in (Charts(["aws"]).ranking(board), Charts(["aws"]).benchmark(board.benchmarks[0])):
        root = ElementTree.fromstring(drawn)
        assert not [element for element in root.iter() if element.tag.endswith("script")]
        texts = {element.text for element in root.iter() if element.tag.endswith("}text")}
        assert "aws a > b & c" in texts
        assert 'aws  class="x" y="' in texts


@pytest.mark.proof  # of CPU time: a busy machine is no fault of the report
def test_a_hundred_tasks_are_analysed_in_seconds(tmp_path: Path) -> None:
    """60 benchmarks of 25 samples on 20 machines with 5 tasks each: it takes about a second."""
    samples = {f"b{n}": [1 + n / 10 + k / 1000 for k in range(25)] for n in range(60)}
    tasks = [
        of_values(f"m{n % 20}", {b: [v * (1 + n / 500) for v in values] for b, values in samples.items()})
        for n in range(100)
    ]
    folder = write_run(tmp_path, "r", tasks)
    started = time.process_time()
    report = analyse(read_runs([folder]))
    assert time.process_time() - started < 8
    assert len(report.boards[0].benchmarks) == 60


def test_an_axis_has_no_more_digits_than_room(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", {"x": [1e9 + n]}, alias=f"n{n}") for n in range(3)])
    drawn = Charts(["aws"]).ranking(analyse(read_runs([folder])).boards[0])
    labels = [element.text or "" for element in ElementTree.fromstring(drawn).iter() if element.tag.endswith("}text")]
    assert max(len(label) for label in labels if label.startswith(("0.", "1."))) <= 6


def test_on_a_phone_the_numbers_along_an_axis_keep_apart(tmp_path: Path) -> None:
    times = {"a": (0.7, 1.0, 1.5), "b": (1.2, 1.6, 2.3)}
    tasks = [of_values(name, {"x": [each]}) for name, three in times.items() for each in three]
    drawn = Charts(["aws"]).ranking(analyse(read_runs([write_run(tmp_path, "r", tasks)])).boards[0], width=PHONE)
    places = [float(x) for x in re.findall(r'translate\(([\d.]+),16\)"[^>]* opacity="1">\d', drawn)]
    assert len(places) > 2
    assert min(b - a for a, b in pairwise(places)) > 25  # `0.5` takes about 18 pixels
