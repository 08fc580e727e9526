"""The warnings of a report, as far as a terminal has to repeat them."""

import sys

from benchfleet.report.model import Report
from benchfleet.report.quality_words import lines


def print_warnings(report: Report) -> None:
    """To stderr. What is found about the quality of the data is left out: its headline and its table say it already."""
    said = set(lines(report.quality))
    for warning in (one for one in report.warnings if one not in said):
        print(f"benchfleet: {warning}", file=sys.stderr)
