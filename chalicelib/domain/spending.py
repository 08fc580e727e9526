"""What the machines of a run cost, and what they may cost. Amounts are USD, prices USD an hour.

cost of a machine = price * max(1 minute, time from its launch to its end) / 1 hour: clouds bill by the second, and a minute
at least (EC2: "Per Second Billing", aws.amazon.com/ec2/pricing/on-demand).

`max_cost` is kept by what a machine costs at most. The spot price moves by the hour, and without a limit of our own it may
rise to the price on demand (EC2 User Guide, "Spot Instance requests"): that one is counted for it.
"""

from collections.abc import Iterable
from decimal import Decimal

from chalicelib.domain.launch_records import Launch

HOUR_MS = 3_600_000
LEAST_MS = 60_000  # that is billed
FIRST_MS = 600_000  # a machine that would have to end before that is not worth its start
HORIZON_MS = 120_000  # until the bound is looked at again, and a machine that was told to end has ended


def cost_of(launch: Launch, *, now_ms: int) -> Decimal | None:
    """None: it never cost anything, or nobody knows."""
    return _cost(launch, launch.hourly, now_ms)


def _cost(launch: Launch, hourly: Decimal | None, now_ms: int) -> Decimal | None:
    if launch.launched_ms is None or hourly is None:
        return None
    until_ms = now_ms if launch.ended_ms is None else launch.ended_ms
    return hourly * max(LEAST_MS, until_ms - launch.launched_ms) / HOUR_MS


def spent_at_most(launches: Iterable[Launch], *, now_ms: int) -> Decimal:
    """As far as prices are known."""
    return sum((_cost(each, _at_most(each), now_ms) or Decimal(0) for each in launches), Decimal(0))


def committed(launches: Iterable[Launch], *, now_ms: int, ahead_ms: int) -> Decimal:
    """What may have been spent if every machine that there is, or may be, works on for so long."""
    known = list(launches)
    rate = sum((_at_most(each) or Decimal(0) for each in known if _costs(each)), Decimal(0))
    return spent_at_most(known, now_ms=now_ms) + rate * ahead_ms / HOUR_MS


def hourly_rate(launches: Iterable[Launch]) -> Decimal:
    """What the machines that there are, or may be, cost an hour together, as far as prices are known."""
    return sum((each.hourly or Decimal(0) for each in launches if _costs(each)), Decimal(0))


def _at_most(launch: Launch) -> Decimal | None:
    """A launch of an older version knows one price only."""
    return launch.hourly if launch.hourly_at_most is None else launch.hourly_at_most


def _costs(launch: Launch) -> bool:
    return launch.state in ("starting", "running", "ending") or launch.aimed


def fits(max_cost: Decimal, hourly: Decimal, launches: Iterable[Launch], *, now_ms: int) -> bool:
    """Is there money for the first minutes of one more machine, beside those that there are?"""
    return committed(launches, now_ms=now_ms, ahead_ms=FIRST_MS) + hourly * FIRST_MS / HOUR_MS <= max_cost


def is_over(max_cost: Decimal, launches: Iterable[Launch], *, now_ms: int) -> bool:
    """Would the bound be passed before it is looked at again?"""
    return committed(launches, now_ms=now_ms, ahead_ms=HORIZON_MS) > max_cost


def affordable_ms(max_cost: Decimal, hourly: Decimal, launches: Iterable[Launch], *, now_ms: int) -> int:
    """How long one more machine could work, alone, for what is left."""
    left = max_cost - spent_at_most(launches, now_ms=now_ms)
    return int(left * HOUR_MS / hourly) if hourly > 0 else HOUR_MS * 24 * 365
