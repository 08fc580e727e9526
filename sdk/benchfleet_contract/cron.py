"""Cron expressions of EventBridge: six fields, read into the days and times that they mean. Pure.

Field: values, wildcards (AWS, "Cron expressions reference" of the EventBridge user guide, and "Schedule types" of that of
EventBridge Scheduler): minutes 0-59 `, - * /` · hours 0-23 `, - * /` · day-of-month 1-31 `, - * ? / L W` · month 1-12 or
JAN-DEC `, - * /` · day-of-week 1-7 or SUN-SAT (1 is Sunday) `, - * ? L #` · year 1970-2199 `, - * /`.

Where AWS says nothing we take the rules of Quartz, whose syntax this is: a range may wrap around (`20-2`, `FRI-MON`), but not of
years; `L`, `LW`, `W` and `#` stand alone in their field; a month that lacks the day of a `W` is left out.
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

_MONTH_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True)
class Field:
    """What a field of an expression may hold. `wraps`: may a range go over the end?"""

    name: str
    low: int
    high: int
    wildcards: str
    names: dict[str, int] | None = None
    wraps: bool = True


MINUTES = Field("minutes", 0, 59, ",-*/")
HOURS = Field("hours", 0, 23, ",-*/")
DAY_OF_MONTH = Field("day-of-month", 1, 31, ",-*?/LW")
MONTH = Field("month", 1, 12, ",-*/", MONTHS)
DAY_OF_WEEK = Field("day-of-week", 1, 7, ",-*?L#", DAYS)
YEAR = Field("year", 1970, 2199, ",-*/", wraps=False)
FIELDS = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR)


@dataclass(frozen=True)
class MonthDay:
    """`days`, or the last day of the month; with `weekday`, the day from Monday to Friday nearest to it, in the same month."""

    days: frozenset[int] = frozenset()
    last: bool = False
    weekday: bool = False

    def fits(self, day: date) -> bool:
        length = calendar.monthrange(day.year, day.month)[1]
        meant = {length} if self.last else self.days
        return day.day in ({_weekday(day, each, length) for each in meant if each <= length} if self.weekday else meant)


@dataclass(frozen=True)
class WeekDay:
    """`days` by AWS's numbers; `nth` of the month, 0 for the last one, None for all."""

    days: frozenset[int]
    nth: int | None = None

    def fits(self, day: date) -> bool:
        if day.isoweekday() % 7 + 1 not in self.days:
            return False
        if self.nth == 0:
            return day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return self.nth is None or (day.day - 1) // 7 + 1 == self.nth


@dataclass(frozen=True)
class Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_day: MonthDay | None
    months: frozenset[int]
    week_day: WeekDay | None
    years: tuple[int, ...]

    def fits(self, day: date) -> bool:
        """Is it one of the days of a month? `months` and `years` are not looked at."""
        rule = self.month_day or self.week_day
        return rule is None or rule.fits(day)


def read_cron(inner: str) -> Cron:
    """Reads what stands between the brackets of `cron(…)`. Raises ValueError, which names field, value and remedy."""
    fields = inner.split()
    if len(fields) != len(FIELDS):
        names = " ".join(field.name for field in FIELDS)
        raise ValueError(f"a cron expression has six fields ({names}), this has {len(fields)}")
    for field, text in zip(FIELDS, fields, strict=True):
        _check_wildcards(field, text)
    minutes, hours, of_month, month, of_week, year = (text.upper() for text in fields)
    if [of_month, of_week].count("?") != 1:
        raise ValueError("exactly one of day-of-month and day-of-week must be ?, the other one says the days")
    return Cron(
        tuple(_values(MINUTES, minutes)), tuple(_values(HOURS, hours)), None if of_month == "?" else _month_day(of_month),
        frozenset(_values(MONTH, month)), None if of_week == "?" else _week_day(of_week), tuple(_values(YEAR, year)),
    )  # fmt: skip


def _check_wildcards(field: Field, text: str) -> None:
    left = text.upper()
    for name in sorted(field.names or ()):
        left = left.replace(name, "")
    if wrong := sorted({char for char in left if not char.isdigit() and char not in field.wildcards}):
        raise ValueError(f"{field.name} cannot be {text}: {' '.join(wrong)} means nothing there")


def _month_day(text: str) -> MonthDay:
    if text in ("L", "LW"):
        return MonthDay(last=True, weekday=text == "LW")
    if text.endswith("W") and _NUMBER.fullmatch(text[:-1]):
        return MonthDay(frozenset(_values(DAY_OF_MONTH, text[:-1])), weekday=True)
    if set(text) & {"L", "W", "?"}:
        raise ValueError(f"day-of-month cannot be {text}: L, LW, a day and W (15W), and ? stand alone")
    return MonthDay(frozenset(_values(DAY_OF_MONTH, text)))


def _week_day(text: str) -> WeekDay:
    if text == "L":
        return WeekDay(frozenset({DAYS["SAT"]}))
    if match := re.fullmatch(r"([1-7]|[A-Z]{3})(?:L|#([1-5]))", text):
        return WeekDay(frozenset(_values(DAY_OF_WEEK, match[1])), int(match[2] or 0))
    if "#" in text or "?" in text or "L" in text:
        words = "L, a day and L (6L), a day and its number in the month (3#2, from 1 to 5), and ? stand alone"
        raise ValueError(f"day-of-week cannot be {text}: {words}")
    return WeekDay(frozenset(_values(DAY_OF_WEEK, text)))


def _values(field: Field, text: str) -> list[int]:
    """The values that a field allows, ascending."""
    return sorted({value for part in text.split(",") for value in _part(field, part)})


def _part(field: Field, part: str) -> Iterable[int]:
    span, slash, step = part.partition("/")
    every = _step(field, part, step) if slash else 1
    if span == "*":
        return range(field.low, field.high + 1, every)
    start, dash, end = span.partition("-")
    first = _value(field, start, part)
    if not dash:
        return range(first, field.high + 1, every) if slash else (first,)
    last = _value(field, end, part)
    if last >= first:
        return range(first, last + 1, every)
    if not field.wraps:
        raise ValueError(f"{field.name} cannot be {part}: the range ends before it begins")
    width = field.high - field.low + 1
    return [(value - field.low) % width + field.low for value in range(first, last + width + 1, every)]


def _value(field: Field, text: str, part: str) -> int:
    value = (field.names or {}).get(text)
    if value is None and _NUMBER.fullmatch(text):
        value = int(text)
    if value is None or not field.low <= value <= field.high:
        names = f", or {next(iter(field.names))} to {[*field.names][-1]}" if field.names else ""
        raise ValueError(f"{field.name} cannot be {part}: values are {field.low} to {field.high}{names}")
    return value


def _step(field: Field, part: str, text: str) -> int:
    if not _NUMBER.fullmatch(text) or not 1 <= int(text) <= field.high:
        raise ValueError(f"{field.name} cannot be {part}: the step behind / is a whole number from 1 to {field.high}")
    return int(text)


def _weekday(day: date, number: int, length: int) -> int:
    """The number of the day from Monday to Friday nearest to `number`, without leaving the month."""
    match day.replace(day=number).isoweekday():
        case 6:
            return number - 1 if number > 1 else 3
        case 7:
            return number + 1 if number < length else length - 2
    return number
