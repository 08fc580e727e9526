"""The machines that a run asks for, as it was asked: how each provider's are brought, how many, for how much."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # records name a fleet, and a start needs none of these models
    from benchfleet_contract.launches import Market
    from benchfleet_contract.provisioning import LaunchOrder, Slots
    from benchfleet_contract.runs import RunRequest


@dataclass(frozen=True)
class Means:
    """How the machines of one provider are brought: `benchfleet_contract.provisioning.CloudProvision`, as it is kept."""

    provisioner: str
    regions: tuple[str, ...] = ()
    market: "Market" = "on-demand"
    slots: "Slots" = 1
    image: str | None = None
    disk_gb: int = 30
    max_lifetime_s: int | None = None
    order: "LaunchOrder" = "as-listed"


@dataclass(frozen=True)
class Fleet:
    """`means` by provider; `each`: machines of each instance type. `max_cost`: USD for all of them together."""

    means: Mapping[str, Means]
    each: int = 1
    max_cost: Decimal | None = None


def fleet_of(request: "RunRequest") -> Fleet | None:
    """None where the request asks for no machines."""
    if not request.provision:
        return None
    means = {
        provider: Means(**(asked.model_dump() | {"regions": tuple(asked.regions)}))
        for provider, asked in request.provision.items()
    }
    cost = None if request.max_cost is None else Decimal(str(request.max_cost))
    return Fleet(means, request.instances_each, cost)


def fleet_text(fleet: Fleet) -> str:
    """As JSON: the table holds no fractions."""
    means = {provider: asdict(each) for provider, each in fleet.means.items()}
    cost = None if fleet.max_cost is None else str(fleet.max_cost)
    return json.dumps({"means": means, "each": fleet.each, "max_cost": cost})


def fleet_of_text(text: str) -> Fleet:
    kept = json.loads(text)
    means = {
        provider: Means(**(each | {"regions": tuple(each["regions"])})) for provider, each in kept["means"].items()
    }
    return Fleet(means, kept["each"], None if kept["max_cost"] is None else Decimal(kept["max_cost"]))
