"""A report as one HTML file that needs nothing else: no network, no script to be readable, light and dark, print."""

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from benchfleet.report import words
from benchfleet.report.answers import title
from benchfleet.report.charts import PHONE, Charts, histogram, kind
from benchfleet.report.drawing import Draw, svg
from benchfleet.report.history import words as history_words
from benchfleet.report.history.page import section
from benchfleet.report.lead import against_baseline, blocks, no_ranking, notes
from benchfleet.report.load_chart import against_load, for_phone
from benchfleet.report.model.board import Board
from benchfleet.report.model.facts import GroupFacts
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print
from benchfleet.report.quality import words as quality_words
from benchfleet.report.repeats import CLAMPED, clamped, doubtful, repeats
from benchfleet.report.time_chart import against_time
from benchfleet.report.unparted import unparted

TEMPLATES = Path(__file__).parent / "templates"
MAX_CHARTS = 300  # of benchmarks: about 40 ms and 6 KB each; what is beyond has its table
_MAX_BARS = 60  # groups in one chart


def render(report: Report, draw: Draw = svg) -> str:
    """The page. Names and reasons in it came from machines that nobody vouches for: everything is escaped."""
    report = for_print(report)
    style, script = _asset("page.css"), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            asked=against_baseline(report) or (history_words.headline(report.history) if report.history else None),
            blocks=blocks(report),
            notes=list(notes(report, said=[block.board for block in blocks(report)])),
            warnings=quality_words.others(report),
            boards=_drawn(report, draw),
            comparison_charts=_comparison_charts(report, draw),
            time_chart=_over_time(report, draw),
            load=_load(report, draw),
            history=section(report.history, draw),
            facts=_shared_facts([group for group in report.groups if group.role == "measured"]),
            providers=_providers(report),
            style=Markup(style),  # noqa: S704 (our own file)
            script=Markup(script),  # noqa: S704 (our own file)
            policy=_policy(style, script),
            who=words.who(report),
        )
    )


