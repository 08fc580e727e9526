"""Latency against load as a chart: a line for each group, p99 above its p50, on a logarithmic axis of milliseconds."""

from collections.abc import Sequence
from typing import Any

from benchfleet.report.charts import CONFIG, PALETTE, PHONE, SHAPES, framed
from benchfleet.report.drawing import Draw
from benchfleet.report.model.load import LoadCurve

_WIDE, _HIGH, _HIGH_PHONE = 620, 260, 200
_QUANTILES = ("p99", "p50")
AXIS = "requests a second that were sent"


def against_load(
    curves: Sequence[LoadCurve], labels: Sequence[str], *, number: int, draw: Draw, width: int = _WIDE
) -> str:
    """Of one benchmark. `labels`: all groups of the report, so that each has one colour in every drawing."""
    rows = [row for curve in curves for row in _rows(curve)]
    scale = {"domain": list(labels), "range": [PALETTE[n % len(PALETTE)] for n in range(len(labels))]}
    shapes = {"domain": list(labels), "range": [SHAPES[n % len(SHAPES)] for n in range(len(labels))]}
    legend = {"title": None, "orient": "top", "columns": 0 if width == _WIDE else 2}
    who = {"field": "label", "type": "nominal", "legend": legend}
    few = {"tickCount": 5 if width == _WIDE else 3}
    x = {"field": "rate", "type": "quantitative", "title": AXIS if width == _WIDE else "requests/s", "axis": few}
    y = {"field": "ms", "type": "quantitative", "title": "latency in ms", "scale": {"type": "log", "nice": True}}
    dash = {"field": "quantile", "type": "nominal", "scale": {"domain": list(_QUANTILES), "range": [[1, 0], [4, 3]]},
            "legend": {**legend, "symbolStrokeColor": "currentColor"}}  # fmt: skip
    described = {"description": {"field": "machine", "type": "nominal"}}
    layers = [
        {"mark": {"type": "rule", "opacity": 0.5, "strokeWidth": 1.5},
         "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": {**who, "scale": scale},
                      **described}},
        {"mark": {"type": "line", "strokeWidth": 2, "opacity": 0.8},
         "encoding": {"x": x, "y": y, "color": {**who, "scale": scale}, "strokeDash": dash, **described}},
        {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 1},
         "encoding": {"x": x, "y": y, "color": {**who, "scale": scale}, "shape": {**who, "scale": shapes}, **described}},
    ]  # fmt: skip
    spec: dict[str, Any] = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "config": CONFIG, "width": width,
        "height": _HIGH if width == _WIDE else _HIGH_PHONE, "data": {"values": rows}, "layer": layers,
        "padding": {"left": 8, "right": 20, "top": 5, "bottom": 5},
    }  # fmt: skip
    told = f"Latency of {curves[0].benchmark} against load, {len(curves)} lines"
    return framed(draw(spec), told, "p99 (solid) and p50 (dashed) in ms; lines upright: 95 % intervals", number=number)


def for_phone(curves: Sequence[LoadCurve], labels: Sequence[str], *, number: int, draw: Draw) -> str:
    return against_load(curves, labels, number=number, width=2 * PHONE, draw=draw)


def _rows(curve: LoadCurve) -> list[dict[str, Any]]:
    """A point for each quantile that is known; an interval that reaches zero has no lower end on a logarithmic axis."""
    found = []
    for point in curve.points:
        pairs = (("p50", point.p50, point.p50_interval), ("p99", point.p99, point.p99_interval))
        for quantile, value, ends in pairs:
            if value is not None and value > 0:
                low, high = (max(ends[0], value / 10), min(ends[1], value * 10)) if ends else (value, value)
                found.append(
                    {"label": curve.label, "machine": curve.identity, "quantile": quantile, "rate": point.rate,
                     "ms": value, "low": low, "high": high}
                )  # fmt: skip
    return found
