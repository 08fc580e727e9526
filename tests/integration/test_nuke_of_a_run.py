"""The run whose machines a nuke ends is stopped first, at its control plane."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from benchfleet.deploy.aws import Aws
from benchfleet.nuke.stopping import RunAtWork, run_at_work
from benchfleet.profiles.file import Profile
from benchfleet.profiles.settings import Connection
from benchfleet.profiles.writer import write_profile

from local_emulator.machines.faults import Capacity, FaultPlan
from local_emulator.stack import Emulator
from tests.integration.api_client import Api
from tests.machine_calls import Account

REGION = "us-east-1"


class Quiet:
    """Progress that is kept."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def step(self, words: str) -> None:
        self.said.append(words)

    def note(self, words: str) -> None:
        self.said.append(words)

    def resource(self, name: str, kind: str, state: str) -> None:
        self.said.append(f"{kind} {name}: {state}")


@pytest.fixture
def api(emulator: Emulator) -> Iterator[Api]:
    with closing(Api(emulator.ready)) as made:
        yield made


def at_work(emulator: Emulator, run_id: str, *, key: str | None = None) -> RunAtWork:
    of = Connection(emulator.ready.api_url, key or emulator.ready.keys.admin, None)
    return RunAtWork(run_id, REGION, "local", of)


def test_a_run_that_goes_on_is_found_and_stopped_and_then_there_is_nothing_of_it(emulator: Emulator, api: Api) -> None:
    run_id, progress = api.create()["run_id"], Quiet()
    run = at_work(emulator, run_id)
    (found,) = run.find()
    assert (found.kind, found.name, found.details.partition(",")[0]) == ("run", run_id, "goes on")
    run.stop(progress)
    assert progress.said == [f"run {run_id}: stopped"]
    assert api("GET", f"/runs/{run_id}").json()["status"] == "cancelled"
    run.stop(progress)
    assert (run.find(), run.launches(), len(progress.said)) == ([], [], 1)
    assert at_work(emulator, "unknown").find() == []


@pytest.mark.system
def test_what_was_being_launched_is_waited_for(emulator: Emulator, api: Api, account: Account) -> None:
    account.machines.faults.set(FaultPlan(capacity=[Capacity()]))
    run_id = api.create(
        ruby_version=None, workload="mock", local=None, aws=[{"instance_type": "c8g.medium"}], provision={"aws": {}}
    )["run_id"]
    api.until(f"/runs/{run_id}/launches", lambda found: bool(found["launches"]))
    run = at_work(emulator, run_id)
    assert run.launches() == []  # while it goes on, that is what is told
    run.stop(Quiet())
    run.settle()
    assert (run.find(), run.launches()) == ([], [])


@pytest.mark.parametrize("fault", ["reader's key", "nobody there"])
@pytest.mark.proof
def test_where_it_cannot_be_stopped_that_is_found_and_told_with_the_remedy(
    emulator: Emulator, api: Api, fault: str
) -> None:
    run_id, progress = api.create()["run_id"], Quiet()
    run = at_work(emulator, run_id, key=emulator.ready.keys.runner)
    if fault == "nobody there":
        run = replace(run, of=Connection("http://127.0.0.1:9", None, None))
    run.stop(progress)
    assert "could not be stopped" in progress.said[0]
    (found,) = run.find()
    assert found.name == run_id
    assert ("benchfleet login --profile aws-local" in found.details) == (fault == "nobody there")
    assert api("GET", f"/runs/{run_id}").json()["status"] == "running"


@pytest.mark.system
def test_the_key_is_that_of_the_stage_s_profile_if_it_leads_there(emulator: Emulator, tmp_path: Path) -> None:
    ready, profiles = emulator.ready, tmp_path / "config.toml"
    session = boto3.session.Session(ready.aws_access_key_id, ready.aws_secret_access_key, region_name=REGION)
    aws = Aws(REGION, session=session)
    aws._clients["ssm", REGION] = session.client("ssm", endpoint_url=ready.aws_endpoint_url)

    def key(api_url: str, **environ: str) -> str | None:
        write_profile(profiles, "aws-local", Profile(api_url, "k" * 43))
        found = run_at_work(aws, "local", "r", profiles=profiles, environ=environ).of
        assert found is not None
        assert found.api_url == ready.api_url
        return found.key

    assert key(ready.api_url) == "k" * 43
    assert key("https://elsewhere.example") is None
    assert key("https://elsewhere.example", BENCHFLEET_API_KEY="e" * 43) == "e" * 43
    assert run_at_work(aws, "prod", "r", profiles=profiles, environ={}).find() == []
