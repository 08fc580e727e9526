"""What the page's section on a history shows, ready for its template."""

from typing import Any

from markupsafe import Markup

from benchfleet.report.drawing import Draw
from benchfleet.report.history.chart import MOST_CHARTS, series_chart
from benchfleet.report.history.words import headline
from benchfleet.report.model.history import History

_FIRST_NUMBER = 30_000  # ids of its charts


def section(found: History | None, draw: Draw) -> dict[str, Any] | None:
    """None without a history. Vega escapes every text that it draws."""
    if found is None:
        return None
    charted = found.series[:MOST_CHARTS]
    return {
        "headline": headline(found),
        "steps": [(one, step) for one in found.series for step in one.steps],
        "charts": [
            (one, Markup(series_chart(one, found, number=_FIRST_NUMBER + number, draw=draw)))  # noqa: S704
            for number, one in enumerate(charted)
        ],
        "more": len(found.series) - len(charted) + found.left_out,
    }
