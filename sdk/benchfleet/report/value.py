"""Speed for money: who does most work per dollar, as the whole instance does it.

An instance that works on `n` tasks at a time does `n` times the work of one, as fast as each of them was measured beside
the others. So the same work costs time · price of an hour / n, and on a log scale all tasks of a group move by
log(price / n): what is compared, and how sure that is, follows from the same samples as the ranking.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from benchfleet_results.boards.model import Interval, Needed, Ranked, Relation
from benchfleet_results.boards.ranking import Ranking, needed_by
from benchfleet_results.boards.relations import NOTHING, standing
from benchfleet_results.boards.tasks import GroupKey
from benchfleet_results.boards.units import base

from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.model.money import Value
from benchfleet.report.prices import Kind, Price, PriceTable

_TIMES = frozenset({"s", "ms", "us", "µs", "ns", "min", "h"})
_HOUR_S, _MILLION = 3600.0, 1e6
Machine = tuple[str, str]  # provider and name: what has a price


def is_speed(*, unit: str | None, better: str, metric: str) -> bool:
    """Bytes for money would be no sensible ratio; times and rates are."""
    return metric == "time" or unit in _TIMES or (better == "higher" and bool(unit and unit.endswith(("/s", "per s"))))


def prices_of(groups: Sequence[GroupFacts], prices: PriceTable, kind: Kind) -> dict[Machine, Price | None]:
    """A machine that holds several instance types has no price, whichever of its subjects ran on which."""
    types: dict[Machine, set[str]] = defaultdict(set)
    for one in groups:
        types[one.provider, one.name] |= set(one.instance_types)
    return {key: prices.find(key[0], sorted(found), kind) for key, found in types.items()}


def values(
    ranking: Sequence[Ranked],
    scores: Ranking,
    groups: Sequence[GroupFacts],
    prices: PriceTable,
    *,
    unit: str | None,
) -> list[Value]:
    """For each kind of price that fits a group: best first, groups without such a price at the end.

    `scores` are the ranking's, on a log scale: larger is worse. `unit` is that of their means. Prices are exact.
    """
    slots = {GroupKey(one.provider, one.name, one.subject): one.slots_at_work for one in groups}
    found: list[Value] = []
    for kind in prices.kinds:
        priced = prices_of(groups, prices, kind)
        offers = [_Offer(row, priced.get(row.key[:2]), slots.get(row.key._replace(variant=None))) for row in ranking]
        if any(offer.price for offer in offers):
            found += _of_kind(kind, offers, scores, unit)
    return found


@dataclass(frozen=True)
class _Offer:
    """A group with its price. `at_work`: how many tasks an instance had at a time; None if that was not recorded."""

    row: Ranked
    price: Price | None
    at_work: float | None

    @property
    def per_slot(self) -> float | None:
        """US dollars for an hour of one slot."""
        return self.price.usd_per_hour / (self.at_work or 1.0) if self.price else None


def _of_kind(kind: Kind, offers: Sequence[_Offer], scores: Ranking, unit: str | None) -> Iterator[Value]:
    by_key = {offer.row.key: offer for offer in offers}
    costs = _costs(scores, {key: offer.per_slot for key, offer in by_key.items() if offer.per_slot})
    found = standing(costs.samples)
    first = next(iter(found.relations))
    for key, related in found.relations.items():
        needed = needed_by(key, first, related, costs)
        yield _value(kind, by_key[key], unit, related, place=found.places[key], needed=needed)
    yield from (_value(kind, offer, unit) for key, offer in by_key.items() if key not in costs.scores)


def _costs(scores: Ranking, prices: Mapping[GroupKey, float]) -> Ranking:
    """The same scores, moved by what an hour of a slot costs."""
    moved = {
        key: replace(scores.scores[key], sample=scores.scores[key].sample.shifted(math.log(price)))
        for key, price in prices.items()
    }
    return Ranking(moved, scores.over)


def _value(
    kind: Kind,
    offer: _Offer,
    unit: str | None,
    related: Relation = NOTHING,
    *,
    place: int | None = None,
    needed: Needed | None = None,
) -> Value:
    row, price = offer.row, offer.price
    share = 1 / related.ratio if related.ratio else None
    return Value(
        **row.key._asdict(),
        label=row.label,
        kind=kind,
        place=place,
        usd_per_hour=price.usd_per_hour if price else None,
        slots_at_work=offer.at_work,
        per_dollar=share,
        interval=None if share is None else _interval(row, share),
        usd_per_million=_per_million(row.geometric_mean, offer, unit),
        to_best=related,
        needed=needed,
        source=price.source if price else None,
        date=price.date if price else None,
    )


def _interval(row: Ranked, share: float) -> Interval | None:
    """Of the speed alone: a share of the best falls as the geometric mean rises, so the ends change places."""
    ends, centre = row.relative_interval, row.to_best.ratio
    return (share * centre / ends[1], share * centre / ends[0]) if ends and centre else None


def _per_million(mean: float | None, offer: _Offer, unit: str | None) -> float | None:
    """Of a time: a million runs of it. Of a rate: a million of what it counts."""
    if mean is None or unit is None or offer.per_slot is None:
        return None
    name, factor = base(unit)
    hours = mean * factor / _HOUR_S if name == "s" else 1 / (mean * factor) / _HOUR_S if name.endswith("/s") else None
    return None if hours is None else hours * offer.per_slot * _MILLION
