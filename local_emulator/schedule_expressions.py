"""EventBridge's `rate(…)`, `at(…)` and `cron(…)`: when does one fire next. Pure.

Cron fields: minute hour day-of-month month day-of-week year, with `*`, `?`, `,`, `-`, `/`, names, `L` and `#`;
`W` (nearest weekday) is not understood.
"""

import calendar
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

UNITS_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}  # seconds are ours, for tests
MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
SEARCH_DAYS = 366 * 8 + 2  # 29 February can be eight years away


def next_time(expression: str, *, after: datetime, anchor: datetime, zone: tzinfo = UTC) -> datetime | None:
    """The first firing strictly after `after`; None if there is none. A rate counts from `anchor`.

    Raises ValueError for an expression that is not understood.
    """
    kind, _, rest = expression.strip().partition("(")
    inner = rest.removesuffix(")").strip()
    if kind == "rate":
        return _next_of_rate(inner, after=after, anchor=anchor)
    if kind == "at":
        at = datetime.fromisoformat(inner).replace(tzinfo=zone)
        return at if at > after else None
    if kind == "cron":
        return _next_of_cron(inner.split(), after=after.astimezone(zone))
    raise ValueError(f"not a rate, at or cron expression: {expression}")


def _next_of_rate(inner: str, *, after: datetime, anchor: datetime) -> datetime:
    match = re.fullmatch(r"([1-9][0-9]*) (second|minute|hour|day)s?", inner.lower())
    if match is None:
        raise ValueError(f"not a rate: {inner}")
    every = timedelta(seconds=int(match[1]) * UNITS_S[match[2]])
    return anchor + (max(0, (after - anchor) // every) + 1) * every


def _next_of_cron(fields: list[str], *, after: datetime) -> datetime | None:
    if len(fields) != 6:
        raise ValueError(f"a cron expression has six fields, this has {len(fields)}")
    minutes, hours = _numbers(fields[0], 0, 59), _numbers(fields[1], 0, 23)
    for offset in range(SEARCH_DAYS):
        day = after.date() + timedelta(days=offset)
        if not _day_fits(day, fields):
            continue
        for hour in hours:
            for minute in minutes:
                moment = datetime.combine(day, time(hour, minute), tzinfo=after.tzinfo)
                if moment > after:
                    return moment
    return None


def _day_fits(day: date, fields: list[str]) -> bool:
    _, _, of_month, month, of_week, year = fields
    return (
        day.year in _numbers(year, 1970, 2199)
        and day.month in _numbers(month, 1, 12, names=MONTHS)
        and _fits_month(day, of_month)
        and _fits_week(day, of_week)
    )


def _fits_month(day: date, field: str) -> bool:
    if field == "L":
        return day.day == calendar.monthrange(day.year, day.month)[1]
    return day.day in _numbers(field, 1, 31)


def _fits_week(day: date, field: str) -> bool:
    number = day.isoweekday() % 7 + 1  # 1 is Sunday
    if "#" in field:
        weekday, _, nth = field.partition("#")
        return number in _numbers(weekday, 1, 7, names=DAYS) and (day.day - 1) // 7 + 1 == int(nth)
    if field.endswith("L"):
        weekday = field[:-1] or "SAT"
        last = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return number in _numbers(weekday, 1, 7, names=DAYS) and (last or field == "L")
    return number in _numbers(field, 1, 7, names=DAYS)


def _numbers(field: str, low: int, high: int, *, names: dict[str, int] | None = None) -> list[int]:
    """The values that a field allows, ascending. Raises ValueError."""
    found: set[int] = set()
    for part in field.upper().split(","):
        found.update(_part(part, low, high, names or {}))
    if not found or min(found) < low or max(found) > high:
        raise ValueError(f"{field} is not within {low} and {high}")
    return sorted(found)


def _part(part: str, low: int, high: int, names: dict[str, int]) -> Iterable[int]:
    span, slash, step = part.partition("/")
    if span in ("*", "?"):
        first, last = low, high
    else:
        start, dash, end = span.partition("-")
        first = names.get(start) or int(start)
        last = (names.get(end) or int(end)) if dash else (high if slash else first)
    return range(first, last + 1, int(step) if slash else 1)
