"""Machines that are lost in the middle of a run: another one does what they left, and every task is accepted once."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator
from tests.integration.api_client import Api
from tests.machine_calls import Account, eventually

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]
OVER = ("ended", "failed")
TASK_S = 12  # longer than the runner's watcher takes to see a notice


@pytest.fixture(scope="module")
def cloud() -> Iterator[tuple[Api, Account]]:
    """Notice is given half a minute before a spot instance is lost."""
    config = EmulatorConfig(sweep_every_s=5.0, machine_minute_s=15.0, machine_grace_s=3.0)
    with Emulator(config) as emulator, closing(Api(emulator.ready)) as api, closing(Account(emulator)) as account:
        yield api, account


def begun(api: Api, **provision: Any) -> tuple[str, dict[str, Any]]:
    """A run of two tasks, and its launch that works on the first of them."""
    run_id = api.create(
        ruby_version=None,
        workload="mock",
        workload_options={"steps": 1, "step_s": TASK_S},
        per_instance_type={"tasks": 2},
        lease_s=15,
        max_attempts=2,
        local=None,
        aws=[{"instance_type": "c8g.medium"}],
        provision={"aws": provision},
    )["run_id"]
    api.until(f"/runs/{run_id}", lambda run: any(group["running"] for group in run["groups"]))
    (launch,) = api("GET", f"/runs/{run_id}/launches").json()["launches"]
    return run_id, launch


def ended(api: Api, account: Account, run_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Launches and tasks, once the run is complete and none of its machines is left."""
    run = api.until(f"/runs/{run_id}", lambda run: run["status"] != "running", within_s=180)
    assert run["status"] == "completed", run
    listed = api.until(
        f"/runs/{run_id}/launches", lambda found: all(each["state"] in OVER for each in found["launches"])
    )
    launches = sorted(listed["launches"], key=lambda each: int(each["name"].rpartition("-")[2]))
    for launch in launches:
        assert account.state(launch["resource_id"]) == "terminated"
    return launches, api("GET", f"/runs/{run_id}/tasks").json()["tasks"]


def runner_pids(name: str) -> list[int]:
    """Of the launch's containers, which here are runners."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"local_emulator.machines.as_host" in words and f"{name}-1".encode() in words:
            found.append(int(entry.parent.name))
    return found


def test_a_spot_machine_that_is_taken_back_ends_its_task_and_another_one_does_the_rest(
    cloud: tuple[Api, Account],
) -> None:
    api, account = cloud
    run_id, launch = begun(api, market="spot")
    account.machines.interrupt(launch["resource_id"])
    launches, tasks = ended(api, account, run_id)
    assert [each["market"] for each in launches] == ["spot", "spot"]
    assert launches[0]["message"] == "the cloud takes this spot machine back"
    assert {task["attempt"] for task in tasks} == {1}  # it was drained: no task was lost
    workers = sorted(task["runner_id"].rsplit("-", 3)[0] for task in tasks)
    assert workers == [f"{each['name']}-1" for each in launches]


def test_a_runner_that_is_killed_loses_its_machine_and_its_task_is_done_elsewhere(cloud: tuple[Api, Account]) -> None:
    api, account = cloud
    run_id, launch = begun(api)
    eventually(lambda: runner_pids(launch["name"]) != [])
    for pid in runner_pids(launch["name"]):
        os.kill(pid, signal.SIGKILL)
    launches, tasks = ended(api, account, run_id)
    assert (launches[0]["name"], launches[0]["state"]) == (launch["name"], "failed")
    assert len(launches) == 2
    assert sorted(task["attempt"] for task in tasks) == [1, 2]
    assert all(task["runner_id"].startswith(f"{launches[1]['name']}-") for task in tasks)