@cache
def _environment() -> Environment:
    """Once for all pages: to compile the templates costs most of a small page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"heading": words.heading, "noun": words.noun, "nouns": words.nouns, "share": words.share}
    environment.filters |= {
        "dollars": words.dollars,
        "probability": words.probability,
        "best": words.to_best,
        "key": _sort_key,
        "noise": words.noise,
    }
    environment.filters |= {"unparted": unparted, "level": words.level, "cost": words.cost, "slots": words.slots}
    environment.globals |= {
        "title": title,
        "no_ranking": no_ranking,
        "histogram": lambda counts: _markup(histogram, counts),
    }
    environment.globals |= {"by_factor": words.by_factor, "by_factor_interval": words.by_factor_interval}
    environment.globals |= {"against": words.against, "factor_meaning": words.factor_meaning, "million": words.million}
    environment.globals |= {"left_out": words.left_out, "repeats": repeats, "doubtful": doubtful}
    environment.globals |= {
        "three_digits": words.three_digits,
        "corrected": words.corrected,
        "finding": quality_words.told,
    }
    environment.globals |= {"notable": words.notable, "within_noise": words.within_noise, "hidden": words.hidden}
    environment.filters |= {"series_name": history_words.name, "since": history_words.since}
    environment.globals |= {"quantity": words.quantity, "interval": words.interval, "verdict": words.verdict}
    environment.globals |= {"direction": words.direction}
    environment.globals |= {"compared": words.compared, "row_title": words.row_title, "mean_name": words.mean_name}
    environment.globals |= {"apart": words.apart, "apart_interval": words.apart_interval, "whose": words.whose}
    return environment


def _sort_key(value: float | None) -> str:
    """What the page's script sorts by; blanks go last."""
    return "" if value is None else repr(value)


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """A content security policy that allows this page's own style and script, by their hashes, and nothing else."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _providers(report: Report) -> list[str]:
    return list(dict.fromkeys(group.provider for group in report.groups))


def _kinds(report: Report) -> list[str]:
    """Every kind of group that some chart gives a colour."""
    rows = (cell for board in report.boards for one in board.benchmarks for cell in one.cells)
    found = list(dict.fromkeys(kind(row, report.by) for row in rows))
    return found if set(report.by) != {"machine"} else _providers(report)


def _drawn(report: Report, draw: Draw) -> list[dict[str, Any]]:
    """Each board with its charts; None where there is nothing that a chart would show."""
    charts, left = Charts(_kinds(report), draw=draw), MAX_CHARTS
    found = []
    for number, board in enumerate(report.boards, start=1):
        benchmarks = []
        for one in board.benchmarks:
            charted = left > 0 and len(one.cells) <= _MAX_BARS
            left -= charted
            benchmarks.append((one, _markup(partial(charts.benchmark, by=board.by), one) if charted else None))
        found.append(
            {
                "id": f"board-{number}",
                "board": board,
                "ranking_charts": _both(charts.ranking, board) if 1 < len(board.ranking) <= _MAX_BARS else [],
                "values": [(kind, rows, _value_charts(charts, board, kind, rows)) for kind, rows in _by_kind(board)],
                "benchmarks": benchmarks,
                "marks": list(_marks(board)),
            }
        )
    return found


def _marks(board: Board) -> Iterator[str]:
    """What the signs in its tables of benchmarks mean: those that are there."""
    cells = [cell for one in board.benchmarks for cell in one.cells]
    if any(cell.interval and cell.tasks == 1 for cell in cells):
        yield "* over the samples of the only task: what differs from task to task is not in it."
    if clamped(board):
        yield CLAMPED


def _over_time(report: Report, draw: Draw) -> Markup | None:
    if not report.timeline:
        return None
    return Markup(against_time(report.timeline, number=20_000, draw=draw))  # noqa: S704 (as there)


def _load(report: Report, draw: Draw) -> list[dict[str, Any]]:
    """Latency against load, by benchmark."""
    labels = list(dict.fromkeys(curve.label for curve in report.load))
    found = []
    for number, name in enumerate(dict.fromkeys(curve.benchmark for curve in report.load)):
        curves, first = [curve for curve in report.load if curve.benchmark == name], 30_000 + 2 * number
        charts = [
            Markup(chart(curves, labels, number=first + each, draw=draw))  # noqa: S704 (Vega escapes every text that it draws)
            for each, chart in enumerate((against_load, for_phone))
        ]
        found.append({"benchmark": name, "curves": curves, "charts": charts})
    return found


def _by_kind(board: Board) -> list[tuple[str, list[Value]]]:
    return [(kind, list(rows)) for kind, rows in groupby(board.value, key=lambda row: row.kind)]


def _value_charts(charts: Charts, board: Board, kind: str, rows: Sequence[Value]) -> list[Markup]:
    priced = sum(row.per_dollar is not None for row in rows)
    return _both(partial(charts.value, kind_of_price=kind), board) if 1 < priced <= _MAX_BARS else []


def _comparison_charts(report: Report, draw: Draw) -> list[Markup]:
    found = report.comparison
    if found is None or not any(row.relation.ratio is not None for row in found.rows):
        return []
    return _both(Charts(_providers(report), start=10_000, draw=draw).comparison, found)


def _both(chart: Callable[..., str], what: Any) -> list[Markup]:
    """For a screen, and for a phone: a drawing that is made smaller has letters too small to read."""
    return [_markup(chart, what), _markup(partial(chart, width=PHONE), what)]


def _markup(chart: Callable[[Any], str], what: Any) -> Markup:
    """Vega escapes every text that it draws."""
    return Markup(chart(what))  # noqa: S704


def _shared_facts(groups: Sequence[GroupFacts]) -> dict[str, str]:
    """What is the same on all groups: said once, at the top."""
    with_facts = [group.environment for group in groups if group.environment]
    first = with_facts[0] if with_facts else {}
    return {name: value for name, value in first.items() if all(one.get(name) == value for one in with_facts)}
