"""A report's page without the drawings of its charts, for tests of what its texts say: charts are most of its cost.

The frames of the charts are there, with their titles.
"""

from typing import Any

from benchfleet.report.model.report import Report
from benchfleet.report.page import render


def page_texts(report: Report) -> str:
    return render(report, draw=_nothing)


def _nothing(spec: dict[str, Any]) -> str:
    return '<svg width="1" height="1"></svg>'
