"""`benchfleet fleet …` against the whole system: one emulator, one loopback provider, a runner for each run that is worked at."""

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of

from tests.integration.api_client import Json
from tests.integration.command_line import CommandLine
from tests.integration.fleet_project import Project


@pytest.fixture
def here(cli: CommandLine, fleet: Project, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """As a person in the project's folder."""
    monkeypatch.chdir(fleet.folder)
    return cli


def document(command: str, text: str) -> Json:
    assert text, f"{command} printed nothing"
    made: Json = json.loads(text)
    jsonschema.Draft202012Validator(schema_of(command)).validate(made)
    return made


def run(cli: CommandLine, *words: str) -> str:
    """A new run that nobody works at."""
    done = cli("fleet", "run", "-m", "fleet-manifest.json", "--format", "quiet", "--no-collect", *words)
    assert (done.code, done.out.count("\n")) == (0, 1), done.err
    return done.out.strip()


def test_quiet_is_the_run_s_id_alone(here: CommandLine) -> None:
    assert run(here).startswith("my-simulator-fleet-")


def test_a_run_is_told_at_once(here: CommandLine) -> None:
    done = here("fleet", "run", "-m", "fleet-manifest.json", "--json", "--no-collect")
    told = document("fleet run", done.out)
    run_id = told["run_id"]
    assert (done.code, told["results"], told["artifact_base_dir"]) == (0, None, f"fleet-results/{run_id}")
    assert told["metadata"]["fleet_id"] == "my-simulator-fleet"
    assert len(told["metadata"]["expected_artifacts"]) == 2 + 2 * 2 * 2
    summary = here("fleet", "run", "-m", "fleet-manifest.json", "--no-collect")
    assert "12 requests, 2 repositories" in summary.out
    assert "openai" in summary.out


@pytest.mark.system
def test_waiting_brings_the_artifacts_and_judges(here: CommandLine, fleet: Project) -> None:
    """The same key gives the same run, which has ended."""
    words = ("-m", "fleet-manifest.json", "--idempotency-key", fleet.key, "--wait", "--junit", "out/junit.xml")
    done = here("fleet", "run", *words, "--json")
    assert done.code == 1, done.err
    told = document("fleet run", done.out)
    assert (done.code, told["exit_code"], told["run_id"]) == (1, 1, fleet.run_id)
    assert told["results"]["fleet_summary"]["total_succeeded"] == 8
    folder = fleet.folder / "fleet-results" / fleet.run_id
    written = json.loads((folder / "fleet-results.json").read_text())
    assert written == told["results"]
    for path in told["metadata"]["expected_artifacts"]:
        assert (fleet.folder / path).is_file()
    suites = ElementTree.parse(fleet.folder / "out" / "junit.xml").getroot()
    assert (suites.get("tests"), suites.get("errors"), len(suites)) == ("12", "4", 4)


@pytest.mark.parametrize(("asked", "code"), [("0.6", 0), ("0.7", 7)])
def test_a_threshold_is_an_exit_code(here: CommandLine, fleet: Project, asked: str, code: int) -> None:
    done = here("fleet", "wait", fleet.run_id, "--min-success-rate", asked)
    assert done.code == code, done.err
    assert ("success rate 0.6667 is below 0.7" in done.err) == (code == 7)
    assert "66.7%" in done.out


@pytest.mark.system
def test_results_are_read_from_the_folder_or_asked_for(
    here: CommandLine, fleet: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = here("fleet", "results", fleet.run_id, "--json", "-o", str(tmp_path / "none"))
    assert document("fleet results", asked.out)["run_id"] == fleet.run_id
    fetched = here("fleet", "results", fleet.run_id, "--fetch", "-o", str(tmp_path / "some"), "--format", "quiet")
    assert (fetched.code, fetched.out) == (1, f"{fleet.run_id}\n")
    monkeypatch.delenv("BENCHFLEET_URL")
    local = here("fleet", "results", fleet.run_id, "-o", str(tmp_path / "some"))
    assert "8 (66.7%), 4 failed" in local.out
    assert str(tmp_path / "some") in local.out


def test_a_run_that_goes_on_has_a_status_and_no_results(here: CommandLine) -> None:
    run_id = run(here)
    told = document("fleet status", here("fleet", "status", run_id, "--json").out)
    assert (told["status"], told["tests"]["pending"]) == ("queued", 12)
    table = here("fleet", "status", run_id).out
    assert "12 in all" in table
    assert "repo-2" in table
    assert here("fleet", "results", run_id).code == 8
    late = here("fleet", "wait", run_id, "--timeout", "0")
    assert (late.code, "goes on" in late.err) == (8, True)


@pytest.mark.system
def test_a_run_is_cancelled_once(here: CommandLine) -> None:
    run_id = run(here)
    told = document("fleet cancel", here("fleet", "cancel", run_id, "--json").out)
    assert (told["cancelled"], told["status"]) == (True, "cancelled")
    assert "had ended before: cancelled" in here("fleet", "cancel", run_id).out
    done = here("fleet", "wait", run_id, "--json", "--poll", "0.1")
    assert (done.code, "was cancelled" in done.err) == (1, True)
    assert document("fleet wait", done.out)["fleet_summary"]["total_skipped"] == 12


def test_runs_are_listed(here: CommandLine, fleet: Project) -> None:
    told = document("fleet list", here("fleet", "list", "--status", "partial", "--json").out)
    assert fleet.run_id in [item["run_id"] for item in told["runs"]]
    few = here("fleet", "list", "--limit", "1", "--fleet-id", "my-simulator-fleet")
    assert (len(few.out.splitlines()), "There are more" in few.err) == (2, True)
    assert "No such runs" in here("fleet", "list", "--fleet-id", "nobodys").err


def test_errors_have_codes_of_their_own(here: CommandLine, fleet: Project, tmp_path: Path) -> None:
    assert here("fleet", "status", "nobodys-run").code == 2
    assert here("fleet", "list", "--api-key", "@/nowhere").code == 2
    assert here("fleet", "list", "--api-url", "http://127.0.0.1:9").code == 9
    keyfile = tmp_path / "key"
    keyfile.write_text("wrong-key\n")
    assert here("fleet", "run", "-m", "fleet-manifest.json", "--api-key", f"@{keyfile}").code == 10
    broken = tmp_path / "broken.json"
    broken.write_text('{"fleet_id": ""}')
    done = here("fleet", "run", "-m", str(broken))
    assert (done.code, "broken.json:1" in done.err) == (4, True)
    bad = tmp_path / "bad.toml"
    bad.write_text("[providers.openai]\nbase_url = 3\n")
    assert here("fleet", "run", "-m", "fleet-manifest.json", "--config", str(bad)).code == 3
    assert here("fleet", "run", "-m", "fleet-manifest.json", "--junit", "x.xml").code == 2
