"""A cloud in this process: an implementation of `domain/launches.MachineProvider` with time and troubles moved by hand."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from benchfleet_contract.places import Place, Places

from chalicelib.domain.launches import LaunchFailed, Machine, Order, Price, Tagged, TypeFacts

GIB = 1024**3
TYPES = {
    "c8g.medium": TypeFacts(1, 1, 2 * GIB, "arm64"),
    "c8g.large": TypeFacts(2, 2, 4 * GIB, "arm64"),
    "c8i.large": TypeFacts(2, 1, 4 * GIB, "x86_64"),
}
REGIONS = ("eu-north-1", "eu-west-1")
ENDING_MS = 30_000  # how long a machine takes to end


def places_in(*regions: str) -> Places:
    """A deployment with a place in each of them."""
    place = Place(
        subnets=["subnet-1"], security_group="sg-1", instance_profile_arn="arn:profile", cluster="benchfleet-dev",
        task_definitions={"x86_64": "arn:x86", "arm64": "arn:arm"}, image="image@sha256:0",
        runner_key_parameter="/benchfleet-dev/runner-key", log_group="/benchfleet-dev/machines",
    )  # fmt: skip
    return Places(api_url="https://api", stage="dev", regions=dict.fromkeys(regions, place))


@dataclass
class HandPrices:
    """USD an hour by instance type, the same in every region; of spot machines `spot` is what is known."""

    known: dict[str, Decimal] = field(default_factory=dict)
    spot: dict[str, Decimal] = field(default_factory=dict)

    def find(self, region: str, instance_type: str, market: str, *, disk_gb: int) -> Price | None:
        on_demand = self.known.get(instance_type)
        found = self.spot.get(instance_type, on_demand) if market == "spot" else on_demand
        return None if found is None else Price(found, on_demand, "2027-01-01")


@dataclass
class Box:
    """A machine, and the order that it came of."""

    machine: Machine
    order: Order
    launched_ms: int
    gone_ms: int | None = None  # from then on it has ended


@dataclass
class MemoryCloud:
    """`quota`: machines at a time in a region. `full`: (region, type) without capacity. `trouble`: what every call raises."""

    clock: Callable[[], int]
    types: Mapping[str, TypeFacts] = field(default_factory=lambda: dict(TYPES))
    regions: tuple[str, ...] = REGIONS
    quota: dict[str, int] = field(default_factory=dict)
    full: set[tuple[str, str]] = field(default_factory=set)
    trouble: LaunchFailed | None = None
    boxes: dict[str, Box] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # (name, region, token) of each launch that was tried

    def launch(self, order: Order) -> Machine:
        self.asked.append((order.name, order.region, order.token))
        self._check()
        for box in self.boxes.values():
            if (box.order.token, box.order.region) == (order.token, order.region):
                return self._repeated(box, order)
        self._room_for(order)
        resource_id = f"i-{len(self.boxes) + 1:08x}"
        machine = Machine(resource_id, order.region, f"{order.region}a", "starting", None, order.market)
        self.boxes[resource_id] = Box(machine, order, self.clock())
        return machine

    def _repeated(self, box: Box, order: Order) -> Machine:
        if replace(box.order, expires_ms=0, tags={}) != replace(order, expires_ms=0, tags={}):
            raise LaunchFailed("invalid", "the token was used for another machine", "a token for each")
        return self._now(box)

    def _room_for(self, order: Order) -> None:
        if order.region not in self.regions or order.instance_type not in self.types:
            words = f"{order.region} has no {order.instance_type}"
            raise LaunchFailed("unsupported", words, "another type, or another region")
        if (order.region, order.instance_type) in self.full:
            raise LaunchFailed("capacity", f"no {order.instance_type} is free in {order.region}", "wait")
        if len(self.standing(order.region)) >= self.quota.get(order.region, 10**9):
            raise LaunchFailed("quota", f"no more machines in {order.region}", "ask for a higher quota")

    def describe(self, region: str, resource_ids: Sequence[str]) -> Mapping[str, Machine]:
        self._check()
        found = {each: self.boxes[each] for each in resource_ids if each in self.boxes}
        return {each: self._now(box) for each, box in found.items() if box.machine.region == region}

    def terminate(self, region: str, resource_ids: Sequence[str]) -> None:
        self._check()
        for each in resource_ids:
            box = self.boxes.get(each)
            if box and box.machine.region == region and self._now(box).state not in ("ending", "ended"):
                box.machine = replace(box.machine, state="ending", reason="Client.UserInitiatedShutdown")
                box.gone_ms = self.clock() + ENDING_MS

    def tagged(self, region: str) -> list[Tagged]:
        self._check()
        return [
            Tagged(box.machine.resource_id, region, box.order.run_id, box.order.name, box.order.expires_ms)
            for box in self.standing(region)
        ]

    def facts(self, region: str, instance_types: Sequence[str]) -> Mapping[str, TypeFacts]:
        self._check()
        return {each: self.types[each] for each in instance_types if region in self.regions and each in self.types}

    # what a cloud does by itself

    def boot(self) -> None:
        """What was starting runs."""
        for box in self.boxes.values():
            if box.machine.state == "starting":
                box.machine = replace(box.machine, state="running")

    def lose(self, resource_id: str, reason: str = "Server.SpotInstanceTermination") -> None:
        """It has ended, and nobody of us asked for it."""
        box = self.boxes[resource_id]
        box.machine, box.gone_ms = replace(box.machine, state="ending", reason=reason), self.clock()

    def expire(self) -> None:
        """Machines end themselves at the time that they were told when they were launched."""
        for resource_id, box in self.boxes.items():
            if box.order.expires_ms <= self.clock() and box.gone_ms is None:
                self.lose(resource_id, "Client.InstanceInitiatedShutdown")

    def standing(self, region: str | None = None) -> list[Box]:
        """What has not ended."""
        boxes = (box for box in self.boxes.values() if region in (None, box.machine.region))
        return [box for box in boxes if self._now(box).state != "ended"]

    def names(self) -> Iterator[str]:
        """Of what neither has ended nor is about to."""
        return (box.order.name for box in self.standing() if box.gone_ms is None)

    def _now(self, box: Box) -> Machine:
        is_gone = box.gone_ms is not None and box.gone_ms <= self.clock()
        return replace(box.machine, state="ended") if is_gone else box.machine

    def _check(self) -> None:
        if self.trouble:
            raise self.trouble
