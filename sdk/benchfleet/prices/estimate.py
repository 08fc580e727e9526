"""What the machines of a run will cost, before anything starts: at most, and probably.

    at most     machines * hours until the deadline * on-demand price: one machine after the other may have a place until then
    probably    machines * hours of work * price of the market, where a task is known to take at most `timeout_s`

Both count a machine with its disk and address, in the first of its regions; `max_cost` bounds both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from benchfleet_contract.provisioning import CloudProvision
from benchfleet_contract.runs import RunRequest
from benchfleet_results.prices.books import PriceBooks
from benchfleet_results.prices.machines import Hourly, hourly

HOUR_S = 3600
START_S = 180  # until a machine works: boot, Docker, image


@dataclass(frozen=True)
class Line:
    """The machines of one type. What is None is not known."""

    instance_type: str
    region: str
    market: str
    machines: int
    price: Hourly | None
    at_most: Decimal | None
    probably: Decimal | None


@dataclass(frozen=True)
class Estimate:
    """USD. `bound`: the run's `max_cost`."""

    lines: tuple[Line, ...]
    bound: Decimal | None

    @property
    def at_most(self) -> Decimal | None:
        """None where a price is not known and nothing else bounds it. Under `max_cost` such machines are not launched."""
        known = [line.at_most for line in self.lines if line.at_most is not None]
        if self.bound is None and len(known) < len(self.lines):
            return None
        total = sum(known, Decimal(0))
        return total if self.bound is None else min(total, self.bound)

    @property
    def probably(self) -> Decimal | None:
        known = [line.probably for line in self.lines if line.probably is not None]
        if len(known) < len(self.lines):
            return None
        total = sum(known, Decimal(0))
        return total if self.bound is None else min(total, self.bound)


def estimate(request: RunRequest, prices: PriceBooks, *, home: str) -> Estimate:
    """Of what the control plane brings; no lines where it brings nothing. `home`: its own region."""
    bound = None if request.max_cost is None else Decimal(str(request.max_cost))
    return Estimate(tuple(_lines(request, prices, home)), bound)


def _lines(request: RunRequest, prices: PriceBooks, home: str) -> Iterator[Line]:
    types = dict.fromkeys((it.provider, it.instance_type) for it in request.instances)
    for provider, name in types:
        if (means := request.provision.get(provider)) is None:
            continue
        region = means.regions[0] if means.regions else home
        tasks = request.tasks_per_instance * max(1, len(request.subjects)) * request.shards
        machines = min(request.instances_each, tasks)
        price = hourly(prices, region, name, market=means.market, disk_gb=means.disk_gb)
        dearest = hourly(prices, region, name, disk_gb=means.disk_gb)
        at_most = None if dearest is None else dearest.usd * machines * request.deadline_s / HOUR_S
        work_s = _work_s(request, means, tasks=tasks, machines=machines)
        probably = None if price is None or work_s is None else price.usd * machines * work_s / HOUR_S
        yield Line(name, region, means.market, machines, price, at_most, probably)


def _work_s(request: RunRequest, means: CloudProvision, *, tasks: int, machines: int) -> int | None:
    """Seconds that each machine works; None where nobody knows how long a task takes."""
    timeout_s = request.workload_options.get("timeout_s")
    if not isinstance(timeout_s, int | float) or isinstance(timeout_s, bool) or timeout_s <= 0:
        return None
    slots = means.slots if isinstance(means.slots, int) else 1
    turns = ceil(tasks / (machines * slots))
    return min(request.deadline_s, START_S + ceil(turns * timeout_s))


def words(found: Estimate) -> Iterator[str]:
    """The estimate in lines for people; none where there is nothing to say."""
    if not found.lines:
        return
    for line in found.lines:
        yield f"  {line.machines} x {line.instance_type}, {line.market}, {line.region}: {_price_words(line)}"
    at_most, probably = found.at_most, found.probably
    limit = f" (max_cost: {found.bound} USD)" if found.bound is not None else ""
    likely = "" if probably is None else f", probably not above {probably:.2f} USD, by the time-out of its tasks"
    if at_most is None:
        yield "The machines cost nobody knows how much: set max_cost, or run `benchfleet prices update`."
    else:
        yield f"The machines cost at most {at_most:.2f} USD until the deadline{limit}{likely}."


def _price_words(line: Line) -> str:
    if line.price is None:
        return "price unknown"
    told = line.price.machine
    bound = ", on demand, for want of a spot price" if line.price.bound else ""
    return f"{line.price.usd:.4f} USD/h each ({told.date}, {told.source}{bound})"
