"""Charts as inline SVG, drawn by Vega-Lite when the report is made: nothing is drawn, or loaded, when it is read.

Everything that is a colour of text or lines is `currentColor`, so one drawing serves light and dark. Marks carry the
group's machine and subject in `data-machine`, which the page's filter uses.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import count
from typing import Any

from benchfleet_results.boards.dimensions import NO_SUBJECT, Dimension
from benchfleet_results.boards.model import Compares, Group, Interval

from benchfleet.report import words
from benchfleet.report.drawing import Draw, svg
from benchfleet.report.model.board import Benchmark, Board
from benchfleet.report.model.comparison import RunComparison

# Okabe and Ito, "Color Universal Design" (2008), without black and yellow, which vanish on dark and on light.
PALETTE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]
SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down", "cross"]
_WIDE, _NARROW, _ROW = 620, 260, 22
_WIDER = 1.1  # pixels a character that a reader's font may need above the one that Vega measured with
_LEAST = 1e-3  # share of the largest mean that an axis spans at least: the numbers along it get no room for more digits
_HELD = (
    8.0  # intervals that are wider than the means' spread by more are cut, with an arrowhead: two tasks' are enormous
)
_ROOM = 1.25  # how far an axis then reaches beyond the means, as a multiple of their spread
PHONE = 150  # pixels of a drawing for phones, beside its labels
_MOST_PERCENT = 250.0  # of the best's speed per dollar: where an interval ends beyond, it is cut
_LABEL = 180  # pixels of a name
_NAME = {"field": "label", "type": "nominal", "sort": None, "title": None}
CONFIG = {
    "background": None,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": "currentColor", "titleColor": "currentColor", "tickColor": "currentColor",
        "domainColor": "currentColor", "gridColor": "currentColor", "gridOpacity": 0.15, "labelFontSize": 12,
        "titleFontSize": 12, "titleFontWeight": "normal", "labelLimit": _LABEL, "aria": False, "labelOverlap": True,
        "tickCount": 7,
    },
    # Pixels between numbers, else half of them go: on a phone they ran together. None at an end is moved into the next one.
    "axisX": {"labelSeparation": 5, "labelFlush": False},
    "legend": {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12, "aria": False},
    "text": {"color": "currentColor"},
    "rule": {"color": "currentColor"},
    "tick": {"color": "currentColor"},
}  # fmt: skip


class Charts:
    """Draws; numbers its drawings, since the ids in a page must differ. `kinds` fixes who has which colour.

    Those are providers where machines are compared, else subjects or variants: see `kind`.
    """

    def __init__(self, kinds: Sequence[str], *, start: int = 1, draw: Draw = svg) -> None:
        self._kinds = list(dict.fromkeys(kinds))
        self._draw = draw
        self._numbers = count(start)

    def ranking(self, board: Board, *, width: int = _WIDE) -> str:
        """Geometric means as multiples of the best one's; plain means in their unit."""
        if board.scale != "ratio":
            return self._plain_ranking(board, width)
        rows = [
            _row(
                row, kind(row, board.by), words.of_values(row.to_best.ratio, board.better),
                words.interval_of_values(row.relative_interval, board.better),
            )
            for row in board.ranking
            if row.to_best.ratio is not None
        ]  # fmt: skip
        worse = words.comparative("worse", metric=board.metric, unit=board.unit, better=board.better)
        direction = "larger" if board.better == "lower" else "smaller"
        axis = f"times the best geometric mean (1 is best, {direction} is {worse})"
        told = f"Ranking of {len(rows)} {words.nouns(board.by)}, {board.title}"
        return self._drawn(
            _intervals(rows, _fitting(axis, "times the best", width), width=width, colours=self._colours(board.by)),
            told,
            axis,
        )

    def _plain_ranking(self, board: Board, width: int) -> str:
        rows = [_row(row, kind(row, board.by), row.mean, row.mean_interval) for row in board.ranking]
        axis = f"mean over the benchmarks, in {board.unit} ({'less' if board.better == 'lower' else 'more'} is better)"
        told = f"Ranking of {len(rows)} {words.nouns(board.by)}, {board.title}"
        drawn = _intervals(
            rows, _fitting(axis, f"in {board.unit}", width), width=width, colours=self._colours(board.by)
        )
        return self._drawn(drawn, told, axis)

    def benchmark(self, one: Benchmark, by: Sequence[Dimension] = ("machine",)) -> str:
        """Means with intervals; a small tick for each task's mean."""
        factor, unit = words.scale(max((cell.mean for cell in one.cells), key=abs), unit=one.unit)
        rows = [_row(cell, kind(cell, by), cell.mean / factor, _divided(cell.interval, factor)) for cell in one.cells]
        ticks = [
            {"label": cell.label, "machine": cell.identity, "at": mean / factor}
            for cell in one.cells
            for mean in cell.task_means
        ]
        spec = _intervals(rows, unit, width=_NARROW, colours=self._colours(), ticks=ticks)
        return self._drawn(
            spec, f"{one.benchmark}: means of {len(rows)} {words.nouns(by)}", f"in {unit}, with 95 % intervals"
        )

    def value(self, board: Board, kind_of_price: str = "on-demand", *, width: int = _WIDE) -> str:
        """Bars with the intervals of the speed: only what has a price."""
        rows = [
            _row(row, kind(row, board.by), row.per_dollar * 100, _divided(row.interval, 0.01))
            for row in board.value
            if row.per_dollar is not None and row.kind == kind_of_price
        ]
        most = min(max([100.0, *(row["high"] for row in rows if row["high"] is not None)]), _MOST_PERCENT)
        axis, domain = "speed per dollar, in % of the best", [0.0, most * 1.02]
        x = _x(_fitting(axis, "% of the best", width), domain)
        bars = {
            "mark": {"type": "bar", "height": 10, "opacity": 0.8},
            "encoding": {"x": x, "y": _NAME, "color": self._colours()["color"], "description": _WHO},
        }
        layers = [bars, _whiskers(x, _NAME), *_arrows(rows, domain, x, _NAME)]
        spec = _spec(layers, rows, width=width, height=_ROW * len(rows))
        return self._drawn(
            spec, f"Speed per dollar of {len(rows)} {words.nouns(board.by)}, {kind_of_price}, {board.title}",
            "in % of the best; the longer the better; lines: 95 % intervals of the speed",
        )  # fmt: skip

    def comparison(self, found: RunComparison, *, most: int = 40, width: int = _WIDE) -> str:
        """New over old with intervals; lines at no change and at the threshold."""
        rows = [
            _row(
                row, row.provider, ratio, ends, f"{row.benchmark or 'geometric mean'}, {words.row_title(found, row)}, "
            )
            for row in found.rows[:most]
            if (ratio := row.relation.ratio) is not None
            for ends in [row.relation.interval]
        ]
        turned = ", rates turned over" if any(row.better == "higher" for row in found.rows) else ""
        axis = f"times the baseline{turned} (above 1 is worse; dashed: the threshold of {words.share(found.threshold)})"
        marks = [{"at": 1.0, "kind": "same"}, {"at": 1 + found.threshold, "kind": "threshold"}]
        spec = _intervals(
            rows, _fitting(axis, "times the baseline", width), width=width, colours=self._colours(), marks=marks,
            label_limit=260 if width == _WIDE else _LABEL,
        )  # fmt: skip
        return self._drawn(spec, f"Comparison with {found.baseline}: {len(rows)} ratios", axis)

    def _colours(self, by: Sequence[Dimension] = ()) -> dict[str, Any]:
        """With a legend in a drawing of groups that the labels do not tell already."""
        size = len(self._kinds)
        scale = {"domain": self._kinds, "range": _cycled(PALETTE, size)}
        shapes = {"domain": self._kinds, "range": _cycled(SHAPES, size)}
        shown = {"title": None, "orient": "top"} if "machine" in by and size > 1 else None
        field = {"field": "kind", "type": "nominal", "legend": shown}
        return {"color": {**field, "scale": scale}, "shape": {**field, "scale": shapes}}

    def _drawn(self, spec: dict[str, Any], title: str, description: str) -> str:
        return framed(self._draw(spec), title, description, number=next(self._numbers))


