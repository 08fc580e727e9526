"""The warnings of a report, as far as a terminal has to repeat them."""

from benchfleet.cli.sentences import warn
from benchfleet.report.model import Report
from benchfleet.report.quality.words import others


def print_warnings(report: Report) -> None:
    """To stderr. What is found about the quality of the data is left out: its headline and its table say it already."""
    for warning in others(report):
        warn(warning)
