"""When rate, at and cron expressions fire, and which are refused.

AWS's own examples are from "Cron expressions reference" (EventBridge user guide) and "Schedule types in EventBridge Scheduler"
(EventBridge Scheduler user guide), read on 2026-11-29.
"""

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from benchfleet_contract.schedule_expressions import firings, next_firings, read_expression, read_zone
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case

NOON = datetime(2026, 2, 27, 12, 0, tzinfo=UTC)  # a Friday
BEGIN = datetime(2022, 1, 1, tzinfo=UTC)  # a Saturday


def told(expression: str, *, after: datetime = NOON, zone: str = "UTC", most: int = 1) -> list[str]:
    found = next_firings(expression, zone, after=after, anchor=after, most=most)
    return [moment.strftime("%Y-%m-%d %H:%M") for moment in found]


AWS_EXAMPLES = [  # expression, the first firings in 2022 (UTC)
    ("cron(0 10 * * ? *)", ["2022-01-01 10:00", "2022-01-02 10:00"]),  # 10:00 every day
    ("cron(15 12 * * ? *)", ["2022-01-01 12:15", "2022-01-02 12:15"]),  # 12:15 every day
    ("cron(0 18 ? * MON-FRI *)", ["2022-01-03 18:00", "2022-01-04 18:00"]),  # 18:00 from Monday to Friday
    ("cron(0 8 1 * ? *)", ["2022-01-01 08:00", "2022-02-01 08:00"]),  # 8:00 on every first day of a month
    ("cron(0/15 * * * ? *)", ["2022-01-01 00:15", "2022-01-01 00:30"]),  # every 15 minutes
    ("cron(0/10 * ? * MON-FRI *)", ["2022-01-03 00:00", "2022-01-03 00:10"]),  # every 10 minutes on weekdays
    ("cron(0/5 8-17 ? * MON-FRI *)", ["2022-01-03 08:00", "2022-01-03 08:05"]),  # every 5 minutes from 8:00 to 17:55
    ("cron(0/30 20-2 ? * MON-FRI *)", ["2022-01-03 00:00", "2022-01-03 00:30"]),  # each 30 minutes, over midnight
    ("cron(15 10 ? * 6L 2022-2023)", ["2022-01-28 10:15", "2022-02-25 10:15"]),  # last Friday of a month, two years
    ("cron(0 9 3W * ? *)", ["2022-01-03 09:00", "2022-02-03 09:00"]),  # the weekday nearest to the third
    ("cron(0 9 ? * 3#2 *)", ["2022-01-11 09:00", "2022-02-08 09:00"]),  # second Tuesday of a month
    ("cron(1/10 0 ? * * *)", ["2022-01-01 00:01", "2022-01-01 00:11"]),  # every tenth minute from the first on
    ("cron(0 0 1-15 JAN,FEB,MAR ? *)", ["2022-01-02 00:00", "2022-01-03 00:00"]),
    ("rate(5 minutes)", ["2022-01-01 00:05", "2022-01-01 00:10"]),
    ("rate(2 hours)", ["2022-01-01 02:00", "2022-01-01 04:00"]),
    ("rate(5 days)", ["2022-01-06 00:00", "2022-01-11 00:00"]),
    ("at(2022-11-20T13:00:00)", ["2022-11-20 13:00"]),
]


@each_case(("expression", "expected"), AWS_EXAMPLES)
def test_the_examples_of_aws(expression: str, expected: list[str]) -> None:
    assert told(expression, after=BEGIN, most=2) == expected


def test_every_30_minutes_over_midnight_ends_at_half_past_two() -> None:
    day = told("cron(0/30 20-2 ? * MON-FRI *)", after=BEGIN, most=14)
    hours = (0, 1, 2, 20, 21, 22, 23)
    assert [moment[11:] for moment in day] == [f"{hour:02}:{minute:02}" for hour in hours for minute in (0, 30)]


