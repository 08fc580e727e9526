"""The quality of the data in a row of the CSV file."""

from collections.abc import Mapping

from benchfleet.report.model.quality import SeriesQuality
from benchfleet.report.model.report import Report

NAMES = ("provider", "name", "subject", "workload", "variant", "metric", "benchmark", "unit")
Grades = Mapping[tuple[object, ...], SeriesQuality]


def grades(report: Report) -> Grades:
    """By what tells one row from another."""
    return {tuple(getattr(one, name) for name in NAMES): one for one in report.quality.series if one.role == "measured"}


def columns(row: Mapping[str, object], known: Grades) -> tuple[str | None, str | None]:
    """The grade, and the findings with semicolons between them; empty where the row has no result."""
    found = known.get(tuple(row[name] for name in NAMES))
    return (found.grade, "; ".join(one.words for one in found.findings)) if found else (None, None)
