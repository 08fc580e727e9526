"""What a new reader sees: numbers beside their units where lines end, prices before other metrics than time, `rss` explained."""

import io
import re
from pathlib import Path

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.cli.report_lead import Lead
from benchfleet.cli.report_tables import tables
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.dataset import Dataset
from benchfleet.report.lead import blocks
from benchfleet.report.markdown import as_markdown
from benchfleet.report.model.report import Report
from benchfleet.report.page import render
from benchfleet.report.reading import read_runs
from benchfleet.report.unparted import unparted
from rich.console import Console, RenderableType

from tests.each_case import each_case
from tests.report_runs import TaskFolder, measurement, of_values, write_run
from tests.unit.page_texts import page_texts

PARTED = re.compile(r"\d\s*\n\s*(?:%|ms|s|MiB|×)(?!\w)")


def report(folder: Path) -> Report:
    return analyse(report_data(folder), Options())


def report_data(folder: Path) -> Dataset:
    """Two machines with one task each, in time and in memory, of two variants."""
    tasks = [
        TaskFolder(
            name,
            [
                measurement("x", [1.5 * seconds, seconds], variant=variant, **more)
                for variant in ("interp", "yjit")
                for more in ({}, {"metric": "rss", "unit": "bytes"})
            ],
        )
        for name, seconds in (("a", 1.0), ("b", 1.04))
    ]
    return read_runs([write_run(folder, "r", tasks)])