@each_case(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-02-27 12:01"),
        ("rate(90 minutes)", "2026-02-27 13:30"),
        ("at(2026-02-27T12:00:01)", "2026-02-27 12:00"),
        ("at(2026-02-27T12:00:00)", None),
        ("cron(*/15 * * * ? *)", "2026-02-27 12:15"),
        ("cron(5,55 12-13 ? * FRI *)", "2026-02-27 12:05"),
        ("cron(50-10/20 12 ? * FRI *)", "2026-02-27 12:10"),
        ("cron(0,30-40/5 12 ? * fri *)", "2026-02-27 12:30"),
        ("cron(0 9 ? * MON-WED *)", "2026-03-02 09:00"),
        ("cron(0 9 ? * FRI-MON *)", "2026-02-28 09:00"),
        ("cron(0 9 ? * 1 *)", "2026-03-01 09:00"),
        ("cron(0 9 ? * L *)", "2026-02-28 09:00"),
        ("cron(0 9 ? NOV-JAN 2 *)", "2026-11-02 09:00"),
        ("cron(0 9 L * ? *)", "2026-02-28 09:00"),
        ("cron(0 13 LW * ? *)", "2026-02-27 13:00"),  # the 28th is a Saturday
        ("cron(0 9 1W * ? *)", "2026-03-02 09:00"),  # the first is a Sunday
        ("cron(0 9 1W 8 ? *)", "2026-08-03 09:00"),  # a Saturday: not back into July
        ("cron(0 9 31W 5 ? *)", "2026-05-29 09:00"),  # a Sunday: not on into June
        ("cron(0 9 31W 2-3 ? *)", "2026-03-31 09:00"),  # February has no 31st
        ("cron(0 9 ? * FRIL *)", "2026-03-27 09:00"),
        ("cron(0 9 ? * TUE#1 *)", "2026-03-03 09:00"),
        ("cron(0 9 ? * 7#5 *)", "2026-05-30 09:00"),
        ("cron(0 9 29 FEB ? *)", "2028-02-29 09:00"),
        ("cron(0 9 1 1 ? 2150)", "2150-01-01 09:00"),
        ("cron(0 9 1 1 ? 2025)", None),
        ("cron(0 9 31 2 ? *)", None),
    ],
)
def test_the_next_firing(expression: str, expected: str | None) -> None:
    assert told(expression) == ([expected] if expected else [])


@each_case(
    ("expression", "words"),
    [
        ("every day", "an expression is rate"),
        ("rate(5 minutes", "an expression is rate"),
        ("cron(" + "0," * 130 + "0 * * * ? *)", "an expression is rate"),
        ("rate(0 minutes)", "a whole number from 1"),
        ("rate(30 seconds)", "minutes, hours or days"),
        ("rate(1.5 hours)", "a whole number from 1"),
        ("cron(0 9 * *)", "six fields"),
        ("cron(61 9 * * ? *)", "minutes cannot be 61"),
        ("cron(0 24 * * ? *)", "hours cannot be 24"),
        ("cron(0 9 0 * ? *)", "day-of-month cannot be 0"),
        ("cron(0 9 * 13 ? *)", "month cannot be 13"),
        ("cron(0 9 ? * 0 *)", "day-of-week cannot be 0"),
        ("cron(0 9 ? * MOO *)", "day-of-week cannot be MOO"),
        ("cron(0 9 * * ? 1969)", "year cannot be 1969"),
        ("cron(0 9 * * ? 2030-2027)", "ends before it begins"),
        ("cron(0 9 * * * *)", "exactly one of"),
        ("cron(0 9 ? * ? *)", "exactly one of"),
        ("cron(0 9 1 * MON *)", "exactly one of"),
        ("cron(? 9 * * ? *)", "minutes cannot be ?"),
        ("cron(0/0 9 * * ? *)", "the step behind /"),
        ("cron(/5 9 * * ? *)", "minutes cannot be /5"),
        ("cron(0 9 ? * 2/2 *)", "/ means nothing there"),
        ("cron(0 9 L,15 * ? *)", "stand alone"),
        ("cron(0 9 1-5W * ? *)", "stand alone"),
        ("cron(0 9 ? * 3#1,6#3 *)", "stand alone"),
        ("cron(0 9 ? * 3#6 *)", "from 1 to 5"),
        ("cron(0, 9, ?, *, MON-FRI, *)", "exactly one of"),
        ("cron(0, 9 ? * MON-FRI *)", "minutes cannot be"),
        ("at(2026-13-01T00:00:00)", "at(2027-01-31T03:00:00)"),
        ("at(2026-12-01T00:00:00Z)", "without zone"),
        ("at(2026-12-01)", "a local time"),
    ],
)
def test_what_is_refused_is_named(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        read_expression(expression)
    assert words in str(refused.value)


@each_case("name", ["", "Mars/Olympus", "../etc/passwd", "/etc/localtime", "UTC+1\x00", "a" * 300])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone"):
        read_zone(name)


def berlin(expression: str, after: str, most: int) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=read_zone("Europe/Berlin")).astimezone(UTC)
    found = next_firings(expression, "Europe/Berlin", after=moment, anchor=moment, most=most)
    return [each.astimezone(read_zone("Europe/Berlin")).strftime("%m-%d %H:%M%z") for each in found]


