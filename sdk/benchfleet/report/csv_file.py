"""A report as CSV (RFC 4180): one row for each machine, subject, benchmark and variant, with all its numbers."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence

from benchfleet.report import quality_csv
from benchfleet.report.matching import ANY
from benchfleet.report.model import Benchmark, Board, Cell, Compared, Interval, Relation, Report
from benchfleet.report.printing import printable

Who = tuple[str, str, str | None]  # provider, name, subject
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS = (
    "provider", "name", "subject", "instance_types", "workload", "variant", "metric", "better", "benchmark", "unit",
    "tasks", "samples", "samples_dropped", "mean", "ci95_low", "ci95_high", "ci95_over", "in_ranking",
    "ratio_to_best", "ratio_ci95_low", "ratio_ci95_high", "p", "p_adjusted", "verdict",
    "sd_between_tasks", "sd_within_tasks", "share_between_tasks", "between_clamped",
    "usd_per_hour", "price_source", "price_date", "compared_by", "scale", "difference_to_best", "difference_ci95_low",
    "difference_ci95_high", "baseline", "noise_floor", "baseline_threshold", "baseline_regression",
    "quality", "quality_findings",
)  # fmt: skip


def as_csv(report: Report) -> str:
    """With CRLF at the end of each line. A group without a benchmark has a row with 0 tasks."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    types = {(g.provider, g.name, g.subject): g.instance_types for g in report.groups if g.role == "measured"}
    against, known = _compared(report), quality_csv.grades(report)
    for row in (row for board in report.boards for one in board.benchmarks for row in _rows(board, one, types)):
        baseline, *judged = _against(row, against)
        graded = quality_csv.columns(dict(zip(COLUMNS, row, strict=False)), known)
        writer.writerow([_field(value) for value in [*row, baseline, _floor(row, report), *judged, *graded]])
    for words in report.comparison.only_in_baseline if report.comparison else ():
        writer.writerow([_field(value) for value in _gone(words)])
    return out.getvalue()


def _compared(report: Report) -> dict[tuple[object, ...], Compared] | None:
    """What was compared with a baseline, by its names; None without one."""
    if report.comparison is None:
        return None
    return {
        (one.provider, one.name, one.subject, one.workload, one.variant, one.metric, one.benchmark): one
        for one in report.comparison.rows
    }


def _against(row: list[object], known: Mapping[tuple[object, ...], Compared] | None) -> list[object]:
    """`compared`, or `only_new` for what the baseline has not; threshold and regression. Empty without a baseline."""
    if known is None or row[COLUMNS.index("verdict")] == "missing":
        return [None, None, None]
    mine = dict(zip(COLUMNS, row, strict=False))
    names = [mine[name] for name in ("provider", "name", "subject", "workload", "variant", "metric", "benchmark")]
    any_variant = (*names[:4], ANY, *names[5:])  # `--match variant=any` compares under that name
    found = known.get((*names,)) or known.get(any_variant)
    return ["compared", found.threshold, found.regression] if found else ["only_new", None, None]


def _floor(row: list[object], report: Report) -> float | None:
    """What the same benchmark, measured twice on that machine, differed by: a ratio, or a difference in its unit."""
    mine = dict(zip(COLUMNS, row, strict=False))
    place = [mine[name] for name in ("provider", "name", "metric")]
    for floor in report.noise_floor:
        if [floor.provider, floor.name, floor.metric] == place and floor.variant in (None, mine["variant"]):
            return next((one.relation.distance for one in floor.benchmarks if one.benchmark == mine["benchmark"]), None)
    return None


def _gone(words: str) -> list[object]:
    """What only the baseline has, in words, under `benchmark`."""
    row: list[object] = [None] * len(COLUMNS)
    row[COLUMNS.index("benchmark")], row[COLUMNS.index("verdict")] = words, "missing"
    row[COLUMNS.index("baseline")] = "only_in_baseline"
    return row


def _rows(board: Board, one: Benchmark, types: Mapping[Who, Sequence[str]]) -> Iterator[list[object]]:
    prices = {(value.provider, value.name): value for value in board.value}
    found: dict[tuple[Who, str | None], Cell | None] = {(_who(cell), cell.variant): cell for cell in one.cells}
    for who, variant in _expected(board, types):
        found.setdefault((who, variant), None)
    for (who, variant), cell in found.items():
        price = prices.get(who[:2])
        about = [board.workload, variant or board.variant, board.metric, board.better, one.benchmark, one.unit]
        money = [price.usd_per_hour, price.source, price.date] if price else [None] * 3
        numbers = _numbers(cell, common=one.common) if cell else _nothing()
        apart = cell.to_best if cell else Relation()
        scale = [" ".join(board.by), board.scale, apart.difference, *_ends(apart.difference_interval)]
        yield [*who, " ".join(types.get(who, ())), *about, *numbers, *money, *scale]


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
