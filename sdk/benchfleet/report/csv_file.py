"""A report as CSV (RFC 4180): the answers first, then rankings, costs and factors, then a row for each machine, subject,
benchmark and variant. Column `row` says which it is.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from benchfleet.report.csv_summary import Who, about_board, about_relation, pair, summary_rows
from benchfleet.report.matching import ANY
from benchfleet.report.model.board import Benchmark, Board, Cell
from benchfleet.report.model.comparison import Compared
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.printing import printable
from benchfleet.report.quality import csv as quality_csv

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "row", "text", "provider", "name", "subject", "instance_types", "workload", "variant", "metric", "better", "benchmark",
    "unit", "tasks", "samples", "samples_dropped", "mean", "ci95_low", "ci95_high", "ci95_over", "in_ranking",
    "ratio_to_best", "ratio_ci95_low", "ratio_ci95_high", "p", "p_adjusted", "verdict",
    "sd_between_tasks", "sd_within_tasks", "share_between_tasks", "between_clamped",
    "usd_per_hour", "price_source", "price_date", "compared_by", "scale", "difference_to_best", "difference_ci95_low",
    "difference_ci95_high", "baseline", "noise_floor", "baseline_threshold", "baseline_regression",
    "quality", "quality_findings",
    "place", "confidence", "detectable", "minimum", "quartile_1", "median",
    "quartile_3", "maximum", "price_kind", "slots_at_work", "per_dollar", "usd_per_million", "old", "new", "factor",
    "factor_low", "factor_high", "hours", "usd", "ci95_narrow",
)  # fmt: skip


Row = Mapping[str, object]  # column → value; what is left out stays blank


def as_csv(report: Report) -> str:
    """With CRLF at the end of each line. A group without a benchmark has a row with 0 tasks."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval=None, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: field(value) for name, value in row.items()} for row in _all(report))
    return out.getvalue()


def _all(report: Report) -> Iterator[Row]:
    yield from summary_rows(report)
    types = {(g.provider, g.name, g.subject): g.instance_types for g in report.groups if g.role == "measured"}
    against, known = _compared(report), quality_csv.grades(report)
    for row in (row for board in report.boards for one in board.benchmarks for row in _rows(board, one, types)):
        grade, findings = quality_csv.columns(row, known)
        quality = {"quality": grade, "quality_findings": findings}
        yield {**row, **_against(row, against), "noise_floor": _floor(row, report), **quality}
    for words in report.comparison.only_in_baseline if report.comparison else ():
        yield {"row": "benchmark", "benchmark": words, "verdict": "missing", "baseline": "only_in_baseline"}


def _compared(report: Report) -> dict[tuple[object, ...], Compared] | None:
    """What was compared with a baseline, by its names; None without one."""
    if report.comparison is None:
        return None
    return {
        (one.provider, one.name, one.subject, one.workload, one.variant, one.metric, one.benchmark): one
        for one in report.comparison.rows
    }


def _against(row: Row, known: Mapping[tuple[object, ...], Compared] | None) -> Row:
    """`compared`, or `only_new` for what the baseline has not; threshold and regression. Empty without a baseline."""
    if known is None or row["verdict"] == "missing":
        return {}
    names = [row[name] for name in ("provider", "name", "subject", "workload", "variant", "metric", "benchmark")]
    any_variant = (*names[:4], ANY, *names[5:])  # `--match variant=any` compares under that name
    found = known.get((*names,)) or known.get(any_variant)
    if found is None:
        return {"baseline": "only_new"}
    return {"baseline": "compared", "baseline_threshold": found.threshold, "baseline_regression": found.regression}


def _floor(row: Row, report: Report) -> float | None:
    """What the same benchmark, measured twice on that machine, differed by: a ratio, or a difference in its unit."""
    place = [row[name] for name in ("provider", "name", "metric")]
    for floor in report.noise_floor:
        if [floor.provider, floor.name, floor.metric] == place and floor.variant in (None, row["variant"]):
            return next((one.relation.distance for one in floor.benchmarks if one.benchmark == row["benchmark"]), None)
    return None


def _rows(board: Board, one: Benchmark, types: Mapping[Who, Sequence[str]]) -> Iterator[Row]:
    prices = {(value.provider, value.name): value for value in reversed(board.value)}
    found: dict[tuple[Who, str | None], Cell | None] = {(_who(cell), cell.variant): cell for cell in one.cells}
    for who, variant in _expected(board, types):
        found.setdefault((who, variant), None)
    for (who, variant), cell in found.items():
        yield {
            **about_board("benchmark", board, who, variant),
            "instance_types": " ".join(types.get(who, ())),
            "benchmark": one.benchmark,
            "unit": one.unit,
            **_price(prices.get(who[:2])),
            **(_numbers(cell, common=one.common) if cell else _NOTHING),
        }


def _price(found: Value | None) -> Row:
    """The first kind that the machine has; all kinds stand in the rows of costs."""
    if found is None or found.usd_per_hour is None:
        return {}
    return {"usd_per_hour": found.usd_per_hour, "price_source": found.source, "price_date": found.date}


def _expected(board: Board, types: Mapping[Who, Sequence[str]]) -> Iterator[tuple[Who, str | None]]:
    """Everything that belongs on the board, measured or not."""
    variants: list[str | None] = [None]
    if "variant" in board.by:
        variants = list(dict.fromkeys(cell.variant for one in board.benchmarks for cell in one.cells))
    for who in types:
        same_machine = "machine" in board.by or who[:2] == (board.provider, board.name)
        if same_machine and ("subject" in board.by or who[2] == board.subject):
            yield from ((who, variant) for variant in variants)


def _who(cell: Cell) -> Who:
    return cell.provider, cell.name, cell.subject


def _numbers(cell: Cell, *, common: bool) -> Row:
    parts, lie = cell.spread, cell.distribution
    found: dict[str, object] = {
        "tasks": cell.tasks, "samples": cell.samples, "samples_dropped": cell.dropped, "mean": cell.mean,
        **pair("ci95", cell.interval), "ci95_over": cell.interval_over, "ci95_narrow": cell.narrow or None, "in_ranking": common,
        **about_relation(cell.to_best),
    }  # fmt: skip
    if parts:
        found |= {
            "sd_between_tasks": parts.between_tasks, "sd_within_tasks": parts.within_tasks,
            "share_between_tasks": parts.share_between, "between_clamped": parts.clamped,
        }  # fmt: skip
    if lie:
        found |= {"minimum": lie.minimum, "median": lie.median, "maximum": lie.maximum}
        found |= {"quartile_1": lie.quartiles[0], "quartile_3": lie.quartiles[2]}
    return found


_NOTHING: Row = {"tasks": 0, "samples": 0, "samples_dropped": 0, "in_ranking": False, "verdict": "missing"}


def field(value: object) -> object:
    """A spreadsheet takes text that begins like this for a formula; a quote in front makes it text (OWASP)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return value
    safe = f"'{value}" if value.startswith(_FORMULAS) else value
    return printable(safe)