def test_a_time_that_spring_leaves_out_is_skipped() -> None:
    assert berlin("cron(30 2 * * ? *)", "2026-03-28T00:00", 2) == ["03-28 02:30+0100", "03-30 02:30+0200"]
    assert berlin("at(2026-03-29T02:30:00)", "2026-03-28T00:00", 1) == []


def test_a_time_that_comes_twice_in_autumn_fires_once() -> None:
    assert berlin("cron(30 2 * * ? *)", "2026-10-24T12:00", 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]
    assert berlin("at(2026-10-25T02:30:00)", "2026-10-24T12:00", 1) == ["10-25 02:30+0200"]


def test_after_the_first_of_two_equal_times_the_second_does_not_fire() -> None:
    after = datetime(2026, 10, 25, 0, 40, tzinfo=UTC)  # 02:40, the first one
    found = next_firings("cron(30 2 * * ? *)", "Europe/Berlin", after=after, anchor=after, most=1)
    assert found == [datetime(2026, 10, 26, 1, 30, tzinfo=UTC)]


def test_a_day_of_a_rate_has_24_hours_when_the_clocks_change() -> None:
    assert berlin("rate(1 day)", "2026-03-28T12:00", 2) == ["03-29 13:00+0200", "03-30 13:00+0200"]


def test_a_rate_counts_from_its_anchor_which_is_its_first_firing() -> None:
    rate, zone = read_expression("rate(1 hour)"), read_zone("UTC")
    late = firings(rate, zone, after=NOON + timedelta(minutes=150), anchor=NOON)
    assert next(late) == NOON + timedelta(hours=3)
    early = firings(rate, zone, after=NOON - timedelta(days=1), anchor=NOON)
    assert list(islice(early, 2)) == [NOON, NOON + timedelta(hours=1)]


def test_a_window_bounds_what_fires() -> None:
    start, end = NOON + timedelta(days=1), NOON + timedelta(days=3)
    found = firings(read_expression("cron(0 12 * * ? *)"), UTC, after=NOON, anchor=NOON, start=start, end=end)
    assert list(found) == [start, start + timedelta(days=1), end]


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), step=st.integers(1, 59), day=st.integers(0, 4_000))
def test_firings_rise_and_are_what_the_fields_say(minute: int, hour: int, step: int, day: int) -> None:
    after = NOON + timedelta(days=day)
    found = next_firings(
        f"cron({minute}/{step} {hour} * * ? *)", "America/New_York", after=after, anchor=after, most=20
    )
    assert found == sorted(set(found))
    local = [moment.astimezone(read_zone("America/New_York")) for moment in found]
    assert all(moment.hour == hour and moment.minute in range(minute, 60, step) for moment in local)
    assert all(moment > after for moment in found)
