"""What an archive does not hold is told wherever its run is, and is never exit code 0."""

import os
from pathlib import Path

import pytest
from benchfleet.cli.runs.here import find
from benchfleet.cli.runs.watch import require_success
from benchfleet.exceptions import RunFailed, UsageError
from benchfleet.explaining.judging import judge
from benchfleet.results.lost import Totals, lost_words, totals_of
from benchfleet.results.run_on_disk import error_text, read_run
from benchfleet.running.leaving import exit_code_of, words_of
from benchfleet_contract.runners import RunnerList
from benchfleet_contract.runs import Archive, LostResult, RunDetail

from chalicelib.domain.records import Contents
from chalicelib.store.items import contents_value, run_of
from tests.each_case import each_case
from tests.report_runs import TaskFolder, write_run
from tests.unit.explained_runs import NOW, a_run, a_task

LOST = LostResult.model_validate({"task_id": "r.2", "archived": "corrupt", "reason": "unpacks to more than 9 bytes"})


def a_run_with(**contents: object) -> RunDetail:
    archive = Archive.model_validate({"state": "ready", **contents})
    tasks = [a_task(1, "completed"), a_task(2, "completed")]
    return a_run(tasks, status="completed", archive=archive)


def test_a_whole_archive_is_no_news() -> None:
    for run in (a_run_with(), a_run_with(whole=2, corrupt=0, missing=0)):
        assert (lost_words(run.archive), exit_code_of(run), words_of(run)) == ("", 0, "")
        require_success(run)


@each_case("how", ["corrupt", "missing"])
def test_what_is_lost_fails_the_run_for_whoever_asks(how: str) -> None:
    run = a_run_with(whole=1, lost=[LOST.model_copy(update={"archived": how})], **{how: 1})
    assert lost_words(run.archive) == (
        f"the archive holds 1 whole, 1 {how} results: r.2 ({how}: unpacks to more than 9 bytes)"
    )
    assert exit_code_of(run) == 1
    assert how in words_of(run)
    with pytest.raises(RunFailed, match=f"1 {how}"):
        require_success(run)
    told = judge(run, [], RunnerList(run_id="r", runners=[]), NOW)
    assert (told.fine, told.findings[0].kind, told.findings[0].task_ids) == (False, "lost", ["r.2"])


@each_case("text", ["", "[]", "{}", '{"totals": 1}', '{"totals": {"files": "x"}}'])
def test_a_manifest_that_does_not_tell(tmp_path: Path, text: str) -> None:
    assert totals_of(tmp_path) is None
    (tmp_path / "manifest.json").write_text(text)
    assert totals_of(tmp_path) is None


def test_a_manifest_that_tells(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"totals": {"tasks": 5, "files": 0, "corrupt": 3, "missing": 1}}')
    assert totals_of(tmp_path) == Totals(files=0, corrupt=3, missing=1)
    assert (totals_of(tmp_path) or Totals()).words == "0 whole, 3 corrupt, 1 missing"


def test_contents_survive_the_store() -> None:
    contents = Contents(1, 2, 3, (("r.2", "corrupt", "why"),))
    item = {
        "state": "completed",
        "kind": "mock",
        "workload_options": "{}",
        "metadata": "{}",
        "warnings": [],
        "groups": [],
    }
    found = run_of(item | {"archive": "ready", "archive_contents": contents_value(contents)})
    assert found.archive.contents == contents
    assert run_of(item | {"archive": "ready"}).archive.contents is None


@each_case("how", ["pipe", "link", "folder", "deep"])
def test_what_stands_in_place_of_a_file_is_no_file(tmp_path: Path, how: str) -> None:
    """A pipe would never end, a link leads elsewhere: both are asked of whoever ran the task."""
    run = write_run(tmp_path, "r", [TaskFolder("m", entry={"error_message": "boom"})])
    (run / "m-1").mkdir()
    for place in (run / "m-1" / "error.txt", run / "manifest.json"):
        text = place.read_text() if place.exists() else "elsewhere"
        if how != "deep":
            place.unlink(missing_ok=True)
        if how == "pipe":
            os.mkfifo(place)
        elif how == "link":
            (tmp_path / place.name).write_text(text)
            place.symlink_to(tmp_path / place.name)
        elif how == "folder":
            place.mkdir()
        else:
            place.write_text("[" * 100_000)
        if place.name == "error.txt":
            assert (error_text(run, "r.1") or "[")[0] == "["
    assert totals_of(run) is None
    assert read_run(run) is None


def test_an_empty_id_is_told_as_such(tmp_path: Path) -> None:
    """A variable that is not set: "there is no run  in results/" told of a run without a name."""
    with pytest.raises(UsageError, match="the id of a run is empty"):
        find("", tmp_path)
