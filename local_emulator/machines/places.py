"""What a deployment makes for machines, made in the emulated AWS, and the document that tells of it (`Places`)."""

import json
from dataclasses import dataclass
from typing import Any

from local_emulator.config import ACCOUNT
from local_emulator.machines import moto_side

ARCHITECTURES = {"x86_64": "X86_64", "arm64": "ARM64"}
DIGEST = "0" * 64  # of the image: there is no registry behind it
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
CPU, MEMORY = "1024", "2048"  # of a Fargate task, unless its launch says otherwise


@dataclass(frozen=True)
class Named:
    """`name` is the deployment's, `benchfleet-<stage>`."""

    name: str
    api_url: str
    regions: tuple[str, ...]

    @property
    def stage(self) -> str:
        return self.name.removeprefix("benchfleet-")

    @property
    def runner_key_parameter(self) -> str:
        return f"/{self.name}/runner-key"

    def image(self, region: str) -> str:
        return f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{self.name}/runner@sha256:{DIGEST}"


def make_places(named: Named) -> dict[str, Any]:
    """Under the endpoint's lock, in moto that has just been loaded."""
    profile = _profile(named)
    regions = {region: _place(named, region, profile) for region in named.regions}
    return {"api_url": named.api_url, "stage": named.stage, "regions": regions}


def _profile(named: Named) -> str:
    iam = moto_side.backend("iam", "")
    role = f"{named.name}-runner"
    iam.create_role(role, json.dumps(TRUST), "/", None, "", [], "3600")
    profile = iam.create_instance_profile(name=role, path="/", role_names=[role])
    return str(profile.arn)


def _place(named: Named, region: str, profile: str) -> dict[str, Any]:
    ec2, ecs = (moto_side.backend(service, region) for service in ("ec2", "ecs"))
    vpc = ec2.get_default_vpc()
    subnets = [subnet for zones in ec2.subnets.values() for subnet in zones.values() if subnet.vpc_id == vpc.id]
    cluster = ecs.create_cluster(named.name, capacity_providers=["FARGATE", "FARGATE_SPOT"])
    return {
        "subnets": [subnet.id for subnet in sorted(subnets, key=lambda each: each.availability_zone)],
        "security_group": ec2.get_default_security_group(vpc.id).id,
        "instance_profile_arn": profile,
        "cluster": cluster.arn,
        "task_definitions": {name: _definition(named, region, name) for name in ARCHITECTURES},
        "image": named.image(region),
        "runner_key_parameter": named.runner_key_parameter,
        "log_group": _log_group(named, region),
    }


def _definition(named: Named, region: str, architecture: str) -> str:
    key = f"arn:aws:ssm:{region}:{ACCOUNT}:parameter{named.runner_key_parameter}"
    container = {
        "name": "runner",
        "image": named.image(region),
        "essential": True,
        "secrets": [{"name": "BENCHFLEET_API_KEY", "valueFrom": key}],
        "memory": int(MEMORY),
    }
    made = moto_side.backend("ecs", region).register_task_definition(
        family=f"{named.name}-{architecture}",
        container_definitions=[container],
        network_mode="awsvpc",
        requires_compatibilities=["FARGATE"],
        cpu=CPU,
        memory=MEMORY,
        runtime_platform={"cpuArchitecture": ARCHITECTURES[architecture], "operatingSystemFamily": "LINUX"},
    )
    return str(made.arn)


def _log_group(named: Named, region: str) -> str:
    name = f"/{named.name}/machines"
    moto_side.backend("logs", region).create_log_group(name, {})
    return name
