"""The chart of one series of a history: a point for each run, and a line for each level."""

from typing import Any

from benchfleet.report import words
from benchfleet.report.charts import PALETTE
from benchfleet.report.drawing import Draw
from benchfleet.report.history.words import name
from benchfleet.report.model.history import History, HistorySeries
from benchfleet.report.time_chart import TIME, drawn

MOST_CHARTS = 60  # about 40 ms and 10 KB each
_OTHER = "something else changed"


def series_chart(one: HistorySeries, found: History, *, number: int, draw: Draw) -> str:
    """Runs with other facts than the run before are squares; dashed lines are marked runs."""
    factor, unit = words.scale(max((point.value for point in one.points), key=abs), unit=one.unit or "")
    axis = unit or "relative"
    y = {"field": "y", "type": "quantitative", "title": axis, "scale": {"zero": False}}
    layers = [layer for layer in (*_marks(found, one), *_levels(one, factor, y), *_points(one, factor, y)) if layer]
    told = f"{name(one)}: {len(one.points)} runs, {len(one.steps)} steps"
    return drawn(layers, told, f"in {axis}, against time; lines are levels", number=number, draw=draw)


def _points(one: HistorySeries, factor: float, y: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        {
            "at": point.at,
            "y": point.value / factor,
            "low": point.interval[0] / factor if point.interval else None,
            "high": point.interval[1] / factor if point.interval else None,
            "kind": _OTHER if point.changed else "run",
        }
        for point in one.points
    ]
    kinds = {"domain": ["run", _OTHER]}
    field = {"field": "kind", "type": "nominal", "legend": {"title": None, "orient": "top"}}
    shape = {**field, "scale": {**kinds, "range": ["circle", "square"]}}
    colour = {**field, "scale": {**kinds, "range": [PALETTE[0], PALETTE[1]]}}
    intervals = [row for row in rows if row["low"] is not None]
    lines = {"mark": {"type": "rule", "strokeWidth": 1.5, "opacity": 0.6}, "data": {"values": intervals}}
    return [
        {**lines, "encoding": {"x": TIME, "y": {**y, "field": "low"}, "y2": {"field": "high"}}} if intervals else {},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
         "encoding": {"x": TIME, "y": y, "color": colour, "shape": shape}},
    ]  # fmt: skip


def _levels(one: HistorySeries, factor: float, y: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        {"at": one.points[level.first].at, "to": one.points[level.first + level.runs - 1].at, "y": level.mean / factor}
        for level in one.levels
    ]
    mark = {"type": "rule", "strokeWidth": 3, "opacity": 0.45}
    return (
        [{"data": {"values": rows}, "mark": mark, "encoding": {"x": TIME, "x2": {"field": "to"}, "y": y}}]
        if rows
        else []
    )


def _marks(found: History, one: HistorySeries) -> list[dict[str, Any]]:
    """Only of runs that the series has: others would widen the axis."""
    here = {point.run_id for point in one.points}
    rows = [{"at": run.at, "name": ", ".join(run.marks)} for run in found.runs if run.marks and run.run_id in here]
    if not rows:
        return []
    data, text = {"values": rows}, {"field": "name", "type": "nominal"}
    label = {"type": "text", "align": "left", "dx": 4, "baseline": "top", "limit": 120}
    return [
        {"data": data, "mark": {"type": "rule", "strokeDash": [4, 3], "opacity": 0.7}, "encoding": {"x": TIME}},
        {"data": data, "mark": label, "encoding": {"x": TIME, "y": {"value": 2}, "text": text}},
    ]
