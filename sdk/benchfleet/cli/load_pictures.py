"""Small pictures of HTTP benchmarks in the terminal: bars with intervals, and latency against load."""

import math
from collections.abc import Iterator, Sequence

from benchfleet_results.boards.model import Interval, Ranked
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report import words
from benchfleet.report.model.board import Board
from benchfleet.report.model.load import LoadCurve, LoadPoint
from benchfleet.report.model.report import Report

_BARS = {
    "throughput": "Requests a second", "throughput_per_cpu": "Requests a CPU second",
    "start_up": "Time to ready", "memory": "Memory under load",
}  # fmt: skip
_WIDE, _MOST = 32, 12  # characters of a bar; bars in a picture
_HEIGHTS = "▁▂▃▄▅▆▇█"
_SURE, _PERHAPS = "█", "░"
_MOST_BENCHMARKS = 6


def pictures(report: Report) -> Iterator[FittingTable]:
    """Nothing for a report without latencies against load."""
    if not report.load:
        return
    for board in report.boards:
        if board.metric in _BARS and len(board.ranking) > 1:
            yield _bars(board)
    yield from _curves(report)


def _bars(board: Board) -> FittingTable:
    """`█` up to the lower end of the interval, `░` up to its upper end."""
    rows = board.ranking[:_MOST]
    most = max(row.centre for row in rows if row.centre is not None) * 1.15
    mean = words.mean_name([board])
    table = FittingTable(
        _BARS[board.metric], ("", mean, "95 % interval", " "), right=frozenset({mean, "95 % interval"})
    )
    for row in rows:
        table.add_row(row.label, *_told(row, board), Text(bar(row.centre, row.centre_interval, most)))
    return table


def _told(row: Ranked, board: Board) -> tuple[str, str]:
    ends = words.interval(row.centre_interval, board.unit, like=row.centre, narrow=row.narrow)
    return words.quantity(row.centre, board.unit), ends


def bar(mean: float | None, ends: Interval | None, most: float) -> str:
    """Without an interval the bar ends at the mean."""
    if mean is None or most <= 0:
        return ""
    low, high = ends or (mean, mean)
    sure = max(0, round(min(low, mean) / most * _WIDE))
    perhaps = max(0, min(_WIDE, round(high / most * _WIDE)) - sure)
    return (_SURE * sure + _PERHAPS * perhaps) or "▏"


def _curves(report: Report) -> Iterator[FittingTable]:
    for name in list(dict.fromkeys(curve.benchmark for curve in report.load))[:_MOST_BENCHMARKS]:
        mine = [curve for curve in report.load if curve.benchmark == name]
        columns = ("", *(f"p99 at {share}" for share in _shares(mine)), "p99", "p50")
        table = FittingTable(f"Latency against load, {name}", columns, right=frozenset(columns[1:-2]))
        for curve in mine:
            by_share = {_share(point): point for point in curve.points}
            cells = (words.quantity(by_share[s].p99, curve.unit) if s in by_share else "" for s in _shares(mine))
            lines = (heights([getattr(by_share.get(s), q, None) for s in _shares(mine)], mine) for q in ("p99", "p50"))
            table.add_row(curve.label, *cells, *map(Text, lines))
        yield table


def _share(point: LoadPoint) -> str:
    return f"{point.fraction:.0%}"


def _shares(curves: Sequence[LoadCurve]) -> list[str]:
    fractions = {point.fraction for curve in curves for point in curve.points}
    return [f"{fraction:.0%}" for fraction in sorted(fractions)]


def heights(values: Sequence[float | None], curves: Sequence[LoadCurve]) -> str:
    """A block for each load, on one logarithmic scale for all curves of a picture."""
    every = [v for curve in curves for point in curve.points for v in (point.p50, point.p99) if v]
    low, high = math.log(min(every)), math.log(max(every))
    steps = len(_HEIGHTS) - 1
    at = [None if not v else round((math.log(v) - low) / ((high - low) or 1.0) * steps) for v in values]
    return "".join(" " if height is None else _HEIGHTS[height] for height in at)
