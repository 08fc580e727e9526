"""A report in the terminal."""

from collections.abc import Iterator

from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.report import words
from benchfleet.report.model import Board, Cell, Ranked, Report, RunComparison, Value
from benchfleet.report.printing import for_print

_RIGHT = frozenset(
    {"geometric mean", "95 % interval", "to the best", "tasks", "place", "mean", "old", "new", "difference"}
    | {"between tasks", "within a task", "an hour", "speed per dollar"}
)
_SPARE = ("within a task", "between tasks", "tasks", "95 % interval", "place", "old", "new", "variant", "level")
_MOST_LISTED = 50
_FEW_BENCHMARKS = 40  # that do not scroll everything else away
_COMPARING = {"machine", "to the best", ""}  # columns that say nothing of a single machine


def tables(report: Report) -> Iterator[FittingTable]:
    """Everything that fits a terminal, the comparison with a baseline first: that was asked for."""
    report = for_print(report)
    if report.comparison:
        yield comparison_table(report.comparison)
        yield from _one_side(report.comparison)
    if report.measured:
        yield ranking_table(report)
    for board in report.boards:
        if board.value:
            yield value_table(board)
    for board in report.boards:
        yield benchmarks_table(board)
    yield from _what_else(report)


def outcome(report: Report) -> Iterator[FittingTable]:
    """What one wants to know at a run's end: the ranking, and the benchmarks where it has one machine only."""
    report = for_print(report)
    if not report.measured:
        return
    yield ranking_table(report)
    several = any(len(board.ranking) > 1 for board in report.boards)
    if not several and sum(len(board.benchmarks) for board in report.boards) <= _FEW_BENCHMARKS:
        yield from map(benchmarks_table, report.boards)


def ranking_table(report: Report) -> FittingTable:
    """Geometric means with intervals, one section for each variant; its caption says how to read them."""
    table = _table("Ranking", "place", "machine", "geometric mean", "95 % interval", "to the best", "", "tasks")
    table.caption = _caption(report)
    for board in report.boards:
        if len(report.boards) > 1:
            _section(table, _board_title(report, board))
        if not board.ranking:
            table.add_row("", Text("no benchmark was measured on every machine"))
        for row in board.ranking:
            table.add_row(*_ranked(row, board))
        table.add_section()
    return table


def _section(table: FittingTable, name: str) -> None:
    table.add_row("", Text(name, style="bold"))


def _board_title(report: Report, board: Board) -> str:
    return words.title(board, several_workloads=len({one.workload for one in report.boards}) > 1)


def _ranked(row: Ranked, board: Board) -> list[Text]:
    cells = [
        str(row.place),
        row.label,
        words.quantity(row.geometric_mean, board.unit),
        words.interval(row.geometric_mean_interval, board.unit, like=row.geometric_mean),
        _to_best(row),
        words.noise(row.to_best.verdict),
        str(row.tasks),
    ]
    return [Text(cell) for cell in cells]


def _to_best(row: Ranked) -> str:
    """`+13.4 % (+11.0 % to +16.0 %)`"""
    ends = words.differences(row.to_best.interval) if row.to_best.interval else ""
    return words.to_best(row.to_best) + (f" ({ends})" if ends else "")


def _caption(report: Report) -> str:
    if not report.boards:
        return escape(" ".join(report.warnings[:1]) or "Nothing was measured.")
    sizes = {len(board.common) for board in report.boards}
    count = f"{min(sizes)} to {max(sizes)}" if len(sizes) > 1 else str(next(iter(sizes)))
    what = f"the {count} benchmarks" if sizes != {1} else "the one benchmark"
    if all(len(board.ranking) < 2 for board in report.boards):
        return f"Geometric mean over {what}; tasks are the repeats."
    said = f"Geometric mean over {what} that every machine has; tasks are the repeats"
    return said + "; Welch's t with Holm's correction tells what is beyond noise."


def value_table(board: Board) -> FittingTable:
    title = f"Speed per dollar: {words.title(board)}"
    table = _table(title, "place", "machine", "an hour", "speed per dollar", "95 % interval", "price from")
    for row in board.value:
        table.add_row(*(Text(cell) for cell in _value(row)))
    return table


