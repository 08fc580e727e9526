"""EventBridge Scheduler's `rate(…)`, `at(…)` and `cron(…)` in a time zone: are they right, and when do they fire? Pure.

By AWS ("Schedule types in EventBridge Scheduler"): a cron time that a change of clocks leaves out is skipped, and one that comes
twice fires once; a day of a rate has 24 hours whatever the clocks do; a rate's first firing is its start date. What AWS does
not say: of a time that comes twice, the first counts here.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from zoneinfo import ZoneInfo

from benchfleet_contract.cron import Cron, read_cron

UNITS_S = {"minute": 60, "hour": 3_600, "day": 86_400}
MAX_CHARS = 256
_RATE = re.compile(r"([1-9][0-9]{0,8}) (minute|hour|day)s?")
_AT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,50}(/[A-Za-z0-9_+-]{1,50}){0,2}")


@dataclass(frozen=True)
class Rate:
    every: timedelta


@dataclass(frozen=True)
class At:
    """A local time, without its zone."""

    local: datetime


Expression = Rate | At | Cron


def read_expression(text: str) -> Expression:
    """Raises ValueError, whose words name what is wrong and what would be right."""
    kind, bracket, rest = text.strip().partition("(")
    if not bracket or not rest.endswith(")") or kind not in ("rate", "at", "cron") or len(text) > MAX_CHARS:
        raise ValueError("an expression is rate(1 day), cron(0 3 * * ? *) or at(2027-01-31T03:00:00), and nothing else")
    inner = rest[:-1]
    if kind == "cron":
        return read_cron(inner)
    return _rate(inner) if kind == "rate" else _at(inner)


def read_zone(name: str) -> ZoneInfo:
    """A zone of the IANA database. Raises ValueError."""
    try:
        if _ZONE.fullmatch(name):
            return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # a ZoneInfoNotFoundError is a KeyError
        pass
    raise ValueError(f"{name[:60]} is no time zone: use a name of the IANA database, as UTC or Europe/Berlin")


def firings(
    expression: Expression,
    zone: tzinfo,
    *,
    after: datetime,
    anchor: datetime,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Iterator[datetime]:
    """When it fires strictly after `after`, rising, in UTC; not before `start`, not after `end`. A rate counts from `anchor`."""
    for moment in _unbounded(expression, zone, after=after, anchor=anchor):
        if end is not None and moment > end:
            return
        if start is None or moment >= start:
            yield moment


def next_firings(text: str, zone: str, *, after: datetime, anchor: datetime, most: int) -> list[datetime]:
    """Raises ValueError as the readers do."""
    return list(islice(firings(read_expression(text), read_zone(zone), after=after, anchor=anchor), most))


def exists(local: datetime, zone: tzinfo) -> datetime | None:
    """A local time in UTC, the first of two; None for one that a change of clocks leaves out."""
    moment = local.replace(tzinfo=zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == local else None


def _unbounded(expression: Expression, zone: tzinfo, *, after: datetime, anchor: datetime) -> Iterator[datetime]:
    match expression:
        case Rate(every):
            yield from _of_rate(every, after=after, anchor=anchor.astimezone(UTC))
        case At(local):
            moment = exists(local, zone)
            if moment and moment > after:
                yield moment
        case Cron():
            yield from _of_cron(expression, zone, after=after)


def _of_rate(every: timedelta, *, after: datetime, anchor: datetime) -> Iterator[datetime]:
    count = max(0, (after - anchor) // every + 1)
    while True:
        try:
            moment = anchor + count * every
        except OverflowError:  # the calendar ends with the year 9999
            return
        yield moment
        count += 1


def _of_cron(cron: Cron, zone: tzinfo, *, after: datetime) -> Iterator[datetime]:
    for day in _days(cron, first=after.astimezone(zone).date()):
        for hour in cron.hours:
            for minute in cron.minutes:
                moment = exists(datetime.combine(day, time(hour, minute)), zone)
                if moment and moment > after:
                    yield moment


def _days(cron: Cron, *, first: date) -> Iterator[date]:
    """The days that the expression means, rising; not before `first`."""
    for year in (year for year in cron.years if year >= first.year):
        for month in sorted(cron.months):
            for number in range(1, monthrange(year, month)[1] + 1):
                day = date(year, month, number)
                if day >= first and cron.fits(day):
                    yield day


def _rate(inner: str) -> Rate:
    match = _RATE.fullmatch(inner)
    if match is None:
        raise ValueError(
            f"rate cannot be {inner[:60]}: a whole number from 1 and minutes, hours or days, as rate(12 hours)"
        )
    try:
        return Rate(timedelta(seconds=int(match[1]) * UNITS_S[match[2]]))
    except OverflowError:
        raise ValueError(f"rate cannot be {inner}: at most 999,999,999 days") from None


def _at(inner: str) -> At:
    try:
        if _AT.fullmatch(inner):
            return At(datetime.fromisoformat(inner))
    except ValueError:
        pass
    raise ValueError(f"at cannot be {inner[:60]}: a local time without zone or fraction, as at(2027-01-31T03:00:00)")
