"""`benchfleet import`: a folder that the report reads like a run of ours."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of
from benchfleet.cli.import_results import run
from benchfleet.exceptions import UsageError
from benchfleet.importing.folder import write
from benchfleet.importing.sources import read_files
from benchfleet.importing.tasks import Names, tasks_of
from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs

from tests.each_case import each_case

DATA = Path(__file__).parents[1] / "data" / "imports"
PYPERF, HYPERFINE = DATA / "pyperf" / "pyperf.json", DATA / "hyperfine" / "hyperfine.json"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def imported(results: Path, *files: Path, format: str | None = None, run_id: str = "i", **names: Any) -> Path:
    return write(results, run_id, tasks_of(read_files([*files], format), Names(run_id, **names)), now=NOW)


def other(tmp_path: Path, source: Path, **changes: Any) -> Path:
    """A copy of a pyperf file with other metadata."""
    document = json.loads(source.read_bytes())
    document["metadata"] |= changes
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    "path",
    [
        PYPERF, HYPERFINE, DATA / "pytest-benchmark" / "saved.json", DATA / "asv" / "result.json", DATA / "jmh" / "result.json",
        DATA / "google-benchmark" / "google-benchmark.json", DATA / "criterion" / "target", DATA / "criterion" / "lines.json",
        DATA / "go-bench" / "count.txt", DATA / "junit" / "pytest.xml", DATA.parent / "ruby-bench" / "box-1" / "output_001.json",
    ],
    ids=lambda path: path.name,
)  # fmt: skip
def test_a_report_reads_what_was_imported(tmp_path: Path, path: Path) -> None:
    """Two files, so that there is something to compare: every benchmark is in the report, with each of its samples."""
    folder = imported(tmp_path, path, path, name="m")
    dataset = read_runs([folder])
    (first, _) = dataset.tasks
    assert first.outcome in ("measured", "partial")
    (file,) = read_files([path], None)
    assert {one.series.benchmark for one in first.samples} == {one.benchmark for one in file.output.measurements}
    assert sum(len(one.values) for one in first.samples) == sum(len(one.samples) for one in file.output.measurements)
    report = analyse(dataset)
    assert report.measured
    assert [group.tasks for group in report.groups] == [2]
    assert not [words for words in report.warnings if "manifest" in words]


def test_what_a_file_says_of_its_machine_is_in_the_report_and_nothing_else_is(tmp_path: Path) -> None:
    folder = imported(tmp_path, PYPERF, HYPERFINE)
    told, silent = read_runs([folder]).tasks
    assert told.environment["CPU model"] == "AMD EPYC"
    assert told.environment["version of python"] == "3.11.7 (64-bit)"
    assert told.started_at == "2026-11-28T22:11:46Z"
    assert (told.group.name, silent.group.name) == ("AMD EPYC", "not recorded")
    assert (silent.environment, silent.started_at, silent.host) == ({}, None, None)


def test_files_are_tasks_of_one_group_unless_they_say_another_machine(tmp_path: Path) -> None:
    arm = other(tmp_path, PYPERF, cpu_model_name="Neoverse-V2", hostname="arm")
    folder = imported(tmp_path / "r", PYPERF, arm, PYPERF)
    groups = {group.name: group.tasks for group in analyse(read_runs([folder])).groups}
    assert groups == {"AMD EPYC": 2, "Neoverse-V2": 1}
    assert [task.repeat for task in read_runs([folder]).tasks] == [1, 1, 2]


def test_files_of_several_commits_are_several_subjects(tmp_path: Path) -> None:
    asv = json.loads((DATA / "asv" / "result.json").read_bytes())
    new = tmp_path / "new.json"
    new.write_text(json.dumps(asv | {"commit_hash": "0123456789abcdef"}))
    folder = imported(tmp_path / "r", DATA / "asv" / "result.json", new)
    assert [task.subject for task in read_runs([folder]).tasks] == ["fad07afee16b", "0123456789ab"]
    named = imported(tmp_path / "r", DATA / "asv" / "result.json", new, run_id="j", subject="mine")
    assert {task.subject for task in read_runs([named]).tasks} == {"mine"}


def test_where_each_task_came_from_is_kept(tmp_path: Path) -> None:
    folder = imported(tmp_path, PYPERF, provider="ci", name="c8g.medium", subject="py-3.11")
    (entry,) = json.loads((folder / "manifest.json").read_text())["tasks"]
    assert entry["imported"]["format"] == "pyperf"
    assert len(entry["imported"]["sha256"]) == 64
    assert (entry["provider"], entry["folder"], entry["status"]) == ("ci", "c8g.medium-py-3.11-1", "completed")
    about = json.loads((folder / "run.json").read_text())
    assert (about["created_at"], about["subjects"], about["workload"]) == (
        "2026-11-28T12:00:00Z",
        ["py-3.11"],
        "command",
    )
    metadata = json.loads((folder / entry["folder"] / "metadata.json").read_text())
    assert metadata["provenance"]["machine"]["instance"] == "host-vm"
    assert "kernel" not in metadata["provenance"]["machine"]


def test_all_problems_of_all_files_are_told_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    odd, empty = tmp_path / "odd.json", tmp_path / "empty.json"
    odd.write_text('{"results": [{"command": "x", "times": ["1.5"]}]}')
    empty.write_text("")
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(UsageError) as caught:
        imported(tmp_path / "r", PYPERF, odd, empty, tmp_path / "gone.json", tmp_path / "pipe.json")
    assert str(caught.value).splitlines() == [
        "nothing was imported",
        f"{odd}: not one benchmark can be read as hyperfine",
        f"{odd}: results[0].times[0] is a text, must be a number (found 1.5); a file as the tool wrote it",
        f"{empty}: its format is not recognised; known are benchfleet, ruby-bench, pytest-benchmark, google-benchmark, pyperf, "
        "hyperfine, asv, jmh, criterion, junit, go-bench, http-harness: name it, if it is one of these",
        f"{tmp_path / 'gone.json'}: cannot be read: No such file or directory",
        f"{tmp_path / 'pipe.json'}: cannot be read: not a regular file",
    ]
    assert not (tmp_path / "r").exists()


def test_results_that_are_there_are_not_replaced(tmp_path: Path) -> None:
    folder = imported(tmp_path, PYPERF)
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(UsageError, match="is there already: remove it, or choose another --run-id"):
        imported(tmp_path, HYPERFINE)
    assert (folder / "manifest.json").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["i"]


@each_case(
    ("names", "words"),
    [
        ({"run_id": "latest"}, "--run-id is 'latest'"),
        ({"run_id": "../x"}, "--run-id is '../x'"),
        (
            {"provider": "a b", "subject": "a/b", "name": "\n"},
            "--provider is 'a b'.*--name is '\\\\n'.*--subject is 'a/b'",
        ),
    ],
)
def test_names_that_are_none_are_all_told(names: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Names(**{"run_id": "i", **names})


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    inner = tmp_path / "target" / "x" / "new"
    inner.mkdir(parents=True)
    (inner / "sample.json").symlink_to(DATA / "criterion" / "target" / "fib 10" / "new" / "sample.json")
    with pytest.raises(UsageError, match="format is not recognised"):
        read_files([tmp_path / "target"], None)


def test_the_command_says_what_it_took_and_prints_the_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "odd.json"
    odd.write_text('{"results": [{"command": "x", "times": ["1.5"]}, {"command": "y", "times": [1.5]}]}')
    run([odd], to=tmp_path / "r", run_id="i")
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'r' / 'i'}\n"
    assert err.splitlines() == [
        f"benchfleet: {odd}: hyperfine, 1 measurement, 1 sample, 1 failed",
        f"benchfleet: {odd}: results[0].times[0] is a text, must be a number (found 1.5); a file as the tool wrote it",
    ]


def test_the_document_fits_its_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run([PYPERF, HYPERFINE], to=tmp_path, run_id="i", as_json=True)
    told = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(schema_of("import")).validate(told)
    assert [(one["format"], one["measurements"], one["samples"]) for one in told["tasks"]] == [
        ("pyperf", 2, 24),
        ("hyperfine", 2, 10),
    ]


def test_without_an_id_two_imports_of_one_second_have_two(tmp_path: Path) -> None:
    run([PYPERF], to=tmp_path)
    run([PYPERF], to=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