def _value(row: Value) -> list[str]:
    ends = f"{words.share(row.interval[0])} to {words.share(row.interval[1])}" if row.interval else ""
    return [
        "" if row.place is None else str(row.place),
        row.label,
        words.dollars(row.usd_per_hour),
        "" if row.per_dollar is None else words.share(row.per_dollar),
        ends,
        "no price in the table" if row.usd_per_hour is None else f"{row.source}, {row.date}",
    ]


def benchmarks_table(board: Board) -> FittingTable:
    """A row for each benchmark and machine; without what compares machines where there is only one."""
    several = len({cell.label for one in board.benchmarks for cell in one.cells}) > 1
    title = words.title(board) if several else f"{words.title(board)} on {_only_machine(board)}"
    columns = ["benchmark", "machine", "mean", "95 % interval", "to the best", "", "between tasks", "within a task"]
    kept = [number for number, name in enumerate(columns) if several or name not in _COMPARING]
    table = _table(f"Benchmarks: {escape(title)}", *(columns[number] for number in kept))
    for one in board.benchmarks:
        for number, cell in enumerate(one.cells):
            row = [one.benchmark if number == 0 else "", *_cell(cell, one.unit)]
            table.add_row(*(Text(row[number]) for number in kept))
        if several:
            table.add_section()
    return table


def _only_machine(board: Board) -> str:
    return next((cell.label for one in board.benchmarks for cell in one.cells), "no machine")


def _cell(cell: Cell, unit: str) -> list[str]:
    return [
        cell.label,
        words.quantity(cell.mean, unit),
        words.interval(cell.interval, unit, like=cell.mean) + (" (one task)" if cell.tasks == 1 else ""),
        words.to_best(cell.to_best),
        words.noise(cell.to_best.verdict),
        words.share(cell.spread.between_tasks if cell.spread else None),
        words.share(cell.spread.within_tasks if cell.spread else None),
    ]


def comparison_table(found: RunComparison) -> FittingTable:
    title = f"Against baseline {escape(found.baseline)}"
    table = _table(title, "machine", "variant", "benchmark", "old", "new", "difference", "95 % interval", "")
    for row in found.rows:
        name = row.benchmark or f"geometric mean of {row.benchmarks}"
        verdict = words.verdict(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better)
        style = "bold red" if row.regression else ""
        cells = [
            row.label,
            words.row_title(found, row),
            name,
            words.quantity(row.old, row.unit),
            words.quantity(row.new, row.unit),
        ]
        cells += [words.difference(row.relation.ratio), words.differences(row.relation.interval), verdict]
        table.add_row(*(Text(cell, style=style) for cell in cells))
    table.caption = f"{words.compared(found)} Holm's correction over {found.tests} tests."
    return table


def _one_side(found: RunComparison) -> Iterator[FittingTable]:
    lists = {
        "failed now and not before": found.failed, "only in the baseline": found.only_in_baseline,
        "only in this run": found.only_new,
    }  # fmt: skip
    if any(lists.values()):
        table = _table("Not compared", "why", "what")
        for why, names in lists.items():
            for name in names[:_MOST_LISTED]:
                table.add_row(Text(why), Text(name))
            if len(names) > _MOST_LISTED:
                table.add_row(Text(why), Text(f"and {len(names) - _MOST_LISTED} more: --json has them all"))
        yield table


def _what_else(report: Report) -> Iterator[FittingTable]:
    """Only tables that have a row."""
    if report.task_problems:
        table = _table("Tasks without a whole result", "run", "task", "machine", "outcome", "reason")
        for task in report.task_problems:
            table.add_row(*map(Text, (task.run_id, task.task, task.label, task.outcome, task.reason or "")))
        yield table
    if report.benchmark_problems:
        table = _table("Benchmarks that failed", "run", "task", "benchmark", "variant", "reason")
        for one in report.benchmark_problems:
            table.add_row(*map(Text, (one.run_id, one.task, one.benchmark, one.variant, one.reason)))
        yield table
    if report.differences:
        table = _table("What else differed", "what", "", "among", "value", "who")
        for found in report.differences:
            for value, who in found.values.items():
                table.add_row(*map(Text, (found.name, found.level, found.among, value, ", ".join(who))))
        yield table


def _table(title: str, *columns: str) -> FittingTable:
    return FittingTable(title, columns, spare=_SPARE, right=_RIGHT)
