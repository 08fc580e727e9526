"""Results of the reference system beside our own: ruby-bench's file as `output.json`, or only as `output_NNN.json`."""

import json
from pathlib import Path
from typing import Any

from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs
from benchfleet.results.folder import read as read_folder
from benchfleet_results.boards.tasks import Task

from tests.report_runs import TaskFolder, measurement, write_run

BOXES = Path(__file__).parents[1] / "data" / "ruby-bench"
RAW: dict[str, Any] = json.loads((BOXES / "box-1" / "output_001.json").read_bytes())
INTERP = RAW["raw_data"]["interp"]


def as_the_reference_has_it(results: Path, number: int, *, name: str = "output.json") -> Path:
    """A task's folder of its archive: YJIT in the variant's name, and not in what ran."""
    folder = results / f"c8g.medium-{number}"
    folder.mkdir(parents=True)
    raw = {"metadata": {"=yjit": RAW["metadata"]["interp"]}, "raw_data": {"=yjit": INTERP}}
    (folder / name).write_text(json.dumps(raw))
    metadata = {
        "task_id": str(number), "provider": "aws", "instance_type": "c8g.medium", "ruby_version": "3.4.7", "run": number,
        "start_time": "2025-12-01T10:00:00Z", "end_time": "2025-12-01T10:30:00Z", "status": "success",
        "runner_id": "task-runner-1", "alias": "c8g",
    }  # fmt: skip
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


def tasks(folder: Path) -> list[Task]:
    return sorted(read_runs([folder]).tasks, key=lambda task: task.folder)


def test_every_sample_of_ruby_benchs_own_file_is_there_and_warm_up_is_not(tmp_path: Path) -> None:
    as_the_reference_has_it(tmp_path, 1)
    (task,) = tasks(tmp_path)
    found = {(one.series.benchmark, one.series.metric): one for one in task.samples}
    assert found["fib", "time"].values == tuple(INTERP["fib"]["bench"])
    assert found["fib", "rss"].values == tuple(map(float, INTERP["fib"]["rss_samples"]))
    assert {key[0] for key in found} == set(INTERP)
    assert (task.outcome, task.provider, task.alias, task.repeat) == ("measured", "aws", "c8g", 1)


def test_a_variant_is_what_ran_and_the_report_says_so(tmp_path: Path) -> None:
    as_the_reference_has_it(tmp_path, 1)
    as_the_reference_has_it(tmp_path, 2)
    dataset = read_runs([tmp_path])
    assert {one.series.variant for task in dataset.tasks for one in task.samples} == {"interp"}
    (said,) = [words for words in analyse(dataset).warnings if "YJIT" in words]
    assert said == (
        "c8g.medium-1 and 1 more: variant =yjit was measured without YJIT: its RUBY_DESCRIPTION lacks +YJIT, so that it is "
        "called interp"
    )


def test_the_newest_numbered_file_is_read_where_there_is_no_output_json(tmp_path: Path) -> None:
    folder = as_the_reference_has_it(tmp_path, 1, name="output_009.json")
    (folder / "output_010.json").write_text((folder / "output_009.json").read_text().replace("fib", "nfib"))
    (task,) = tasks(tmp_path)
    assert "nfib" in {one.series.benchmark for one in task.samples}


def test_folders_that_ruby_bench_itself_left_are_tasks(tmp_path: Path) -> None:
    """Without any metadata: what is not recorded is left out, and what ran is known from the file."""
    found = {task.folder: task for task in tasks(BOXES)}
    assert {name: task.outcome for name, task in found.items() if name != "failed"} == dict.fromkeys(
        ("box-1", "box-2", "box-3"), "measured"
    )
    box = found["box-1"]
    assert {one.series.variant for one in box.samples} == {"interp", "yjit"}
    assert box.notes == ()
    assert box.environment["version of ruby-yjit"] == RAW["metadata"]["yjit"]
    assert box.started_at is None


def test_what_a_failed_task_had_got_so_far_is_no_result(tmp_path: Path) -> None:
    folder = as_the_reference_has_it(tmp_path, 1, name="output_001.json")
    (folder / "error.txt").write_text("exit code 1\n")
    (task,) = tasks(tmp_path)
    assert (task.outcome, task.reason, task.samples) == ("failed", "exit code 1", ())


def test_runners_can_be_mixed_in_one_report(tmp_path: Path) -> None:
    """The same series, so that the two are compared."""
    for number in (1, 2):
        as_the_reference_has_it(tmp_path / "old", number)
    mine = [measurement("fib", INTERP["fib"]["bench"]), measurement("nbody", INTERP["nbody"]["bench"])]
    ours = write_run(tmp_path, "new", [TaskFolder("c9g.medium", mine), TaskFolder("c9g.medium", mine)])
    report = analyse(read_runs([tmp_path / "old", ours]))
    board = next(board for board in report.boards if board.metric == "time")
    assert {"fib", "nbody"} <= set(board.common)
    assert {row.label for row in board.ranking} == {"aws c8g", "aws c9g.medium"}


def test_a_benchmark_that_cannot_be_read_costs_itself_only(tmp_path: Path) -> None:
    folder = as_the_reference_has_it(tmp_path, 1)
    raw = json.loads((folder / "output.json").read_text())
    raw["raw_data"]["=yjit"]["fib"]["bench"][1] = "1.5"
    (folder / "output.json").write_text(json.dumps(raw))
    (task,) = tasks(tmp_path)
    assert task.outcome == "partial"
    (lost,) = task.failures
    assert lost.benchmark == "fib"
    assert lost.reason == "cannot be read: raw_data.=yjit.fib.bench[1] is a text, must be a number"


def test_the_table_of_a_run_reads_them_too(tmp_path: Path) -> None:
    as_the_reference_has_it(tmp_path, 1)
    assert {row.subject.machine for row in read_folder(tmp_path)} == {"c8g"}
