"""A report as CSV (RFC 4180): one row for each group, benchmark and variant, with all its numbers."""

import csv
import io
from collections.abc import Iterator

from benchfleet.report.matching import ANY
from benchfleet.report.model import Benchmark, Board, Cell, GroupFacts, Interval, Report
from benchfleet.report.printing import printable

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "provider", "name", "instance_types", "workload", "variant", "metric", "better", "benchmark", "unit",
    "tasks", "samples", "samples_dropped", "mean", "ci95_low", "ci95_high", "ci95_over", "in_ranking",
    "ratio_to_best", "ratio_ci95_low", "ratio_ci95_high", "p", "p_adjusted", "verdict",
    "sd_between_tasks", "sd_within_tasks", "share_between_tasks", "between_clamped",
    "usd_per_hour", "price_source", "price_date", "baseline",
)  # fmt: skip


def as_csv(report: Report) -> str:
    """With CRLF at the end of each line. A group without a benchmark has a row with 0 tasks."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    groups = {(g.provider, g.name): g for g in report.groups if g.role == "measured"}
    for row in (row for board in report.boards for one in board.benchmarks for row in _rows(board, one, groups)):
        writer.writerow([_field(value) for value in [*row, _against(row, report)]])
    for words in report.comparison.only_in_baseline if report.comparison else ():
        writer.writerow([_field(value) for value in _gone(words)])
    return out.getvalue()


def _against(row: list[object], report: Report) -> str | None:
    """`compared`, or `only_new` for what the baseline has not; empty without a baseline, or without a result."""
    if report.comparison is None or row[COLUMNS.index("verdict")] == "missing":
        return None
    mine = dict(zip(COLUMNS, row, strict=False))
    known = (
        (one.provider, one.name, one.workload, one.variant, one.metric, one.benchmark) for one in report.comparison.rows
    )
    names = [mine[name] for name in ("provider", "name", "workload", "variant", "metric", "benchmark")]
    either = {(*names,), (*names[:3], ANY, *names[4:])}  # `--match variant=any` compares under that name
    return "compared" if either & set(known) else "only_new"


def _gone(words: str) -> list[object]:
    """What only the baseline has, in words, under `benchmark`."""
    row: list[object] = [None] * len(COLUMNS)
    row[COLUMNS.index("benchmark")], row[COLUMNS.index("verdict")] = words, "missing"
    row[-1] = "only_in_baseline"
    return row


def _rows(board: Board, one: Benchmark, groups: dict[tuple[str, str], GroupFacts]) -> Iterator[list[object]]:
    prices = {(value.provider, value.name): value for value in board.value}
    found = {(cell.provider, cell.name): cell for cell in one.cells}
    for key in [*found, *(key for key in groups if key not in found)]:
        types = " ".join(groups[key].instance_types) if key in groups else ""
        cell, price = found.get(key), prices.get(key)
        about = [board.workload, board.variant, board.metric, board.better, one.benchmark, one.unit]
        money = [price.usd_per_hour, price.source, price.date] if price else [None] * 3
        yield [*key, types, *about, *(_numbers(cell, common=one.common) if cell else _nothing()), *money]


def _numbers(cell: Cell, *, common: bool) -> list[object]:
    best, parts = cell.to_best, cell.spread
    return [
        cell.tasks, cell.samples, cell.dropped, cell.mean, *_ends(cell.interval), cell.interval_over, common,
        best.ratio, *_ends(best.interval), best.p, best.p_adjusted, best.verdict,
        *([parts.between_tasks, parts.within_tasks, parts.share_between, parts.clamped] if parts else [None] * 4),
    ]  # fmt: skip


def _nothing() -> list[object]:
    return [0, 0, 0, *[None] * 4, False, *[None] * 5, "missing", *[None] * 4]


def _ends(ends: Interval | None) -> tuple[float | None, float | None]:
    return ends or (None, None)


def _field(value: object) -> object:
    """A spreadsheet takes text that begins like this for a formula; a quote in front makes it text (OWASP)."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return value
    safe = f"'{value}" if value.startswith(_FORMULAS) else value
    return printable(safe)