_IDLE = re.compile(r' (?:role="graphics-[a-z]+"|(?:aria-roledescription|aria-hidden|class|pointer-events)="[^"]*")')
_INVISIBLE = re.compile(r'<path class="(?:fore|back)ground"[^>]*/>')  # frames of groups, which have no lines here
_WHO = {"field": "machine", "type": "nominal"}


def kind(group: Compares, by: Sequence[Dimension]) -> str:
    """What gives a group its colour."""
    if "variant" in by:
        return group.variant or ""
    return (group.subject or NO_SUBJECT) if "subject" in by else group.provider


def _named(group: Group, kind: str, before: str = "") -> dict[str, Any]:
    """`machine` is what the page's filter goes by, whatever the label says."""
    return {"label": before + group.label, "machine": group.identity, "kind": kind}


def _row(group: Group, kind: str, x: float | None, ends: Interval | None, before: str = "") -> dict[str, Any]:
    return {**_named(group, kind, before), "x": x, "low": ends and ends[0], "high": ends and ends[1]}


def _divided(ends: Interval | None, factor: float) -> Interval | None:
    return (ends[0] / factor, ends[1] / factor) if ends else None


def _cycled(values: Sequence[str], size: int) -> list[str]:
    return [values[number % len(values)] for number in range(size)]


