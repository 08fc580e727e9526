"""Two subjects of a report against each other: how much the second differs from the first, in each benchmark and over all."""

from collections.abc import Iterator, Sequence

from benchfleet_results.boards.model import Part, Relation
from pydantic import Field

from benchfleet.report import words
from benchfleet.report.model.board import Board
from benchfleet.report.model.report import Report
from benchfleet.report.turning import of_two


class PairRow(Part):
    """`b` held against `a`; `benchmark` null: over all benchmarks of the machine, variant and metric."""

    machine: str
    variant: str | None
    metric: str
    better: str
    benchmark: str | None
    unit: str | None
    a: float | None = Field(description="mean of the first subject, in the unit")
    b: float | None
    tasks: int = Field(description="of the one that has fewer")
    relation: Relation = Field(description="how many times worse the second is than the first")


def rows_of(report: Report, a: str, b: str) -> list[PairRow]:
    """Of boards that compare subjects; what only one of the two measured has none. Overall rows come before their benchmarks."""
    return [row for board in report.boards if not board.not_compared for row in _of_board(board, a, b)]


def _of_board(board: Board, a: str, b: str) -> Iterator[PairRow]:
    about = {
        "machine": f"{board.provider or ''} {board.name or ''}".strip(),
        "variant": board.variant,
        "metric": board.metric,
        "better": board.better,
    }
    ranked = {row.subject: row for row in board.ranking}
    if len(board.benchmarks) > 1 and {a, b} <= set(ranked):
        first, second = ranked[a], ranked[b]
        yield PairRow(
            **about,
            benchmark=None,
            unit=board.unit,
            a=first.centre,
            b=second.centre,
            tasks=min(first.tasks, second.tasks),
            relation=of_two(second.to_best, first.to_best),
        )
    for one in board.benchmarks:
        cells = {cell.subject: cell for cell in one.cells}
        if {a, b} <= set(cells):
            yield PairRow(
                **about,
                benchmark=one.benchmark,
                unit=one.unit,
                a=cells[a].mean,
                b=cells[b].mean,
                tasks=min(cells[a].tasks, cells[b].tasks),
                relation=of_two(cells[b].to_best, cells[a].to_best),
            )


def headlines(rows: Sequence[PairRow], a: str, b: str) -> list[str]:
    """One sentence for each machine, variant and metric: over all benchmarks, or the only one."""
    seen: dict[tuple[str, str | None, str], PairRow] = {}
    for row in rows:
        seen.setdefault((row.machine, row.variant, row.metric), row)
    return [_sentence(row, a, b, where=len(seen) > 1) for row in seen.values()]


def _sentence(row: PairRow, a: str, b: str, *, where: bool) -> str:
    place = ", ".join(filter(None, [row.machine, row.variant, row.metric if row.metric != "time" else None]))
    about = f"{place}: " if where else ""
    found, ends = row.relation, words.apart_interval(row.relation, row.unit, row.better)
    told = f"{words.apart(found, row.unit, row.better)}{f' ({ends})' if ends != words.NONE else ''}"
    if found.verdict in ("better", "worse"):
        word = words.comparative(found.verdict, metric=row.metric, unit=row.unit, better=row.better)
        return f"{about}{b} is {word} than {a}, beyond noise: {told}."
    if found.verdict == "unclear":
        return f"{about}{b} and {a} cannot be told apart: {told}.{_least(row)}"
    return f"{about}{'too' if about else 'Too'} few repeats to tell {b} from {a}: {told}."


def _least(row: PairRow) -> str:
    least = row.relation.detectable
    if least is None:
        return ""
    size = words.difference(least) if row.relation.ratio is not None else words.quantity(least, row.unit)
    more = f"with {4 * row.tasks} tasks of each, about half of that"
    return f" A difference of {size} would have been found in 4 of 5 such runs; {more}."
