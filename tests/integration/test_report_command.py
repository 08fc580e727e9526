"""`benchfleet report` as a person runs it: files, one document on stdout, exit codes."""

import csv
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents.report import schema
from benchfleet.cli.report import alone

from tests import prepared_start
from tests.integration.command_line import command_line
from tests.report_runs import of_values, write_run

Report = Callable[..., tuple[int, str, str]]
CSV_ROWS = {"answer": 2, "ranking": 2, "benchmark": 4}


def kinds(text: str) -> Counter[str]:
    """How many rows of each kind a CSV has."""
    return Counter(row["row"] for row in csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with results/new and results/old: fib is a fifth slower, nbody is as it was."""
    folder = tmp_path_factory.mktemp("work")
    for run, factor in (("old", 1.0), ("new", 1.2)):
        tasks = [
            of_values(kind, {"fib": [base * factor * shift] * 3, "nbody": [base * shift]})
            for kind, base in (("a", 1.0), ("b", 2.0))
            for shift in (1.0, 1.001, 0.999)
        ]
        write_run(folder / "results", run, tasks)
    return folder


@pytest.fixture
def report(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Report:
    """Exit code, stdout and stderr of a report that is made in this process."""
    monkeypatch.chdir(here)
    call = command_line(capsys)

    def made(*arguments: str) -> tuple[int, str, str]:
        said = call("report", *arguments)
        return said.code, said.out, said.err

    return made


def test_tables_by_default(here: Path) -> None:
    """As a process."""
    command = [sys.executable, "-m", "benchfleet.cli.main", "report", "new"]
    done = prepared_start.run(command, cwd=here, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "Ranking" in done.stdout
    assert "aws a" in done.stdout


def test_one_document_on_stdout_and_the_rest_in_files(here: Path, report: Report) -> None:
    code, out, err = report("new", "--json", "--html", "r.html", "--csv", "r.csv", "--md", "r.md")
    assert code == 0, err
    jsonschema.Draft202012Validator(json.loads(schema())).validate(json.loads(out))
    assert (here / "r.html").read_text().startswith("<!doctype html>")
    assert kinds((here / "r.csv").read_text()) == CSV_ROWS
    assert (here / "r.md").read_text().startswith("## Benchmark report: new")
    assert not list(here.glob(".r.*"))


def test_what_is_no_file_is_written_to_and_not_replaced(here: Path, report: Report) -> None:
    (here / "link.md").symlink_to(here / "real.md")
    pipe = here / "pipe.csv"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    code, _, err = report("new", "--csv", "pipe.csv", "--md", "link.md")
    assert code == 0, err
    assert os.read(reading, 8) == b"row,text"
    os.close(reading)
    assert pipe.is_fifo()
    assert (here / "link.md").is_symlink()
    assert (here / "real.md").read_text().startswith("## Benchmark")


def test_csv_and_markdown_may_go_to_stdout(report: Report) -> None:
    _, out, _ = report("--csv", "new")
    assert kinds(out) == CSV_ROWS
    _, out, _ = report("new", "--md")
    assert out.startswith("## Benchmark report")


def test_slower_than_the_baseline_is_exit_code_1(report: Report) -> None:
    code, out, err = report("new", "--baseline", "old")
    assert code == 1
    assert "fib (interp) on aws a +20.0 %" in err
    assert "nbody" not in err
    assert "Against baseline old" in out
    assert report("new", "--baseline", "old", "--threshold", "25%")[0] == 0
    assert report("old", "--baseline", "new")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["absent"], 2, "benchfleet runs download absent"),
        (["new", "--prices", "absent.toml"], 5, "cannot read the price table"),
        (["new", "--html", "no/such/folder/r.html"], 3, "cannot write no/such/folder/r.html"),
        (["new", "--json", "--csv"], 2, "--json and --csv all ask for stdout"),
        (["new", "--threshold", "lots"], 2, "--threshold is 'lots'"),
        (["new", "--threshold", "5"], 2, "--threshold is '5'"),
        (["new", "--thresholds", "t.toml"], 2, "--thresholds is about the comparison with a baseline"),
        (["new", "--junit", "j.xml"], 2, "--junit is about the comparison with a baseline"),
        (["new", "--baseline", "old", "--thresholds", "absent.toml"], 5, "cannot read the thresholds file absent.toml"),
        (["new", "--baseline", "old", "--thresholds", "results/new/run.json"], 5, "run.json:1:1: not TOML"),
        (["new", "--baseline", "old", "--junit", "no/such/folder/j.xml"], 3, "cannot write no/such/folder/j.xml"),
        (["new", "--baseline", "old", "--json", "--junit", "-"], 2, "--json and --junit all ask for stdout"),
        (["new", "--baseline", "new"], 2, "cannot be compared with itself"),
        (["--results", "nowhere"], 2, "no results in nowhere"),
        (["new", "--by", "colour"], 2, "--by is 'colour', must be machine, subject, variant or both"),
        (["new", "--subject", "none"], 2, "nothing was measured that fits --subject none"),
    ],
)
def test_what_is_refused(report: Report, arguments: list[str], code: int, words: str) -> None:
    found, out, err = report(*arguments)
    assert (found, out) == (code, "")
    assert words in err
    assert "Traceback" not in err


def test_thresholds_of_the_repository_are_found_and_said(here: Path, report: Report) -> None:
    file = here / "benchfleet-thresholds.toml"
    file.write_text('[[rule]]\nthreshold = "25%"\n')
    code, out, err = report("new", "--baseline", "old", "--junit", "j.xml", "--json")
    assert code == 0, err
    assert f"thresholds from {file}" in err
    assert {row["threshold"] for row in json.loads(out)["comparison"]["rows"]} == {0.25}
    assert (here / "j.xml").read_text().startswith("<?xml")
    assert report("new", "--baseline", "old", "--thresholds", "/dev/null")[0] == 1
    file.write_text('default = "25%"\n[[rule]]\nbenchmark = "fibb"\nignore = true\n')
    code, _, err = report("new", "--baseline", "old", "--threshold", "1%")
    assert code == 1
    assert "benchfleet-thresholds.toml:2: a threshold for benchmark fibb matches nothing" in err
    file.unlink()


def test_a_folder_and_the_newest_run(report: Report) -> None:
    code, out, _ = report("results/old", "--md")
    assert code == 0
    assert "report: old" in out
    code, out, err = report("--md")
    assert code == 0
    assert "newest results are in results/" in err


def test_what_is_compared_can_be_said(report: Report) -> None:
    code, out, _ = report("new", "--json", "--by", "variant")
    assert code == 0
    assert [(board["title"], board["by"]) for board in json.loads(out)["boards"]] == [
        ("aws a", ["variant"]),
        ("aws b", ["variant"]),
    ]


def test_filters(report: Report) -> None:
    _, out, _ = report("new", "--json", "--name", "B", "--benchmark", "f*")
    (board,) = json.loads(out)["boards"]
    assert [row["name"] for row in board["ranking"]] == ["b"]
    assert board["common"] == ["fib"]
    code, out, err = report("new", "--json", "--provider", "azure")
    assert (code, out) == (2, "")
    assert "nothing was measured that fits --provider azure" in err


def test_a_run_id_is_never_taken_for_a_file() -> None:
    assert alone(["--csv", "1795327470"]) == ["--csv=-", "1795327470"]
    assert alone(["1", "--csv"]) == ["1", "--csv=-"]
    assert alone(["--csv", "--json"]) == ["--csv=-", "--json"]
    assert alone(["--csv", "out.CSV", "--md", "-"]) == ["--csv", "out.CSV", "--md", "-"]
    assert alone(["--md=x"]) == ["--md=x"]


@pytest.fixture(scope="module")
def over_time(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve runs, a day each; fib is a fifth slower from the seventh on. A folder beside them cannot be read."""
    folder = tmp_path_factory.mktemp("history")
    for day in range(1, 13):
        at = {"start_time": f"2026-10-{day:02}T10:00:00Z", "end_time": f"2026-10-{day:02}T10:05:00Z"}
        shift = (1.0, 1.002, 0.998)[day % 3]
        values = {"fib": [1.2 * shift if day > 6 else shift] * 3, "nbody": [2 * shift] * 3}
        tasks = [of_values("a", values, metadata=at) for _ in range(2)]
        write_run(folder / "results", f"run{day:02}", tasks, workload="other" if day == 12 else "ruby-bench")
    os.utime(folder / "results" / "run11")
    (folder / "results" / "broken").mkdir()
    (folder / "results" / "broken" / "run.json").write_text("{")
    return folder


@pytest.fixture
def history(over_time: Path, report: Report, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(over_time)
    return report


@pytest.mark.system
def test_a_history_is_over_all_runs_of_the_newest_runs_workload(history: Report) -> None:
    code, out, err = history("--history", "--json")
    found = json.loads(out)
    jsonschema.Draft202012Validator(json.loads(schema())).validate(found)
    assert code == 0
    assert [run["run_id"] for run in found["history"]["runs"]] == [f"run{day:02}" for day in range(1, 12)]
    assert found["history"]["unread"] == ["broken: run.json is not JSON"]
    assert [run["run_id"] for run in found["runs"]] == ["run11"]
    assert "all runs of ruby-bench in results/" in err


@pytest.mark.system
def test_a_history_in_the_terminal_has_its_steps_and_named_runs(history: Report) -> None:
    code, out, _ = history("--history", "--mark", "release=run02")
    assert code == 0
    assert "+20.0 %, slower" in out
    assert "since release" in out
    assert "2 of 3 series have steps beyond noise; the newest at run07" in out
    assert "broken: run.json is not JSON" in out


def test_a_history_as_page_csv_and_markdown(history: Report, tmp_path: Path) -> None:
    files = {name: tmp_path / f"history.{name}" for name in ("html", "csv", "md")}
    asked = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert history("--history", *asked, "--mark", "<b>=run01")[0] == 0
    page = files["html"].read_text()
    assert page.count('aria-labelledby="chart3000') == 3
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    rows = list(csv.DictReader(io.StringIO(files["csv"].read_text(encoding="utf-8"))))
    assert len(rows) == 3 * 11
    assert {row["run_id"] for row in rows if row["step"] == "yes"} == {"run07"}
    assert "| run07 | a, interp, fib |" in files["md"].read_text().replace("aws ", "")


def test_a_history_of_named_runs_has_those_and_the_marked_ones(history: Report) -> None:
    _, out, _ = history("run03", "run04", "--history", "--mark", "release=run01", "--json")
    found = json.loads(out)["history"]
    assert [(run["run_id"], run["marks"]) for run in found["runs"]] == [
        ("run01", ["release"]), ("run03", []), ("run04", []),
    ]  # fmt: skip
    assert {one["note"] for one in found["series"]} == {"3 runs are too few to look for steps: 6 are needed"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--history", "--baseline", "run01"], "--history compares with no baseline"),
        (["run01", "--mark", "a=run01"], "--mark names a run of a history: use it with --history"),
        (["--history", "--mark", "run01"], "--mark is 'run01', must be NAME=RUN"),
        (["--history", "--mark", "a=run01", "--mark", "a=run02"], "--mark a is there twice"),
        (["--history", "run01"], "--history needs two runs or more, and there are 1"),
        (["--history", "--mark", "a=gone"], "there are no results of gone"),
    ],
)
def test_a_history_that_cannot_be_made_says_why(words: list[str], why: str, history: Report) -> None:
    code, _, err = history(*words)
    assert (code, why in err) == (2, True)


def test_a_history_is_over_what_the_filters_leave(history: Report) -> None:
    _, out, _ = history("--history", "--benchmark", "nbody", "--json")
    assert [(one["benchmark"], one["steps"]) for one in json.loads(out)["history"]["series"]] == [("nbody", [])]
