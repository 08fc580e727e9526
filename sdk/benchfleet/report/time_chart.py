"""Charts with time on their horizontal axis: tasks of two runs, and a metric over runs."""

from collections.abc import Sequence
from typing import Any

from benchfleet.report.charts import CONFIG, PALETTE, SHAPES, framed
from benchfleet.report.drawing import Draw
from benchfleet.report.model.comparison import Moment

_WIDE, _HIGH = 620, 220
TIME = {"field": "at", "type": "temporal", "title": None, "axis": {"labelAngle": 0, "tickCount": 6}}


def against_time(points: Sequence[Moment], *, number: int, draw: Draw) -> str:
    """Each task at its start: its means as multiples of the mean of all, by run."""
    runs = list(dict.fromkeys(point.run_id for point in points))
    axis = "times the mean of all tasks (above 1 is worse)"
    rows = [{"at": point.at, "y": point.value, "run": point.run_id, "machine": point.label} for point in points]
    scale = {"domain": runs, "range": [PALETTE[n % len(PALETTE)] for n in range(len(runs))]}
    shapes = {"domain": runs, "range": [SHAPES[n % len(SHAPES)] for n in range(len(runs))]}
    field = {"field": "run", "type": "nominal", "legend": {"title": None, "orient": "top"}}
    y = {"field": "y", "type": "quantitative", "title": axis, "scale": {"zero": False}}
    layers = [
        {"data": {"values": [{"y": 1.0}]}, "mark": {"type": "rule", "strokeDash": [4, 3], "opacity": 0.6},
         "encoding": {"y": {**y, "field": "y"}}},
        {"data": {"values": rows}, "mark": {"type": "point", "filled": True, "size": 55, "opacity": 0.9},
         "encoding": {"x": TIME, "y": y, "color": {**field, "scale": scale}, "shape": {**field, "scale": shapes},
                      "description": {"field": "machine", "type": "nominal"}}},
    ]  # fmt: skip
    return drawn(layers, f"{len(points)} tasks of {len(runs)} runs against time", axis, number=number, draw=draw)


def drawn(layers: list[dict[str, Any]], title: str, description: str, *, number: int, draw: Draw) -> str:
    """The layers as one inline SVG; `number` tells its ids from those of other charts of the page."""
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": CONFIG, "width": _WIDE, "height": _HIGH,
        "padding": {"left": 8, "right": 40, "top": 5, "bottom": 5}, "layer": layers,
    }  # fmt: skip
    return framed(draw(spec), title, description, number=number)
