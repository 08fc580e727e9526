"""A deployment from nothing to nothing, by the commands of a user, with the real templates, policies and user-data.

The account is emulated (`benchfleet emulator --account`): HTTP, CloudFormation, functions from the zip, enforced policies, and
machines that execute their user-data or their container.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.package_size import copy_sources
from runner_image.image import debian_base
from tests.engine_policy import lacking
from tests.integration.test_account import Account
from tests.proof.rehearsal import Failed, Rehearsal
from tests.proof.unneeded_permissions import EXCEPTED

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]
EC2 = {"aws": [{"instance_type": "c7i.large"}]}
FARGATE = {"fargate": [{"instance_type": "fargate-1vcpu-2gb"}]}
KEPT = ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]  # by design: results outlive a nuke without --with-results


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    account = Account(tmp_path, "--account", "--sweep-every", "5")
    try:
        yield Rehearsal(tmp_path, account)
    finally:
        account.end()


@pytest.fixture(scope="session")
def base() -> str | None:
    """What the runner's image is built on, where no registry can be reached. None: REHEARSE_IMAGE=no, no image is built."""
    if os.environ.get("REHEARSE_IMAGE") == "no":
        return None
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        lacking("needs_docker", "neither debootstrap as root nor a base for the runner's image")
    return debian_base.ensure(debian_base.cache_dir())


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
    at = datetime.now(UTC) + timedelta(minutes=2)
    topic = "arn:aws:sns:us-east-1:123456789012:benchfleet-dev-alarms"
    rehearsal.step(f"benchfleet schedule create nightly --at {at:%H:%M}")
    config = rehearsal.config("nightly", **EC2, provision={"aws": {"market": "spot"}})
    rehearsal.command(
        "schedule", "create", "nightly", "-c", config, "--at", f"{at:%Y-%m-%dT%H:%M:00}", "--notify", f"end={topic}"
    )
    rehearsal.run("on-ecs", **FARGATE, provision={"fargate": {"provisioner": "aws-ecs"}})
    rehearsal.run("on-ec2", **EC2, provision={"aws": {"provisioner": "aws-ec2"}})
    both = {"aws": {"provisioner": "aws-ec2"}, "fargate": {"provisioner": "aws-ecs"}}
    rehearsal.stop("stopped", **EC2, **FARGATE, provision=both)

    rehearsal.step("the schedule's run, which nobody attends to")
    firing = rehearsal.until(
        "the schedule's run has ended",
        lambda: next((it for it in rehearsal.get("/schedules/nightly")["firings"] if it["ended_at"]), None),
    )
    assert (firing["state"], firing["tasks"], firing["tasks_failed"], firing["undelivered"]) == ("completed", 2, 0, [])
    assert firing["scheduled_at"] == f"{at:%Y-%m-%dT%H:%M:00Z}"
    rehearsal.require_over(firing["run_id"])
    rehearsal.require_no_machine()
    rehearsal.command("runs", "delete", "on-ecs", "--yes")
    rehearsal.command("schedule", "delete", "nightly", "--yes")

    rehearsal.step("every call was allowed, and every permission is needed")
    rehearsal.require_nothing_denied()
    rehearsal.require_all_needed(EXCEPTED)

    rehearsal.nuke()
    assert kinds(rehearsal) == KEPT
    rehearsal.nuke("--with-results")
    assert rehearsal.account.door("resources")["resources"] == before
    rehearsal.require_nothing_denied()
    rehearsal.step("nothing is left")


def test_a_wrong_line_of_user_data_and_a_missing_permission_fail_it(tmp_path: Path, rehearsal: Rehearsal) -> None:
    project = tmp_path / "project"
    copy_sources(project)
    script = project / "vendor" / "benchfleet_contract" / "machines" / "boot.sh"
    change(script, "docker pull --quiet", "docker pull --quite")
    change(project / ".chalice" / "policy-dev-provision.json", '"ecs:RunTask"', '"ecs:StartTask"')
    broken = Rehearsal(tmp_path, rehearsal.account, project)
    broken.deploy("--skip-image", "--skip-smoke-test")
    broken.push_an_image()
    both = {"aws": {"provisioner": "aws-ec2"}, "fargate": {"provisioner": "aws-ecs"}}
    with pytest.raises(Failed):
        broken.run("broken", **EC2, **FARGATE, provision=both)
    told = {it["provider"]: str(it["failure"]) for it in broken.get("/runs/broken/launches")["launches"]}
    assert "--quite" in told["aws"]
    assert "ecs:RunTask" in told["fargate"]
    with pytest.raises(Failed, match="provision: ecs:RunTask"):
        broken.require_nothing_denied()
    with pytest.raises(Failed, match="provision ecs:StartTask"):
        broken.require_all_needed(EXCEPTED)


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1, f"{path} has no single {old}"
    path.write_text(text.replace(old, new))
