"""The quality of the data in the terminal."""

from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report.model.quality import Quality, SeriesQuality
from benchfleet.report.quality.words import name, told

_SHOWN = 2  # findings of a series
_STYLES = {"poor": "bold red", "unknown": "yellow", "fair": "", "good": "green"}


def quality_table(quality: Quality, *, most: int) -> FittingTable:
    """The series that are not good, at most `most` of them. The headline stands beside the answers."""
    table = FittingTable("Quality of the data", ("grade", "series", "findings"))
    doubtful = [one for one in quality.series if one.grade != "good"]
    for one in doubtful[:most]:
        table.add_row(Text(one.grade, style=_STYLES[one.grade]), name(one), _findings(one))
    if len(doubtful) > most:
        table.add_row("", f"and {len(doubtful) - most} more: --json has them all")
    if not doubtful:
        table.add_row(Text("good", style=_STYLES["good"]), "all")
    return table


def _findings(one: SeriesQuality) -> str:
    """The worst: all of them would be wider than any terminal."""
    more = len(one.findings) - _SHOWN
    said = "; ".join(told(one, found) for found in one.findings[:_SHOWN])
    return f"{said}; {more} more" if more > 0 else said
