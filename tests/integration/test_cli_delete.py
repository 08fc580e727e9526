"""`benchfleet runs delete` against the whole system."""

import json
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.ages import seconds
from benchfleet.cli.documents.schema import schema_of
from benchfleet.exceptions import UsageError

from tests.integration.api_client import Api
from tests.integration.command_line import CommandLine


def over(api: Api) -> str:
    """A run that was stopped, and has its archive."""
    run_id: str = api.create()["run_id"]
    assert api("POST", f"/runs/{run_id}/stop").status_code == 200
    api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    return run_id


def is_there(api: Api, run_id: str) -> bool:
    return api("GET", f"/runs/{run_id}").status_code == 200


def test_several_runs_are_deleted_and_what_was_downloaded_stays(cli: CommandLine, api: Api, tmp_path: Path) -> None:
    first, second = over(api), over(api)
    assert cli("runs", "download", first).code == 0
    said = cli("runs", "delete", first, second, first, "--yes")
    assert (said.code, said.out) == (0, f"Run {first} is deleted.\nRun {second} is deleted.\n")
    assert "left as it is" in said.err
    assert (is_there(api, first), is_there(api, second)) == (False, False)
    assert Path("results", first, "run.json").exists()
    assert cli("runs", "show", first).code == 2


def test_where_nobody_can_be_asked_yes_is_needed(cli: CommandLine, api: Api) -> None:
    run_id = over(api)
    said = cli("runs", "delete", run_id)
    assert (said.code, said.out) == (2, "")
    assert f"deleting run {run_id} cannot be undone: say --yes" in said.err
    assert is_there(api, run_id)


def test_what_is_refused_is_told_and_the_others_are_deleted(cli: CommandLine, api: Api) -> None:
    running, good = api.create()["run_id"], over(api)
    said = cli("runs", "delete", running, "never-was", good, "--yes", "--json")
    document = json.loads(said.out)
    jsonschema.Draft202012Validator(schema_of("runs delete")).validate(document)
    assert document["deleted"] == [good]
    assert [(kept["run_id"], kept["code"]) for kept in document["refused"]] == [
        (running, "run_not_over"),
        ("never-was", "run_not_found"),
    ]
    assert said.code == 5
    assert said.err.splitlines() == [
        "benchfleet: run never-was does not exist",
        f"benchfleet: Run {running} is still running: stop it first",
    ]
    assert (is_there(api, running), is_there(api, good)) == (True, False)


def test_a_run_that_is_not_there_is_wrong_use(cli: CommandLine) -> None:
    assert cli("runs", "delete", "never-was", "--yes").code == 2


def test_latest_is_the_newest_run(cli: CommandLine, api: Api) -> None:
    run_id = over(api)
    assert cli("runs", "delete", "latest", "--yes").out == f"Run {run_id} is deleted.\n"


def test_a_key_that_may_not_delete_is_told(cli: CommandLine, api: Api) -> None:
    run_id = over(api)
    Path("key").write_text(api.ready.keys.runner)
    assert cli("runs", "delete", run_id, "--yes", "--api-key", "@key").code == 4
    assert is_there(api, run_id)


@pytest.mark.parametrize("words", [[], ["r", "--older-than", "1d"], ["--older-than", "soon"], ["--older-than", "1m"]])
def test_what_cannot_be_meant_is_wrong_use(cli: CommandLine, words: list[str]) -> None:
    assert cli("runs", "delete", *words, "--yes").code == 2


def test_by_age_what_is_younger_stays(cli: CommandLine, api: Api) -> None:
    run_id = over(api)
    said = cli("runs", "delete", "--older-than", "1h", "--yes")
    assert (said.code, said.out, said.err) == (0, "", "No run that has ended is older than 1h.\n")
    assert is_there(api, run_id)


@pytest.mark.proof  # deletes all that other tests have left in this emulator
def test_by_age_only_what_is_old_and_over_is_deleted(cli: CommandLine, api: Api) -> None:
    run_id = over(api)
    running = api.create()["run_id"]
    said = cli("runs", "delete", "--older-than", "0h", "--yes")
    assert (said.code, f"Run {run_id} is deleted." in said.out.splitlines()) == (0, True)
    assert (is_there(api, run_id), is_there(api, running)) == (False, True)


def test_ages_are_hours_days_and_weeks() -> None:
    assert [seconds(age) for age in ("12h", "30d", "4w")] == [43_200, 2_592_000, 2_419_200]
    for wrong in ("30", "d", "-1d", "1.5d", "30 d", "30D", "100000d"):
        with pytest.raises(UsageError, match="invalid age"):
            seconds(wrong)
