"""The smoke test of a deploy, against the emulator: a run from start to end by a real runner, and nothing left of it."""

from pathlib import Path

import pytest
from benchfleet import exit_codes
from benchfleet.client import Client
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.smoke import RUN_ID_PREFIX, Target, smoke_test

from local_emulator.stack import Emulator


def smoke_runs(client: Client) -> list[str]:
    return [run.run_id for run in client.runs() if run.run_id.startswith(RUN_ID_PREFIX)]


@pytest.mark.system
def test_a_run_goes_through_and_is_removed_with_what_a_killed_one_left(emulator: Emulator, tmp_path: Path) -> None:
    ready = emulator.ready
    with Client(ready.api_url, key=ready.keys.admin) as client:
        body = {"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "nobody"}]}
        client.create_run({**body, "run_id": f"{RUN_ID_PREFIX}killed"})
        passed = smoke_test(Target(ready.api_url, ready.keys.admin, ready.keys.runner, tmp_path / "runner.log"))
        assert passed.run_id.startswith(RUN_ID_PREFIX)
        assert smoke_runs(client) == []


def test_a_key_that_stays_unknown_fails_with_exit_code_1(emulator: Emulator, tmp_path: Path) -> None:
    passing = iter(range(0, 10_000, 60))
    target = Target(emulator.ready.api_url, "not a key".replace(" ", "-"), "neither", tmp_path / "runner.log")
    with pytest.raises(DeployError, match="does not let its new key in") as failed:
        smoke_test(target, clock=lambda: next(passing), sleep=lambda seconds: None)
    assert failed.value.exit_code == exit_codes.FAILED
