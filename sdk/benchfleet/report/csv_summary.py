"""The rows of the CSV that are about more than one benchmark: answers, rankings, costs, factors."""

from collections.abc import Iterator, Mapping

from benchfleet_results.boards.model import Interval, Ranked, Relation

from benchfleet.report.answers import sentence
from benchfleet.report.model.board import Board
from benchfleet.report.model.factors import Factor, FactorTable
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.pairing import apart

Who = tuple[str, str, str | None]  # provider, name, subject
Row = Mapping[str, object]


def summary_rows(report: Report) -> Iterator[Row]:
    for answer in report.answers:
        yield {"row": "answer", "text": sentence(answer, named=True), "verdict": answer.verdict}
    if report.money:
        yield {"row": "answer", "text": report.money}
    yield from ({"row": "turns", "text": words} for words in apart(report.turns))
    for board in report.boards:
        yield from (_ranked(row, board) for row in board.ranking)
    for board in report.boards:
        yield from (_value(row, board) for row in board.value)
    yield from (_factor(row, table) for table in report.factors for row in [table.overall, *table.rows] if row)
    for cost in report.costs:
        yield {
            "row": "run_cost", "provider": cost.provider, "name": cost.name, "price_kind": cost.kind,
            "usd_per_hour": cost.usd_per_hour, "price_source": cost.source, "price_date": cost.date,
            "tasks": cost.tasks, "hours": cost.hours, "usd": cost.usd,
        }  # fmt: skip


def about_board(kind: str, board: Board, who: Who, variant: str | None) -> dict[str, object]:
    return {
        "row": kind, "provider": who[0], "name": who[1], "subject": who[2], "workload": board.workload,
        "variant": variant or board.variant, "metric": board.metric, "better": board.better,
        "compared_by": " ".join(board.by), "scale": board.scale,
    }  # fmt: skip


def about_relation(found: Relation) -> dict[str, object]:
    return {
        "ratio_to_best": found.ratio, **pair("ratio_ci95", found.interval), "difference_to_best": found.difference,
        **pair("difference_ci95", found.difference_interval), "p": found.p, "p_adjusted": found.p_adjusted,
        "verdict": found.verdict, "confidence": found.confidence, "detectable": found.detectable,
    }  # fmt: skip


def pair(name: str, ends: Interval | None) -> dict[str, float | None]:
    low, high = ends or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _ranked(row: Ranked, board: Board) -> Row:
    return {
        **about_board("ranking", board, row.key[:3], row.variant), "unit": board.unit, "place": row.place,
        "tasks": row.tasks, "mean": row.centre, **pair("ci95", row.centre_interval), "ci95_over": row.interval_over,
        "ci95_narrow": row.narrow or None,
        **about_relation(row.to_best),
    }  # fmt: skip


def _value(row: Value, board: Board) -> Row:
    """`ratio_to_best` is of what the same work costs."""
    return {
        **about_board("cost", board, row.key[:3], row.variant), "place": row.place, "price_kind": row.kind,
        "usd_per_hour": row.usd_per_hour, "price_source": row.source, "price_date": row.date,
        "slots_at_work": row.slots_at_work, "per_dollar": row.per_dollar, "usd_per_million": row.usd_per_million,
        **about_relation(row.to_best),
    }  # fmt: skip


def _factor(row: Factor, table: FactorTable) -> Row:
    sides: dict[str, object] = {
        "subject": table.subject,
        "variant": table.variant,
        table.dimension: f"{table.new} / {table.old}",
    }
    return {
        "row": "factor", "provider": table.provider, "name": table.name, **sides, "workload": table.workload,
        "metric": table.metric, "better": table.better, "benchmark": row.benchmark, "unit": row.unit,
        "compared_by": table.dimension, "old": row.old, "new": row.new, "factor": row.factor,
        **pair("factor", row.interval), **about_relation(row.relation),
    }  # fmt: skip
