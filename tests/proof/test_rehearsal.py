"""A deployment from nothing to nothing, by the commands of a user, with the real templates, policies and user-data.

The account is emulated (`benchfleet emulator --account`): HTTP, CloudFormation, functions from the zip, enforced policies, and
machines that execute their user-data or their container.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.package_size import copy_sources
from tests.engine_policy import lacking
from tests.integration.test_account import Account
from tests.proof import rehearsal_base
from tests.proof.rehearsal import Failed, Rehearsal
from tests.proof.unneeded_permissions import EXCEPTED

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]
EC2 = {"aws": [{"instance_type": "c7i.large"}]}
FARGATE = {"fargate": [{"instance_type": "fargate-1vcpu-2gb"}]}
BOTH = {"aws": {"provisioner": "aws-ec2"}, "fargate": {"provisioner": "aws-ecs"}}
SOON_S = 60  # until the schedule fires: longer than it takes to make it, and other runs go on meanwhile
KEPT = ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]  # by design: results outlive a nuke without --with-results


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    account = Account(tmp_path, "--account", "--sweep-every", "5")
    try:
        yield Rehearsal(tmp_path, account)
    finally:
        account.end()
        rehearsal_base.forget_images_of(urlsplit(account.ready["aws_endpoint_url"]).netloc)


@pytest.fixture(scope="session")
def base() -> str | None:
    """What the runner's image is built on, where no registry can be reached. None: REHEARSE_IMAGE=no, no image is built."""
    if os.environ.get("REHEARSE_IMAGE") == "no":
        return None
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        lacking("needs_docker", "neither debootstrap as root nor a base for the runner's image")
    return rehearsal_base.ensure()


def kinds(rehearsal: Rehearsal) -> list[str]:
    return sorted(each["type"] for each in rehearsal.account.door("resources")["resources"])


@pytest.mark.needs_docker
def test_from_an_empty_account_to_an_empty_account(rehearsal: Rehearsal, base: str | None) -> None:
    before = rehearsal.account.door("resources")["resources"]
    if base is None:
        rehearsal.deploy("--skip-image")
        rehearsal.push_an_image()
    else:
        rehearsal.deploy("--base", base, "--system-packages", "")
    at = (datetime.now(UTC) + timedelta(seconds=SOON_S)).replace(microsecond=0, tzinfo=None)
    topic = "arn:aws:sns:us-east-1:123456789012:benchfleet-dev-alarms"
    rehearsal.step(f"benchfleet schedule create nightly --at {at:%H:%M:%S}")
    config = rehearsal.config("nightly", **EC2, provision={"aws": {"market": "spot"}})
    rehearsal.command("schedule", "create", "nightly", "-c", config, "--at", at.isoformat(), "--notify", f"end={topic}")
    rehearsal.run("on-both", **EC2, **FARGATE, provision=BOTH)
    rehearsal.at_work("stopped", **EC2, **FARGATE, provision=BOTH)
    rehearsal.at_work("nuked", **EC2, provision={"aws": {}})
    rehearsal.until_it_works("stopped", machines=2)
    rehearsal.until_it_works("nuked", machines=1)
    rehearsal.stop("stopped")
    rehearsal.nuke_run("nuked")
    rehearsal.require_ended("stopped")

    rehearsal.step("the schedule's run, which nobody attends to")
    firing = rehearsal.until(
        "the schedule's run has ended",
        lambda: next((it for it in rehearsal.get("/schedules/nightly")["firings"] if it["ended_at"]), None),
    )
    assert (firing["state"], firing["tasks"], firing["tasks_failed"], firing["undelivered"]) == ("completed", 2, 0, [])
    assert firing["scheduled_at"] == f"{at.isoformat()}Z"
    rehearsal.require_over(firing["run_id"])
    rehearsal.require_no_machine()
    rehearsal.step("the sweep recounts what has been quiet, and lets go of it")
    rehearsal.until_taken("sweep", "dynamodb:DeleteItem")
    rehearsal.command("runs", "delete", "on-both", "--yes")
    rehearsal.command("schedule", "delete", "nightly", "--yes")

    rehearsal.step("every call was allowed, and every permission is needed")
    rehearsal.require_nothing_denied()
    rehearsal.require_all_needed(EXCEPTED)
    require_faults_are_found(rehearsal)

    rehearsal.nuke()
    assert kinds(rehearsal) == KEPT
    rehearsal.nuke("--with-results")
    assert rehearsal.account.door("resources")["resources"] == before
    rehearsal.require_nothing_denied()
    rehearsal.step("nothing is left")


def require_faults_are_found(rehearsal: Rehearsal) -> None:
    """Deploys over it what has a wrong line of user-data and lacks a permission: each fails the run, and is named."""
    project = rehearsal.folder / "project"
    copy_sources(project)
    script = project / "vendor" / "benchfleet_contract" / "machines" / "boot.sh"
    change(script, "docker pull --quiet", "docker pull --quite")
    change(project / ".chalice" / "policy-dev-provision.json", '"ecs:RunTask"', '"ecs:StartTask"')
    replace(rehearsal, project=project).deploy("--skip-image", "--skip-smoke-test")
    with pytest.raises(Failed):
        rehearsal.run("broken", **EC2, **FARGATE, provision=BOTH)
    told = {it["provider"]: str(it["failure"]) for it in rehearsal.get("/runs/broken/launches")["launches"]}
    assert "--quite" in told["aws"]
    assert "ecs:RunTask" in told["fargate"]
    with pytest.raises(Failed, match="provision: ecs:RunTask"):
        rehearsal.require_nothing_denied()
    with pytest.raises(Failed, match="provision ecs:StartTask"):
        rehearsal.require_all_needed(EXCEPTED)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has no single {old}"
    path.write_text(text.replace(old, new))
