"""A run is seen through; whatever breaks it off, what was started ends and what can be resumed stays."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchfleet.exceptions import (
    ArchiveError,
    AuthError,
    BenchfleetError,
    ConfigError,
    InvalidRequest,
    TimedOut,
    Unreachable,
    UsageError,
)
from benchfleet.profiles.settings import Connection
from benchfleet.running.deployment import Deployment
from benchfleet.running.interrupts import Interrupted
from benchfleet.running.leaving import CLEAN, KEEP, STOP

from tests.each_case import each_case
from tests.unit.run_parts import CONFIG, FakeClient, Stage, detail, group

RUNNING = detail(groups=[group(pending=2)])
DONE = detail("completed", "ready", groups=[group(completed=2)])
HALF = detail("completed", "ready", groups=[group(completed=1, failed=1)])
STOPPED = detail("cancelled", "ready", groups=[group(completed=1, cancelled=1)])
CTRL_C = Interrupted(2)
KILLED = Interrupted(15)


def stage(folder: Path, *story: Any, **more: Any) -> Stage:
    return Stage(folder, FakeClient(list(story) or [RUNNING, DONE]), **more)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.name != "config.json")


def test_from_config_to_results(tmp_path: Path) -> None:
    here = stage(tmp_path)
    ended = here.driver(run_id="7").run()
    assert (ended.exit_code, ended.folder) == (0, tmp_path / "results" / "7")
    assert here.provisioner.log == ["start", "stop"]
    assert here.client.created[0]["run_id"] == "7"
    assert files(tmp_path) == ["results/7/manifest.json", "state/runs/7.json"]


def test_only_chosen_providers_take_part(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver().run()
    assert [plan.provider for plan in here.provisioner.plans] == ["local"]
    assert "aws" not in here.client.created[0]


def test_says_what_a_provider_without_provisioner_needs(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver(run_id="7", providers=()).run()
    (said,) = [note for note in here.screen.notes if "Waiting for runners" in note]
    assert "aws/c8g.medium" in said
    assert "--orchestrator-url http://plane --run-id 7 --provider aws --instance-type c8g.medium" in said
    assert "secret" not in said


def test_ids_are_unix_seconds_and_the_next_one_where_that_is_taken(tmp_path: Path) -> None:
    for expected in ("1767268800", "1767268801"):
        here = stage(tmp_path)
        here.driver().run()
        assert here.client.created[0]["run_id"] == expected


def test_an_id_of_ones_own_is_not_replaced(tmp_path: Path) -> None:
    stage(tmp_path).driver(run_id="7").run()
    with pytest.raises(UsageError, match="--resume 7"):
        stage(tmp_path).driver(run_id="7").run()


@each_case("run_id", ["../7", "a/b", "-x", "latest"])
def test_an_id_cannot_lead_out_of_the_state_folder_or_mean_another_run(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(UsageError, match="invalid run id"):
        stage(tmp_path).driver(run_id=run_id).run()
    assert files(tmp_path) == []


def test_an_interrupt_before_anything_began_leaves_nothing(tmp_path: Path) -> None:
    def load(path: Path) -> Any:
        raise CTRL_C

    with pytest.raises(Interrupted):
        stage(tmp_path, load=load).driver().run()
    assert files(tmp_path) == []


def test_a_run_of_somebody_else_with_this_id_is_left_alone(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.client.exists = True
    with pytest.raises(UsageError, match="has a run 7 already"):
        here.driver(run_id="7").run()
    assert (here.provisioner.log, files(tmp_path)) == ([], [])


def test_state_files_hold_no_secret(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver(run_id="7", detach=True).run()
    state = json.loads(here.state_text())
    assert (state["phase"], state["api_url"], state["run"]["tasks"]["total"]) == ("following", "http://plane", 4)
    assert state["config"]["sha256"] == here.write(CONFIG)
    assert "secret" not in "".join(path.read_text() for path in (tmp_path / "state").rglob("*") if path.is_file())


def test_tasks_that_failed_are_exit_code_1(tmp_path: Path) -> None:
    ended = stage(tmp_path, HALF).driver(run_id="7").run()
    assert (ended.exit_code, ended.words) == (1, "1 of 2 tasks of run 7 did not complete")


def test_a_detached_run_goes_on_and_can_be_resumed(tmp_path: Path) -> None:
    here = stage(tmp_path)
    ended = here.driver(run_id="7", detach=True).run()
    assert (ended.exit_code, here.provisioner.log) == (0, ["start", "leave"])
    assert here.driver(resume="7").run().folder == tmp_path / "results" / "7"
    assert here.provisioner.log == ["start", "leave", "start again", "stop"]
    assert len(here.client.created) == 1


def test_latest_is_the_newest(tmp_path: Path) -> None:
    here = stage(tmp_path)
    for run_id in ("9", "8"):  # in this order
        here.client.exists = False
        here.driver(run_id=run_id, detach=True).run()
        here.clock.sleep(1)
    driver = here.driver(resume="latest")
    driver.run()
    assert driver.state is not None
    assert driver.state.run_id == "8"


def test_nothing_to_resume_is_a_wrong_use(tmp_path: Path) -> None:
    for resume in ("7", "latest", "../../etc/passwd"):
        with pytest.raises(UsageError, match="nothing to resume"):
            stage(tmp_path).driver(resume=resume).run()


def test_another_config_is_refused_with_both_hashes(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver(run_id="7", detach=True).run()
    before = here.write(CONFIG)
    after = here.write({**CONFIG, "lease_s": 60})
    with pytest.raises(ConfigError, match=f"{after}.*{before}"):
        here.driver(resume="7").run()


def test_a_finished_run_is_only_read_again(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver(run_id="7").run()
    here.client.story = [Unreachable("nobody answers")]
    ended = here.driver(resume="7").run()
    assert (ended.exit_code, ended.folder) == (0, tmp_path / "results" / "7")


def test_a_finished_run_whose_results_are_gone_is_brought_again(tmp_path: Path) -> None:
    here = stage(tmp_path)
    here.driver(run_id="7").run()
    (tmp_path / "results" / "7" / "manifest.json").unlink()
    (tmp_path / "results" / "7").rmdir()
    here.client.story = [DONE]
    here.driver(resume="7").run()
    assert (tmp_path / "results" / "7" / "manifest.json").exists()


@each_case("error", [InvalidRequest("no", status=400), BenchfleetError("no engine")])
def test_what_never_began_leaves_nothing(tmp_path: Path, error: BenchfleetError) -> None:
    here = stage(tmp_path)
    here.client.refuses = error if isinstance(error, InvalidRequest) else None
    here.provisioner.fails = None if isinstance(error, InvalidRequest) else error
    driver = here.driver(run_id="7")
    with pytest.raises(type(error)):
        driver.run()
    assert (driver.state, files(tmp_path)) == (None, [])
    assert here.provisioner.log in (["start", "stop"], [])


@pytest.mark.parametrize("error", [Unreachable("no answer"), CTRL_C])
def test_a_creation_of_unknown_outcome_is_repeated_by_resume(tmp_path: Path, error: BaseException) -> None:
    here = stage(tmp_path)
    here.client.refuses = error
    with pytest.raises(type(error)):
        here.driver(run_id="7").run()
    assert here.provisioner.log == ["start", "stop"]
    here.client.refuses = None
    assert here.driver(resume="7").run().exit_code == 0
    assert [config["run_id"] for config in here.client.created] == ["7"]


def test_time_allowed_is_kept_and_everything_goes_on(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING)
    with pytest.raises(TimedOut, match="run 7 is running"):
        here.driver(run_id="7", timeout_s=5).run()
    assert here.provisioner.log == ["start", "leave"]


def test_where_nothing_may_stay_it_ends(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING)
    with pytest.raises(TimedOut):
        here.driver(run_id="7", timeout_s=5, stays=False).run()
    assert here.provisioner.log == ["start", "stop"]


def test_silence_ends_the_wait_and_everything_goes_on(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, Unreachable("refused"))
    with pytest.raises(Unreachable, match="for 10 min"):
        here.driver(run_id="7").run()
    assert here.provisioner.log == ["start", "leave"]
    assert json.loads(here.state_text())["run"]["tasks"]["pending"] == 2


@each_case("error", [AuthError("no", status=401), ArchiveError("torn")])
def test_other_errors_end_what_was_started(tmp_path: Path, error: BenchfleetError) -> None:
    here = stage(tmp_path, RUNNING, error if isinstance(error, AuthError) else DONE)
    here.client.breaks = error
    with pytest.raises(type(error)):
        here.driver(run_id="7").run()
    assert here.provisioner.log == ["start", "stop"]
    assert files(tmp_path / "results") == []


def test_no_archive_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="run 7 has no archive"):
        stage(tmp_path, detail("failed", "failed")).driver(run_id="7").run()


def test_a_kill_ends_what_is_here(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, KILLED, choose=lambda run_id: STOP)
    ended = here.driver(run_id="7").run()
    assert (ended.exit_code, here.provisioner.log, here.client.stopped) == (130, ["start", "stop"], [])
    assert "benchfleet run --resume 7" in ended.words


def test_ctrl_c_may_keep_it(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, choose=lambda run_id: KEEP)
    assert here.driver(run_id="7").run().exit_code == 130
    assert here.provisioner.log == ["start", "leave"]


def test_ctrl_c_as_the_answer_keeps_it(tmp_path: Path) -> None:
    def choose(run_id: str) -> str:
        raise KeyboardInterrupt

    here = stage(tmp_path, RUNNING, CTRL_C, choose=choose)
    assert here.driver(run_id="7").run().exit_code == 130
    assert here.provisioner.log == ["start", "leave"]


def test_ctrl_c_may_stop_the_run_and_bring_home_what_there_is(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, RUNNING, STOPPED, choose=lambda run_id: STOP)
    ended = here.driver(run_id="7").run()
    assert (ended.exit_code, here.client.stopped) == (130, ["7"])
    assert ended.folder == tmp_path / "results" / "7"
    assert here.provisioner.log == ["start", "stop"]


def test_ctrl_c_may_clean_up(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, choose=lambda run_id: CLEAN)
    assert here.driver(run_id="7").run().exit_code == 130
    assert (here.client.stopped, here.provisioner.log, files(tmp_path)) == (["7"], ["start", "stop"], [])


def test_who_stops_a_run_with_machines_in_a_cloud_is_offered_to_see_them_ended(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, choose=lambda run_id: CLEAN)
    here.write({**CONFIG, "provision": {"aws": {}}})
    assert "benchfleet nuke --run-id 7" in here.driver(run_id="7", providers=("aws",)).run().words


AT_AWS = "https://abc123.execute-api.eu-west-1.amazonaws.com/api"


@each_case(
    ("url", "profile", "provision", "expected"),
    [
        (AT_AWS, "aws-dev", {"aws": {}}, Deployment("dev", "eu-west-1")),
        (AT_AWS, "aws-dev", {}, None),
        (AT_AWS, "mine", {"aws": {}}, None),
        (AT_AWS, None, {"aws": {}}, None),
        ("https://bench.example.org/api", "aws-dev", {"aws": {}}, None),
        ("https://execute-api.eu-west-1.amazonaws.com.example.org", "aws-dev", {"aws": {}}, None),
    ],
)
def test_the_machines_of_a_stopped_run_are_known_where_address_and_profile_tell(
    tmp_path: Path, url: str, profile: str | None, provision: dict[str, object], expected: Deployment | None
) -> None:
    at = Connection(url, "the-secret-key", profile)
    here = stage(tmp_path, RUNNING, CTRL_C, RUNNING, choose=lambda run_id: CLEAN, connection=lambda known: at)
    here.write({**CONFIG, "provision": provision})
    ended = here.driver(run_id="7", providers=("aws",) if provision else ("local",)).run()
    assert ended.machines == expected
    assert ("nuke --run-id 7 --stage dev --region eu-west-1" in ended.words) is (expected is not None)


def test_a_stop_that_gets_no_answer_still_ends_what_is_here(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING, CTRL_C, Unreachable("gone"), choose=lambda run_id: STOP)
    ended = here.driver(run_id="7").run()
    assert (ended.exit_code, here.provisioner.log) == (130, ["start", "stop"])
    assert "could not be stopped in order (gone)" in ended.words
    assert "--resume 7" in ended.words


def test_only_one_command_at_a_time(tmp_path: Path) -> None:
    here = stage(tmp_path, RUNNING)

    def meanwhile(run_id: str) -> str:
        with pytest.raises(UsageError, match="another command is at work on run 7"):
            here.driver(resume="7").run()
        return KEEP

    here.choose = meanwhile
    here.client.story = [RUNNING, CTRL_C]
    assert here.driver(run_id="7").run().exit_code == 130


BRINGS = {**CONFIG, "deadline_s": 360_000, "aws": [{"instance_type": "c8g.medium"}], "provision": {"aws": {}}}


def test_costs_that_are_not_agreed_to_start_nothing(tmp_path: Path) -> None:
    here = stage(tmp_path, agrees=lambda: False)
    here.write({**BRINGS, "per_instance_type": {"tasks": 4, "instances": 4}})
    with pytest.raises(UsageError, match="nothing was started: the costs were not agreed to"):
        here.driver(providers=()).run()
    assert (here.provisioner.log, here.client.created) == ([], [])
    assert here.screen.notes[-2] == "The machines cost at most 19.27 USD until the deadline."
    assert "is not known: no earlier run of the same work" in here.screen.notes[-1]


@pytest.mark.parametrize(("instances", "asked"), [(1, False), (4, True)])
def test_costs_are_told_always_and_asked_about_from_ten_dollars_on(tmp_path: Path, instances: int, asked: bool) -> None:
    questions: list[str] = []
    here = stage(tmp_path, agrees=lambda: bool(questions.append("?") or True))  # type: ignore[func-returns-value]
    here.write({**BRINGS, "per_instance_type": {"tasks": 4, "instances": instances}})
    here.driver(providers=()).run()
    assert bool(questions) is asked
    assert any(note.startswith("The machines cost at most") for note in here.screen.notes)
