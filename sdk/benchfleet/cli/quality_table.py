"""The quality of the data in the terminal."""

from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report.model import Quality, QualityFinding, SeriesQuality

_STYLES = {"poor": "bold red", "unknown": "yellow", "fair": "", "good": "green"}


def quality_table(quality: Quality, who: str, *, most: int) -> FittingTable:
    """The series that are not good, at most `most` of them; its caption is the headline, which stands there in any case."""
    columns = ("grade", "benchmark", "variant", who, "findings")
    table = FittingTable("Quality of the data", columns, spare=("variant", who), caption=escape(quality.headline))
    doubtful = [one for one in quality.series if one.grade != "good"]
    for one in doubtful[:most]:
        name = f"{one.label}{' (baseline)' * (one.role == 'baseline')}"
        cells = (one.benchmark, one.variant, name, "; ".join(_words(one, found) for found in one.findings))
        table.add_row(Text(one.grade, style=_STYLES[one.grade]), *map(Text, cells))
    if len(doubtful) > most:
        table.add_row("", Text(f"and {len(doubtful) - most} more: --json has them all"))
    if not doubtful:
        table.add_row(Text("good", style=_STYLES["good"]), "all")
    return table


def _words(one: SeriesQuality, found: QualityFinding) -> str:
    return found.words if found.tasks == one.tasks else f"{found.words} (in {found.tasks} of {one.tasks} tasks)"