def lines(what: RenderableType, width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(what)
    return file.getvalue()


def test_no_width_of_a_terminal_parts_a_number_from_its_unit(tmp_path: Path) -> None:
    found = report(tmp_path)
    table = FittingTable("t", ("what", "findings"), caption="It takes 12.5 ms or 17.0× of 3 MiB, 33 % of 0.605×. " * 3)
    table.add_row("a", "the standard deviation is 13.7 % of the mean; 3 ms are 51.7 % above it. " * 3)
    for width in range(40, 101, 2):
        told = lines(Lead(found), width) + lines(table, width)
        assert not PARTED.search(told), told
        assert "\ue000" not in told
        words = " ".join(lines(Lead(found), width).split())
        assert "4.0 % slower" in words
        assert "rss is the memory that a process had in use" in words


def test_what_is_not_known_is_not_green(tmp_path: Path) -> None:
    file = io.StringIO()
    Console(file=file, width=80, color_system="standard", force_terminal=True).print(Lead(report(tmp_path)))
    assert "not known, from too few repeats" in file.getvalue()
    assert "\x1b[1;32m" not in file.getvalue()


def test_pages_and_markdown_have_no_break_there(tmp_path: Path) -> None:
    found = report(tmp_path)
    for text in (render(found), as_markdown(found)):
        assert "rss is the memory that a process had in use" in text
        assert "4.0\N{NO-BREAK SPACE}% slower" in text
        assert "standard deviation of 10\N{NO-BREAK SPACE}% or more" in text


@each_case(
    ("text", "expected"),
    [
        ("0.1 % worse", "0.1_% worse"), ("1.5 ms, 3 s.", "1.5_ms, 3_s."), ("17.0× and 0.6×", "17.0× and 0.6×"),
        ("2 series of 3 samples", "2 series of 3 samples"), ("16.1 MiB", "16.1_MiB"), ("5 minutes", "5 minutes"),
    ],
)  # fmt: skip
def test_between_a_number_and_its_unit(text: str, expected: str) -> None:
    assert unparted(text, "_") == expected


def test_what_is_said_of_prices_stands_before_other_metrics_than_the_first(tmp_path: Path) -> None:
    assert [block.board for block in blocks(report(tmp_path))] == ["interp", "yjit", None, "interp, rss", "yjit, rss"]


def test_variants_are_explained_by_their_workload_where_they_first_stand(tmp_path: Path) -> None:
    found = report(tmp_path)
    assert list(found.names) == ["interp", "yjit"]
    told = "interp: Ruby's interpreter alone; yjit: Ruby with its just-in-time compiler YJIT."
    assert told in as_markdown(found)
    assert told in " ".join(lines(Lead(found), 60).split())
    page = page_texts(found)
    assert '<h2>interp <span class="means">Ruby&#39;s interpreter alone</span></h2>' in page
    assert page.count("interpreter alone") == 1
    other = write_run(tmp_path, "p", [TaskFolder("a", [measurement("x", [1.0], variant="interp")])], workload="command")
    assert analyse(read_runs([other]), Options()).names == {}


def test_variants_that_are_compared_are_explained_behind_the_answers(tmp_path: Path) -> None:
    """No answer's heading names them there."""
    page = page_texts(analyse(report_data(tmp_path), Options(by=("variant",))))
    assert '<p class="lead-note">interp: Ruby&#39;s interpreter alone; yjit: ' in page


def test_footnotes_are_those_of_marks_that_are_there(tmp_path: Path) -> None:
    """A dagger was explained below tables without any, and a question mark behind an interval of variants was not."""
    single = page_texts(report(tmp_path / "single"))
    assert "* over the samples of the only task" in single
    assert ">*</abbr>" in single
    assert "† the estimate" not in single
    alike = [TaskFolder("a", [measurement("x", [1.0, 2.0])]), TaskFolder("a", [measurement("x", [1.01, 2.0])])]
    read = analyse(read_runs([write_run(tmp_path, "r", alike)]), Options())
    clamped = page_texts(read)
    assert ">†</abbr>" in clamped
    assert "† the estimate was below 0 and is shown as 0." in clamped
    assert "only task:" not in clamped
    wide, narrow = ("\n".join(lines(table, width) for table in tables(read)) for width in (160, 30))
    assert "0.0 %†" in wide
    assert "† the estimate was below 0" in wide
    assert "†" not in narrow


def test_nothing_is_said_of_intervals_that_are_not_there(tmp_path: Path) -> None:
    """Nothing was tested: each group has one task."""
    found = report(tmp_path)
    told = "\n".join(lines(table, 100) for table in tables(found))
    for text in (page_texts(found).split('<h2 id="method-title')[0], as_markdown(found), told):
        assert "corrected" not in text.replace("p (corrected)", "")
        assert "leaves out zero" not in text
        assert "Lines: their" not in text
    assert re.search(r"to \S+ s \(one task\)", as_markdown(found).replace("\\", ""))


def test_the_first_row_is_first_and_its_verdict_says_how_sure_that_is(tmp_path: Path) -> None:
    tasks = [
        of_values(name, {"x": [t]}) for name, seconds in (("a", 1.0), ("b", 9.0)) for t in (seconds, seconds + 0.01)
    ]
    found = analyse(read_runs([write_run(tmp_path, "r", tasks)]), Options())
    assert re.search(r"\| 1 \| aws a .*\| first \| – \| best \|", as_markdown(found))
    assert re.search(r"1 +aws a .* first +best ", "\n".join(lines(table, 120) for table in tables(found)))
    assert "+796.0 % | " in as_markdown(found)
    assert "| beyond noise |" in as_markdown(found)
    assert "slower, beyond noise |" not in as_markdown(found)


def test_grades_in_markdown_say_of_which_metric_and_how_many_tasks(tmp_path: Path) -> None:
    sizes = {"metric": "rss", "unit": "bytes"}
    tasks = [
        TaskFolder("a", [measurement("x", values), measurement("x", [9e6, 3e6, 5e6, 9e6, 3e6], **sizes)])
        for values in ([1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 2.5, 1.0, 2.5, 1.0], [1.0, 2.5, 1.0, 2.0, 1.0])
    ]
    text = as_markdown(analyse(read_runs([write_run(tmp_path, "r", tasks)]), Options()))
    assert "| poor | x | interp | rss | aws a | " in text
    assert re.search(r"\| poor \| x \| interp \| time \| aws a \| .*\\\(in 2 of 3 tasks\\\)", text)


def test_numbers_at_the_ends_of_an_axis_stay_below_their_ticks(tmp_path: Path) -> None:
    """The first one, 140 ms, was moved to the right, into the second."""
    tasks = [of_values("a", {"x": [0.144]}), of_values("b", {"x": [0.244]})]
    page = render(analyse(read_runs([write_run(tmp_path, "r", tasks)]), Options()))
    assert re.findall(r'<text text-anchor="(\w+)"[^>]*>(1[46]0)</text>', page) == [("middle", "140"), ("middle", "160")]
