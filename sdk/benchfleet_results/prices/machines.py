"""What an hour of a machine costs: the machine, its disk, and its public address.

    EC2      price of the type + disk_gb * price of gp3 for a GB-month / 730 h + price of a public IPv4 address
    Fargate  vCPU * price of a vCPU-hour + GB * price of a GB-hour + (disk_gb - 20) * price of storage + address

(aws.amazon.com/ec2/pricing, /ebs/pricing, /fargate/pricing, /vpc/pricing; AWS counts 730 hours a month.)
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from benchfleet_results.prices.books import Market, PriceBooks, Quote

HOURS_A_MONTH = 730
FARGATE_DISK_GB = 20  # that every task has
_FARGATE = re.compile(r"fargate-(?P<vcpus>\d{1,3}(?:\.\d{1,4})?)vcpu-(?P<gb>\d{1,4}(?:\.\d{1,4})?)gb(?P<arm>-arm64)?")


@dataclass(frozen=True)
class Hourly:
    """USD an hour. `machine` is the type's own price; `bound`: nobody knows the spot price, which is never above this one."""

    machine: Quote
    disk: Decimal
    address: Decimal
    bound: bool = False

    @property
    def usd(self) -> Decimal:
        return self.machine.usd + self.disk + self.address


def hourly(
    prices: PriceBooks, region: str, instance_type: str, *, market: str = "on-demand", disk_gb: int = 0
) -> Hourly | None:
    """None where the machine's price, or that of its disk or address there, is not known."""
    found, bound = machine_quote(prices, region, instance_type, market)
    disk = _disk(prices, region, instance_type, disk_gb)
    address = prices.find(region, "public-ipv4-hour", "parts")
    if found is None or disk is None or address is None:
        return None
    return Hourly(found, disk, address.usd, bound)


def machine_quote(prices: PriceBooks, region: str, instance_type: str, market: str) -> tuple[Quote | None, bool]:
    """The type's own price, and whether it is the one on demand because nobody knows that on the spot market.

    A spot instance without a price limit of its own pays the on-demand price at most (EC2 User Guide, "Spot Instance requests").
    """
    wanted: Market = "spot" if market == "spot" else "on-demand"
    found = prices.find(region, instance_type, wanted)
    if found is None and wanted == "spot":
        return _on_demand(prices, region, instance_type), True
    return found or _on_demand(prices, region, instance_type), False


def _on_demand(prices: PriceBooks, region: str, instance_type: str) -> Quote | None:
    size = _FARGATE.fullmatch(instance_type)
    if size is None:
        return prices.find(region, instance_type, "on-demand")
    kind = "fargate-arm64" if size["arm"] else "fargate-x86_64"
    vcpu, memory = (prices.find(region, f"{kind}-{unit}-hour", "parts") for unit in ("vcpu", "gb"))
    if vcpu is None or memory is None:
        return None
    usd = Decimal(size["vcpus"]) * vcpu.usd + Decimal(size["gb"]) * memory.usd
    return Quote(usd, vcpu.source, min(vcpu.date, memory.date))


def _disk(prices: PriceBooks, region: str, instance_type: str, disk_gb: int) -> Decimal | None:
    if instance_type.startswith("fargate-"):
        name, size, hours = "fargate-storage-gb-hour", max(0, disk_gb - FARGATE_DISK_GB), 1
    else:
        name, size, hours = "ebs-gp3-gb-month", disk_gb, HOURS_A_MONTH
    if size == 0:
        return Decimal(0)
    price = prices.find(region, name, "parts")
    return None if price is None else price.usd * size / hours
