"""What a `POST /runs` body says of the machines that the control plane itself is to bring."""

from typing import Literal

from benchfleet_contract.document import Document
from benchfleet_contract.launches import Market

Provisioner = Literal["aws-ec2", "aws-ecs"]
Slots = int | Literal["core", "vcpu"]
LaunchOrder = Literal["as-listed", "cheapest-first"]

DEFAULT_PROVISIONERS: dict[str, Provisioner] = {"aws": "aws-ec2"}  # of a provider that names none
MAX_SLOTS = 1_024
MIN_DISK_GB, MAX_DISK_GB, DEFAULT_DISK_GB = 8, 16_384, 30
MIN_LIFETIME_S, MAX_LIFETIME_S = 300, 30 * 86_400
MAX_REGIONS = 20
MAX_INSTANCES = 1_000  # machines of one type


class CloudProvision(Document):
    """How the machines of one provider are brought.

    `regions` are tried in turn; none stands for the one that the control plane is in. `slots`: containers of a machine,
    a number or one for each physical core or vCPU. `image`: of the runner, None for that of the deployment.
    `max_lifetime_s`: a machine ends by itself then; None stands for the run's deadline. `order`: which types come first.
    """

    provisioner: Provisioner
    regions: list[str] = []
    market: Market = "on-demand"
    slots: Slots = 1
    image: str | None = None
    disk_gb: int = DEFAULT_DISK_GB
    max_lifetime_s: int | None = None
    order: LaunchOrder = "as-listed"
