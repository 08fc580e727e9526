"""What the machines of a run will cost, before anything starts: at most, and probably.

    at most     machines * hours until the deadline * on-demand price: one machine after the other may have a place until then
    probably    machines * hours of work * price of the market, where it is known how long a task takes: as the mean of earlier
                runs of the same work, else at most `timeout_s`

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

from benchfleet.prices.durations import Durations, Known

HOUR_S = 3600
_UNKNOWN = "What they will probably cost is not known: no earlier run of the same work is known, and its tasks have no time-out."
START_S = 180  # until a machine works: boot, Docker, image


@dataclass(frozen=True)
class Line:
    """The machines of one type. What is None is not known. `basis` is what `probably` goes by; None: the tasks' time-out."""

    instance_type: str
    region: str
    market: str
    machines: int
    price: Hourly | None
    at_most: Decimal | None
    probably: Decimal | None
    basis: Known | None = None


@dataclass(frozen=True)
class Estimate:
    """USD. `bound`: the run's `max_cost`. `durations`: what is known of earlier runs."""

    lines: tuple[Line, ...]
    bound: Decimal | None
    durations: Durations | None = None

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


def estimate(request: RunRequest, prices: PriceBooks, *, home: str, durations: Durations | None = None) -> Estimate:
    """Of what the control plane brings; no lines where it brings nothing. `home`: its own region."""
    bound = None if request.max_cost is None else Decimal(str(request.max_cost))
    return Estimate(tuple(_lines(request, prices, home, durations)), bound, durations)


def _lines(request: RunRequest, prices: PriceBooks, home: str, durations: Durations | None) -> Iterator[Line]:
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
        basis = durations.of(name) if durations else None
        work_s = _work_s(request, means, basis, tasks=tasks, machines=machines)
        probably = None if price is None or work_s is None else price.usd * machines * work_s / HOUR_S
        yield Line(name, region, means.market, machines, price, at_most, probably, basis)


def _work_s(
    request: RunRequest, means: CloudProvision, basis: Known | None, *, tasks: int, machines: int
) -> int | None:
    """Seconds that each machine works; None where nobody knows how long a task takes."""
    task_s = basis.mean_s if basis else _time_out_s(request)
    if task_s is None:
        return None
    slots = means.slots if isinstance(means.slots, int) else 1
    turns = ceil(tasks / (machines * slots))
    return min(request.deadline_s, START_S + ceil(turns * task_s))


def _time_out_s(request: RunRequest) -> float | None:
    """Of a whole task; that of the workload `command` is for each of its repeats."""
    options = request.workload_options
    found = options.get("timeout_s")
    if not isinstance(found, int | float) or isinstance(found, bool) or found <= 0:
        return None
    turns = options.get("warmup", 0) + options.get("repeats", 1) if request.workload == "command" else 1
    return float(found * turns)


def words(found: Estimate) -> Iterator[str]:
    """The estimate in lines for people; none where there is nothing to say."""
    if not found.lines:
        return
    for line in found.lines:
        yield f"  {line.machines} x {line.instance_type}, {line.market}, {line.region}: {_price_words(line)}"
    at_most, probably = found.at_most, found.probably
    limit = f" (max_cost: {found.bound} USD)" if found.bound is not None else ""
    likely = "" if probably is None else f", {_likely(found, probably)}"
    if at_most is None:
        yield "The machines cost nobody knows how much: set max_cost, or run `benchfleet prices update`."
    else:
        yield f"The machines cost at most {at_most:.2f} USD until the deadline{limit}{likely}."
    if at_most is not None and any(line.probably is None and line.price for line in found.lines):
        yield _UNKNOWN


def _likely(found: Estimate, probably: Decimal) -> str:
    """With what it goes by."""
    known = [line.basis for line in found.lines if line.basis]
    if found.durations is None or len(known) < len(found.lines):
        return f"probably not above {probably:.2f} USD, by the time-out of its tasks"
    runs = ", ".join(found.durations.runs)
    others = "" if all(each.same_type for each in known) else " on other machines"
    count = max(each.tasks for each in known)
    tasks = f"{count} task{'s' if count > 1 else ''}"
    return f"probably about {probably:.2f} USD, as {tasks} of run {runs} took{others} ({found.durations.where})"


def _price_words(line: Line) -> str:
    if line.price is None:
        return "price unknown"
    told = line.price.machine
    bound = ", on demand, for want of a spot price" if line.price.bound else ""
    return f"{line.price.usd:.4f} USD/h each ({told.date}, {told.source}{bound})"
