"""Launches what is wanted: region by region, as long as there is room in the quota and money.

Killed at any line it loses nothing: the attempt is written before the cloud is asked, and asking again with its token gives
the same machine.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from chalicelib.domain.fleets import Means
from chalicelib.domain.launch_planning import Situation
from chalicelib.domain.launch_records import Launch, order_of
from chalicelib.domain.launch_tries import UNCLEAR, refused, region_of
from chalicelib.domain.launches import LaunchFailed, Machine
from chalicelib.domain.metering import Meter
from chalicelib.domain.ports import Launches
from chalicelib.domain.spending import affordable_ms, fits
from chalicelib.services.provisioning.clouds import Clouds
from chalicelib.services.provisioning.ledger import Ledger

MOST_AT_ONCE = 50  # in one look; a function has a minute
MARKED_MS = 86_400_000  # after its expiry a machine is looked for by its tags for so long
_NO_ROOM = "a larger max_cost, fewer instances, or cheaper types"
_NO_PRICE = "`benchfleet prices update --publish` tells it, or leave max_cost out"
_log = logging.getLogger(__name__)

Kind = tuple[str, str, str, str]  # provisioner, region, instance type, market


@dataclass(frozen=True)
class LaunchMachines:
    store: Launches
    clouds: Clouds
    meter: Meter = field(default_factory=Meter)

    def __call__(self, situation: Situation, ledger: Ledger) -> None:
        known: dict[Kind, LaunchFailed] = {}  # what this look was refused: the next of its kind need not ask
        for launch in self._due(situation)[:MOST_AT_ONCE]:
            current: Launch | None = launch
            while current and current.state == "wanted" and current.not_before_ms <= situation.now_ms:
                current = self._attempt(situation, current, ledger, known)

    def _due(self, situation: Situation) -> list[Launch]:
        due = [
            each for each in situation.launches
            if each.state == "wanted" and each.not_before_ms <= situation.now_ms and situation.pending(each.demand)
        ]  # fmt: skip
        return sorted(due, key=lambda each: self._rank(situation, each)) if situation.is_open else []

    def _rank(self, situation: Situation, launch: Launch) -> tuple[int, Decimal, int]:
        means = situation.fleet.means[launch.provider]
        position = list(situation.fleet.means).index(launch.provider)
        if means.order == "as-listed":
            return position, Decimal(0), launch.number
        return position, self._price(launch, means), launch.number

    def _price(self, launch: Launch, means: Means) -> Decimal:
        """What is not known comes last."""
        try:
            region = self.clouds.regions(means)[0]
        except LaunchFailed:
            return Decimal("Infinity")
        price = self.clouds.prices.find(region, launch.instance_type, launch.market, disk_gb=means.disk_gb)
        return Decimal("Infinity") if price is None else price.hourly

    def _attempt(
        self, situation: Situation, launch: Launch, ledger: Ledger, known: dict[Kind, LaunchFailed]
    ) -> Launch | None:
        """The launch after one attempt; None where somebody else is at it."""
        means, aimed = situation.fleet.means[launch.provider], launch
        regions: tuple[str, ...] = ("",)
        try:
            regions = self.clouds.regions(means)
            if not launch.aimed:
                aimed = self._aimed(situation, launch, region_of(launch.attempt + 1, regions), ledger)
                _raise_known(known, aimed)
                self.clouds.provider(aimed.provisioner, aimed.region or "")
                self.store.mark(aimed.provisioner, aimed.region or "", until_ms=(aimed.expires_ms or 0) + MARKED_MS)
                if not ledger.change(launch, aimed):
                    return None
            machine = self._launch(situation, aimed, means)
        except LaunchFailed as error:
            return self._refused(situation, launch, aimed, error, regions, ledger, known)
        return self._launched(situation, aimed, machine, ledger)

    def _aimed(self, situation: Situation, launch: Launch, region: str, ledger: Ledger) -> Launch:
        """Raises LaunchFailed where there is no money for it."""
        means, now_ms = situation.fleet.means[launch.provider], situation.now_ms
        until_ms = min(situation.run.deadline_ms, now_ms + (means.max_lifetime_s or 10**9) * 1000)
        price = self.clouds.prices.find(region, launch.instance_type, launch.market, disk_gb=means.disk_gb)
        max_cost = situation.fleet.max_cost
        if max_cost is not None:
            hourly = price.at_most if price else None
            if hourly is None:
                words = f"nobody knows what {launch.instance_type} costs in {region} on demand"
                raise LaunchFailed("cost", words, _NO_PRICE)
            if not fits(max_cost, hourly, ledger.launches, now_ms=now_ms):
                most = "up to " * (launch.market == "spot")
                words = (
                    f"another {launch.instance_type} at {most}{hourly} USD an hour could pass max_cost, {max_cost} USD"
                )
                raise LaunchFailed("cost", words, _NO_ROOM)
            until_ms = min(until_ms, now_ms + affordable_ms(max_cost, hourly, ledger.launches, now_ms=now_ms))
        return launch.aim(region=region, expires_ms=until_ms, price=price)

    def _launch(self, situation: Situation, aimed: Launch, means: Means) -> Machine:
        provider = self.clouds.provider(aimed.provisioner, aimed.region or "")
        return provider.launch(order_of(situation.run, aimed, means, stage=self.clouds.stage))

    def _refused(
        self, situation: Situation, launch: Launch, aimed: Launch, error: LaunchFailed, regions: Iterable[str],
        ledger: Ledger, known: dict[Kind, LaunchFailed],
    ) -> Launch | None:  # fmt: skip
        self.meter.add("LaunchFailures", code=error.code)
        others = any(each.state in ("starting", "running", "ending") for each in ledger.launches)
        after = refused(aimed, error, tuple(regions), now_ms=situation.now_ms, others=others)
        if aimed.region and error.code not in (*UNCLEAR, "cost"):
            known[_kind(aimed)] = error
        if after.state == "failed":
            _log.warning("launch %s of run %s failed: %s: %s", launch.name, launch.run_id, error.code, error.words)
        was_written = any(each is aimed for each in ledger.launches)
        return after if ledger.change(aimed if was_written else launch, after) else None

    def _launched(self, situation: Situation, aimed: Launch, machine: Machine, ledger: Ledger) -> Launch | None:
        after = aimed.launched(machine, now_ms=situation.now_ms)
        if ledger.change(aimed, after):
            self.meter.add("Launches")
            return after
        current = self.store.get(aimed.run_id, aimed.name)
        if current is None or not _is_its(current, aimed, machine):
            self.clouds.anywhere(aimed.provisioner).terminate(machine.region, [machine.resource_id])
        return None


def _is_its(current: Launch, aimed: Launch, machine: Machine) -> bool:
    """Is the machine known to the launch, or about to be, since another asks with the same token?"""
    asks_too = current.state == "wanted" and current.aimed and current.attempt == aimed.attempt
    return asks_too or current.resource_id == machine.resource_id


def _kind(launch: Launch) -> Kind:
    return launch.provisioner, launch.region or "", launch.instance_type, launch.market


def _raise_known(known: dict[Kind, LaunchFailed], aimed: Launch) -> None:
    if (error := known.get(_kind(aimed))) is not None:
        raise error