def _intervals(
    rows: list[dict[str, Any]],
    axis: str,
    *,
    width: int,
    colours: dict[str, Any],
    ticks: Sequence[dict[str, Any]] = (),
    marks: Sequence[dict[str, Any]] = (),
    label_limit: int = _LABEL,
) -> dict[str, Any]:
    """A point and an interval for each row, from top to bottom as they come."""
    domain = _domain(rows, [tick["at"] for tick in ticks], [mark["at"] for mark in marks])
    x, y = _x(axis, domain), {**_NAME, "axis": {"labelLimit": label_limit}}
    layers: list[dict[str, Any]] = [
        {"data": {"values": list(marks)}, "mark": {"type": "rule", "strokeDash": [4, 3], "opacity": 0.6},
         "encoding": {"x": {**x, "field": "at"}}},
        _whiskers(x, y),
        *_arrows(rows, domain, x, y),
        {"data": {"values": list(ticks)}, "mark": {"type": "tick", "thickness": 1, "height": 9, "opacity": 0.6},
         "encoding": {"x": {**x, "field": "at"}, "y": y, "description": _WHO}},
        {"mark": {"type": "point", "filled": True, "size": 65, "opacity": 1},
         "encoding": {"x": x, "y": y, **colours, "description": _WHO}},
    ]  # fmt: skip
    kept = [layer for layer in layers if layer.get("data", {"values": rows})["values"]]
    return _spec(kept, rows, width=width, height=_ROW * len(rows))


def _fitting(axis: str, short: str, width: int) -> str:
    return axis if width == _WIDE else short


def _x(axis: str, domain: Sequence[float]) -> dict[str, Any]:
    scale = {"domain": domain, "nice": False, "zero": False}
    return {"field": "x", "type": "quantitative", "title": axis, "scale": scale}


def _whiskers(x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    ends = {"x": {**x, "field": "low"}, "x2": {"field": "high"}}
    return {
        "mark": {"type": "rule", "clip": True, "strokeWidth": 1.5, "opacity": 0.75},
        "encoding": {**ends, "y": y, "description": _WHO},
    }


def _arrows(
    rows: Sequence[dict[str, Any]], domain: Sequence[float], x: dict[str, Any], y: dict[str, Any]
) -> list[dict[str, Any]]:
    """A head where an interval goes on beyond the axis."""
    beyond = {
        "triangle-left": [
            {**row, "at": domain[0]} for row in rows if row["low"] is not None and row["low"] < domain[0]
        ],
        "triangle-right": [
            {**row, "at": domain[1]} for row in rows if row["high"] is not None and row["high"] > domain[1]
        ],
    }
    return [
        {"data": {"values": values}, "mark": {"type": "point", "shape": shape, "filled": True, "size": 60, "opacity": 1,
         "color": "currentColor"}, "encoding": {"x": {**x, "field": "at"}, "y": y, "description": _WHO}}
        for shape, values in beyond.items()
        if values
    ]  # fmt: skip


def _domain(rows: Sequence[dict[str, Any]], ticks: Sequence[float], marks: Sequence[float]) -> list[float]:
    """All means, task means and intervals; of intervals only a part where they would flatten everything else."""
    points = [row["x"] for row in rows] + list(ticks) + list(marks)
    low, high = min(points), max(points)
    spread = max(high - low, abs(high) * 0.02) or 1.0
    ends = [end for row in rows for end in (row["low"], row["high"]) if end is not None]
    least, most = min([low, *ends]), max([high, *ends])
    if most - least > _HELD * spread:
        least, most = max(least, low - spread * _ROOM), min(most, high + spread * _ROOM)
    margin = (most - least) * 0.04 if most - least > _LEAST * abs(high) else spread
    return [least - margin, most + margin]


def histogram(counts: Sequence[int]) -> str:
    """A small drawing of one path, as wide as it has bins."""
    most, width, height = max(counts, default=0), 5, 22
    bars = "".join(
        f"M{number * width} {height}v-{max(round(count / most * height, 1), 1)}h{width - 1}V{height}z"
        for number, count in enumerate(counts)
        if count
    )
    wide = len(counts) * width
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="hist" role="img" aria-label="{sum(counts)} samples in {len(counts)} '
        f'bins" width="{wide}" height="{height}" viewBox="0 0 {wide} {height}"><path d="{bars}" fill="currentColor"/></svg>'
    )


def _spec(layers: list[dict[str, Any]], rows: list[dict[str, Any]], *, width: int, height: int) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": CONFIG,
        "padding": {
            "left": 6 + _WIDER * min(max(len(row["label"]) for row in rows), 28),
            "right": 14,
            "top": 5,
            "bottom": 5,
        },
        "width": width,
        "height": max(height, _ROW),
        "data": {"values": rows},
        "layer": layers,
    }


def framed(drawn: str, title: str, description: str, *, number: int) -> str:
    """The drawing as one image with a name: its parts are no stops for a screen reader, the tables beside it are."""
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', drawn)
    width, height = size.groups() if size else ("600", "300")
    body = re.sub(r"<[^>]*>", lambda tag: _tag(tag[0], number), drawn[drawn.index(">") + 1 :])
    name, text = f"chart{number}-title", f"chart{number}-text"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}" aria-describedby="{text}" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<title id="{name}">{escape(title)}</title><desc id="{text}">{escape(description)}</desc>{body}'
    )


def _tag(tag: str, number: int) -> str:
    """Lighter, and with ids of its own. Only tags are touched: text in the drawing may look like attributes."""
    if _INVISIBLE.fullmatch(tag):
        return ""
    tag = _IDLE.sub("", tag).replace(' aria-label="', ' data-machine="')
    return re.sub(r'(id="|url\(#)([A-Za-z]+\d+)', rf"\1chart{number}-\2", re.sub(r"(\d+\.\d{2})\d+", r"\1", tag))
