"""Machines end with their emulator, however that ends; and the doors by which other processes make faults."""

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from local_emulator.stack import Emulator
from tests.integration.emulator_process import Running
from tests.machine_calls import AMI, Account, eventually, is_alive
from tests.variants import one_now

GRACE_S = 10  # after which a machine is killed
SCRIPT = """#!/bin/bash
trap 'aws ssm get-parameter --name /benchfleet-local/places >/dev/null && shutdown -h now; exit' TERM
setsid sleep 601 &
echo "HOME $HOME pids $$ $! end"
while :; do sleep 0.1; done
"""


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


@pytest.mark.proof
@pytest.mark.parametrize("number", one_now(signal.SIGKILL, signal.SIGTERM))
def test_no_process_outlives_the_emulator(emulated: Running, number: signal.Signals) -> None:
    ssm, ec2 = emulated.client("ssm"), emulated.client("ec2")
    image = ssm.get_parameter(Name=f"{AMI}arm64")["Parameter"]["Value"]
    asked = {"ImageId": image, "InstanceType": "c8g.medium", "MinCount": 1, "MaxCount": 1, "UserData": SCRIPT}
    instance = ec2.run_instances(**asked)["Instances"][0]["InstanceId"]
    eventually(lambda: " end" in ec2.get_console_output(InstanceId=instance)["Output"])
    said = re.search(r"HOME (\S+) pids (\d+) (\d+)", ec2.get_console_output(InstanceId=instance)["Output"])
    assert said
    pids = [int(said[2]), int(said[3])]
    assert all(map(is_alive, pids))
    with httpx.Client(base_url=emulated.ready["aws_endpoint_url"], trust_env=False) as http:  # no such door
        key = {"Authorization": f"Bearer {emulated.ready['keys']['admin']}"}
        assert "AccessDenied" in http.put("/_machines/faults", json={}, headers=key).text
    ssm.close()
    ec2.close()
    began = time.monotonic()
    emulated.end(number)
    assert time.monotonic() - began < GRACE_S  # its script was answered while it ended
    eventually(lambda: not any(map(is_alive, pids)))
    if number is signal.SIGTERM:
        assert emulated.process.returncode == 0
        assert not Path(said[1]).exists()


def test_faults_are_made_with_the_admin_key_only(account: Account, emulator: Emulator) -> None:
    key = {"Authorization": f"Bearer {emulator.ready.keys.admin}"}
    with httpx.Client(base_url=emulator.ready.aws_endpoint_url, trust_env=False) as http:
        assert http.put("/_machines/faults", json={"never_boot": 1}).status_code == 403
        assert account.machines.faults.boots()
        assert http.put("/_machines/faults", json={"never_boot": 1}, headers=key).status_code == 200
        assert not account.machines.faults.boots()
        assert http.put("/_machines/faults", json={"never_bot": 1}, headers=key).status_code == 400
        assert http.post("/_machines/interrupt/i-0", headers=key).status_code == 404
        assert http.get("/_machines/faults", headers=key).status_code == 404


def test_machines_are_asked_on_loopback_with_their_own_secret(account: Account) -> None:
    script = "#!/bin/bash\ngrep -o 'http://[^/]*/' $HOME/bin/shutdown\n"
    instance = account.start(script)["InstanceId"]
    (url,) = re.findall(r"http://\S+/", account.said(instance, "finished"))
    assert url.startswith("http://127.0.0.1:")
    with httpx.Client(trust_env=False) as http:
        assert http.get(f"{url}guessed/latest/meta-data/instance-id").status_code == 404
        assert http.post(f"{url}guessed/machine/shutdown", json={"arguments": ["now"]}).status_code == 404
    account.ec2.terminate_instances(InstanceIds=[instance])
