"""Latency against load: boards of latencies at fractions of a saturation rate, beside the board of that rate."""

import re
from collections.abc import Iterator, Sequence

from benchfleet.report.model.board import Board, Cell
from benchfleet.report.model.load import LoadCurve, LoadPoint

SATURATION, P50, P99 = "throughput", "latency_p50", "latency_p99"
_FRACTION = re.compile(r"(\d+(?:\.\d+)?)%")
Place = tuple[str, str | None, str | None, str | None]  # what two boards of one comparison have in common
Who = tuple[str, str, str | None]


def load_curves(boards: Sequence[Board]) -> list[LoadCurve]:
    """One for each group and benchmark with a saturation rate and at least one latency; in the order of the boards."""
    found: list[LoadCurve] = []
    for board in (one for one in boards if one.metric == SATURATION):
        beside = [one for one in boards if _place(one) == _place(board) and one.metric in (P50, P99)]
        for benchmark in board.benchmarks:
            for cell in benchmark.cells:
                points = sorted(_points(beside, benchmark.benchmark, cell), key=lambda point: point.fraction)
                if points:
                    found.append(_curve(cell, benchmark.benchmark, points, beside))
    return found


def _place(board: Board) -> Place:
    return board.workload, board.provider, board.name, board.subject


def _who(cell: Cell) -> Who:
    return cell.provider, cell.name, cell.subject


def _curve(cell: Cell, benchmark: str, points: list[LoadPoint], beside: Sequence[Board]) -> LoadCurve:
    unit = next(one.unit for board in beside for one in board.benchmarks if one.benchmark == benchmark and one.unit)
    return LoadCurve(
        provider=cell.provider, name=cell.name, subject=cell.subject, label=cell.label,
        benchmark=benchmark, unit=unit, saturation=cell.mean, points=points,
    )  # fmt: skip


def _points(beside: Sequence[Board], benchmark: str, of: Cell) -> Iterator[LoadPoint]:
    for variant in dict.fromkeys(board.variant for board in beside):
        told = _FRACTION.fullmatch(variant or "")
        cells = {
            board.metric: cell
            for board in beside
            if board.variant == variant
            for one in board.benchmarks
            if one.benchmark == benchmark
            for cell in one.cells
            if _who(cell) == _who(of)
        }
        if told and cells:
            fraction, p50, p99 = float(told[1]) / 100, cells.get(P50), cells.get(P99)
            yield LoadPoint(
                fraction=fraction, rate=fraction * of.mean,
                p50=p50.mean if p50 else None, p50_interval=p50.interval if p50 else None,
                p99=p99.mean if p99 else None, p99_interval=p99.interval if p99 else None,
            )  # fmt: skip
