"""Places of a deployment that is nowhere."""

from benchfleet_contract.places import Place, Places

REGION = "eu-north-1"
SUBNETS = [f"subnet-{REGION}{letter}" for letter in "abc"]


def some_places() -> Places:
    place = Place(
        subnets=SUBNETS,
        security_group="sg-1",
        instance_profile_arn="arn:aws:iam::123456789012:instance-profile/benchfleet-dev",
        cluster="benchfleet-dev",
        task_definitions={
            "x86_64": "arn:aws:ecs:x:task-definition/x86:1",
            "arm64": "arn:aws:ecs:x:task-definition/arm:1",
        },
        image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/benchfleet-dev@sha256:" + "0" * 64,
        runner_key_parameter="/benchfleet-dev/runner-key",
        log_group="/benchfleet-dev/machines",
    )
    return Places(api_url="https://api.example/api", stage="dev", regions={REGION: place})
