"""When does an expression fire next? The rules are those that the control plane checks schedules by."""

from datetime import UTC, datetime, tzinfo

from benchfleet_contract.schedule_expressions import firings, read_expression


def next_time(
    expression: str,
    *,
    after: datetime,
    anchor: datetime,
    zone: tzinfo = UTC,
    start: datetime | None = None,
    end: datetime | None = None,
) -> datetime | None:
    """The first firing strictly after `after`, within `start` and `end`; None if there is none. A rate counts from `anchor`.

    Raises ValueError for an expression that EventBridge refuses.
    """
    return next(firings(read_expression(expression), zone, after=after, anchor=anchor, start=start, end=end), None)
