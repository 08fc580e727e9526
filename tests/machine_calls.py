"""Calls of EC2 and ECS as whoever starts machines makes them, on an emulator of this process."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3

from local_emulator.stack import Emulator

AMI = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
WITHIN_S, LONGEST_PAUSE_S = 30.0, 0.3


class Account:
    """boto3 clients of an emulator, and its place for machines."""

    def __init__(self, emulator: Emulator) -> None:
        self._ready = emulator.ready
        self._made: dict[str, Any] = {}
        self.machines = emulator.machines
        self.ec2, self.ecs, self.ssm = (self.client(service) for service in ("ec2", "ecs", "ssm"))
        self.place: Mapping[str, Any] = self.places["regions"]["us-east-1"]

    def client(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self._client(service)
        return self._made[service]

    def close(self) -> None:
        for client in self._made.values():
            client.close()

    def _client(self, service: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._ready.aws_endpoint_url,
            region_name=self._ready.region,
            aws_access_key_id=self._ready.aws_access_key_id,
            aws_secret_access_key=self._ready.aws_secret_access_key,
        )

    @property
    def places(self) -> Any:
        return json.loads(self.ssm.get_parameter(Name="/benchfleet-local/places")["Parameter"]["Value"])

    def ami(self, architecture: str = "arm64") -> str:
        return str(self.ssm.get_parameter(Name=AMI + architecture)["Parameter"]["Value"])

    def start(self, script: str = "", **changes: Any) -> dict[str, Any]:
        """One instance, as RunInstances shows it."""
        asked = {
            "ImageId": self.ami(),
            "InstanceType": "c8g.medium",
            "MinCount": 1,
            "MaxCount": 1,
            "UserData": script,
            "SubnetId": self.place["subnets"][0],
            "SecurityGroupIds": [self.place["security_group"]],
            "IamInstanceProfile": {"Arn": self.place["instance_profile_arn"]},
            "InstanceInitiatedShutdownBehavior": "terminate",
            "MetadataOptions": {"HttpTokens": "required", "InstanceMetadataTags": "enabled"},
        }
        (instance,) = self.ec2.run_instances(**{**asked, **changes})["Instances"]
        return dict(instance)

    def show(self, instance_id: str) -> dict[str, Any]:
        (reservation,) = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        return dict(reservation["Instances"][0])

    def state(self, instance_id: str) -> str:
        return str(self.show(instance_id)["State"]["Name"])

    def ended(self, instance_id: str, *, state: str = "terminated") -> dict[str, Any]:
        """As it is shown then."""
        eventually(lambda: self.state(instance_id) == state)
        return self.show(instance_id)

    def console(self, instance_id: str) -> str:
        return str(self.ec2.get_console_output(InstanceId=instance_id)["Output"])

    def said(self, instance_id: str, words: str) -> str:
        """The console, once the words stand there."""
        eventually(lambda: words in self.console(instance_id))
        return self.console(instance_id)

    def run_task(self, **changes: Any) -> dict[str, Any]:
        asked = {
            "cluster": self.place["cluster"],
            "taskDefinition": self.place["task_definitions"]["arm64"],
            "launchType": "FARGATE",
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": self.place["subnets"][:1],
                    "securityGroups": [self.place["security_group"]],
                    "assignPublicIp": "ENABLED",
                }
            },
        }
        return dict(self.ecs.run_task(**{**asked, **changes}))

    def task(self, arn: str) -> dict[str, Any]:
        (found,) = self.ecs.describe_tasks(cluster=self.place["cluster"], tasks=[arn])["tasks"]
        return dict(found)

    def stopped(self, arn: str) -> dict[str, Any]:
        eventually(lambda: self.task(arn)["lastStatus"] == "STOPPED")
        return self.task(arn)


def eventually(holds: Callable[[], bool], *, within_s: float = WITHIN_S) -> None:
    """Looks less and less often: a look at a machine takes 15 ms of CPU time."""
    until, pause_s = time.monotonic() + within_s, 0.05
    while not holds():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.3, LONGEST_PAUSE_S)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
