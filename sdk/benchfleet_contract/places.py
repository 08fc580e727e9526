"""Where machines can be put: what a deployment made in each region, as one JSON document in the parameter store."""

from typing import Literal

from benchfleet_contract.document import Document

Architecture = Literal["x86_64", "arm64"]


class Place(Document):
    """One region. `image` is the runner's, by digest; `runner_key_parameter` names a SecureString; the rest are ids and ARNs."""

    subnets: list[str]
    security_group: str
    instance_profile_arn: str
    cluster: str
    task_definitions: dict[Architecture, str]
    image: str
    runner_key_parameter: str
    log_group: str


class Places(Document):
    """`api_url` is where runners find the control plane. The first of `regions` is the one that is used by default."""

    api_url: str
    stage: str
    regions: dict[str, Place]
