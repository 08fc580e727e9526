"""What a real cloud refuses or breaks now and then, on demand: for tests of whoever uses EC2 and ECS.

Nothing here is ever set by itself. Docs: docs/emulator.md, "Faults on demand".
"""

from copy import deepcopy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from threading import Lock
from typing import Literal

Market = Literal["on-demand", "spot"]
STRICT = {"extra": "forbid"}  # for pydantic, where a plan comes as JSON; it is not loaded before


@dataclass
class Capacity:
    """`left` more machines of these types can be had in these zones. Both are patterns as of a shell; for Fargate the
    type is `fargate`. `market` None: of either."""

    __pydantic_config__ = STRICT

    instance_type: str = "*"
    zone: str = "*"
    market: Market | None = None
    left: int = 0


@dataclass
class FaultPlan:
    """`vcpus`: the quota of running vCPUs by market. `unpullable`: patterns of images that no registry has.

    `never_boot`: so many of the next instances are "running" and execute nothing; of tasks, they stay "PENDING".
    """

    __pydantic_config__ = STRICT

    capacity: list[Capacity] = field(default_factory=list)
    vcpus: dict[Market, int] = field(default_factory=dict)
    unpullable: list[str] = field(default_factory=list)
    never_boot: int = 0


class Faults:
    """The plan that holds now. `set` replaces it as a whole; what is used up is counted down in it."""

    def __init__(self, plan: FaultPlan | None = None) -> None:
        self._lock = Lock()
        self._plan = deepcopy(plan or FaultPlan())

    def set(self, plan: FaultPlan) -> None:
        with self._lock:
            self._plan = deepcopy(plan)

    def take(self, instance_type: str, *, zone: str, market: Market, count: int = 1) -> bool:
        """Whether there is room for so many machines, which is then taken."""
        with self._lock:
            rules = [rule for rule in self._plan.capacity if _meant(rule, instance_type, zone, market)]
            if any(rule.left < count for rule in rules):
                return False
            for rule in rules:
                rule.left -= count
        return True

    def quota(self, market: Market) -> int | None:
        """vCPUs that may run at once; None is without a limit."""
        return self._plan.vcpus.get(market)

    def pullable(self, image: str) -> bool:
        return not any(fnmatchcase(image, pattern) for pattern in self._plan.unpullable)

    def boots(self) -> bool:
        """Whether the next instance boots; one that does not is counted."""
        with self._lock:
            if not self._plan.never_boot:
                return True
            self._plan.never_boot -= 1
        return False


def _meant(rule: Capacity, instance_type: str, zone: str, market: Market) -> bool:
    return (
        fnmatchcase(instance_type, rule.instance_type)
        and fnmatchcase(zone, rule.zone)
        and rule.market in (None, market)
    )
