"""Speed for money: who does most work per dollar."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from benchfleet.report.model import GroupFacts, Interval, Ranked, Value
from benchfleet.report.prices import Price, PriceTable

_TIMES = frozenset({"s", "ms", "us", "µs", "ns", "min", "h"})


def is_speed(*, unit: str | None, better: str, metric: str) -> bool:
    """Bytes for money would be no sensible ratio; times and rates are."""
    return metric == "time" or unit in _TIMES or (better == "higher" and bool(unit and unit.endswith(("/s", "per s"))))


Machine = tuple[str, str]  # provider and name: what has a price


def prices_of(groups: Sequence[GroupFacts], prices: PriceTable) -> dict[Machine, Price | None]:
    """A machine that holds several instance types has no price, whichever of its subjects ran on which."""
    types: dict[Machine, set[str]] = defaultdict(set)
    for one in groups:
        types[one.provider, one.name] |= set(one.instance_types)
    return {key: prices.find(key[0], sorted(found)) for key, found in types.items()}


def values(ranking: Sequence[Ranked], prices: Mapping[Machine, Price | None]) -> list[Value]:
    """Best first, groups without a price at the end. Work per dollar = (1 / geometric mean time) / price of an hour.

    Prices are exact, so the interval is that of the geometric mean, divided by the same price and best.
    """
    found = [(_raw(row, prices.get(_machine(row))), row) for row in ranking]
    best = max((raw for raw, _ in found if raw is not None), default=0.0)
    order = sorted(found, key=lambda one: -(one[0] or 0.0))  # stable: by the ranking where there is no price
    return [_value(row, prices.get(_machine(row)), raw, best, place) for place, (raw, row) in enumerate(order, start=1)]


def _machine(row: Ranked) -> Machine:
    return row.provider, row.name


def _raw(row: Ranked, price: Price | None) -> float | None:
    return 1 / row.to_best.ratio / price.usd_per_hour if price and row.to_best.ratio else None


def _value(row: Ranked, price: Price | None, raw: float | None, best: float, place: int) -> Value:
    share = raw / best if raw is not None else None
    return Value(
        provider=row.provider,
        name=row.name,
        subject=row.subject,
        label=row.label,
        place=None if share is None else place,
        usd_per_hour=price.usd_per_hour if price else None,
        per_dollar=share,
        interval=None if share is None else _interval(row, share),
        source=price.source if price else None,
        date=price.date if price else None,
    )


def _interval(row: Ranked, share: float) -> Interval | None:
    """A share of the best falls as the geometric mean rises, so the ends change places."""
    ends, centre = row.relative_interval, row.to_best.ratio
    return (share * centre / ends[1], share * centre / ends[0]) if ends and centre else None
