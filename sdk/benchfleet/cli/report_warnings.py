"""The warnings of a report, as far as a terminal has to repeat them."""

from benchfleet.cli.sentences import warn
from benchfleet.report.model.report import Report
from benchfleet.report.printing import shown
from benchfleet.report.quality.words import others


def print_warnings(report: Report) -> None:
    """To stderr. What is found about the quality of the data is left out: its headline and its table say it already."""
    found = others(report)
    if found and report.history:
        warn(f"of the newest run, {shown(report.history.runs[-1].run_id)}:")
    for warning in found:
        warn(warning)
