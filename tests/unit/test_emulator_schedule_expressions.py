"""When rate, at and cron expressions fire."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from local_emulator.schedule_expressions import next_time

NOON = datetime(2026, 2, 27, 12, 0, tzinfo=UTC)  # a Friday


def after_noon(expression: str, *, zone: str = "UTC") -> str | None:
    moment = next_time(expression, after=NOON, anchor=NOON, zone=ZoneInfo(zone))
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if moment else None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("rate(1 minute)", "2026-02-27 12:01"),
        ("rate(90 minutes)", "2026-02-27 13:30"),
        ("rate(2 days)", "2026-03-01 12:00"),
        ("at(2026-02-27T12:00:01)", "2026-02-27 12:00"),
        ("at(2026-02-27T12:00:00)", None),
        ("cron(0 3 * * ? *)", "2026-02-28 03:00"),
        ("cron(0/15 * * * ? *)", "2026-02-27 12:15"),
        ("cron(5,55 12-13 ? * FRI *)", "2026-02-27 12:05"),
        ("cron(0 9 ? * MON-WED *)", "2026-03-02 09:00"),
        ("cron(0 9 ? * 1 *)", "2026-03-01 09:00"),
        ("cron(0 9 L * ? *)", "2026-02-28 09:00"),
        ("cron(0 9 ? * 6L *)", "2026-03-27 09:00"),
        ("cron(0 9 ? * TUE#1 *)", "2026-03-03 09:00"),
        ("cron(0 9 29 FEB ? *)", "2028-02-29 09:00"),
        ("cron(0 9 1 1 ? 2025)", None),
    ],
)
def test_the_next_firing(expression: str, expected: str | None) -> None:
    assert after_noon(expression) == expected


def test_a_cron_expression_is_read_in_its_time_zone() -> None:
    assert after_noon("cron(0 18 * * ? *)", zone="Asia/Tokyo") == "2026-02-28 09:00"


def test_a_rate_counts_from_its_anchor_and_skips_what_is_past() -> None:
    moment = next_time("rate(1 hour)", after=NOON + timedelta(minutes=150), anchor=NOON)
    assert moment == NOON + timedelta(hours=3)


@pytest.mark.parametrize(
    "expression", ["every day", "rate(0 minutes)", "rate(1 fortnight)", "cron(0 9 * *)", "cron(61 9 * * ? *)", "at(x)"]
)
def test_what_is_not_understood_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words differ, the class is the promise
        next_time(expression, after=NOON, anchor=NOON)
