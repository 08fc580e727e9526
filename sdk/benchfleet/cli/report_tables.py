"""A report in the terminal."""

from collections.abc import Iterator
from itertools import groupby

from benchfleet_results.boards.model import Ranked
from rich.markup import escape
from rich.text import Text

from benchfleet.cli.fitting_table import FittingTable
from benchfleet.cli.load_pictures import pictures
from benchfleet.cli.quality_table import quality_table
from benchfleet.cli.report_comparisons import distribution_table, factor_tables
from benchfleet.cli.report_lead import Lead
from benchfleet.report import words
from benchfleet.report.lead import no_ranking
from benchfleet.report.model.board import Board, Cell
from benchfleet.report.model.comparison import RunComparison
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print
from benchfleet.report.repeats import CLAMPED, DOUBT, clamped, doubtful_benchmarks, doubtful_ranking, repeats

_RIGHT = frozenset({
    "geometric mean", "mean", "95 % interval", "to the best", "tasks", "place", "old", "new", "difference",
    "threshold", "between tasks",
    "within a task", "an hour", "speed per dollar", "same work costs", "interval", "per million", "slots",
})  # fmt: skip
_SPARE = (
    "price from", "slots", "per million", "within a task", "between tasks", "tasks", "threshold", "95 % interval", "place", "old",
    "new",
    "variant", "level", "interval",
    "an hour",
)  # fmt: skip
_MOST_LISTED = 50
_MOST_GRADES, _FEW_GRADES = 20, 4  # rows: of a report, and at the end of a run
_FEW_BENCHMARKS = 40  # that do not scroll everything else away


def tables(report: Report, *, everything: bool = False, distributions: bool = False) -> Iterator[FittingTable | Lead]:
    """Everything that fits a terminal, the answers first. `everything`: what is within noise, too, in tables of factors."""
    report = for_print(report)
    yield Lead(report)
    if report.comparison:
        yield from _against_baseline(report.comparison, words.who(report), everything=everything)
    if report.measured:
        yield ranking_table(report)
    yield from pictures(report)
    yield from noise_floor_tables(report)
    if report.variants:
        yield variants_table(report)
    for board in report.boards:
        yield from value_tables(board)
    yield from factor_tables(report.factors, everything=everything)
    for board in report.boards:
        yield benchmarks_table(board)
    if distributions:
        yield from map(distribution_table, report.boards)
    if report.quality.series:
        yield quality_table(report.quality, most=_MOST_GRADES)
    yield from _what_else(report)


def outcome(report: Report) -> Iterator[FittingTable | Lead]:
    """What one wants to know at a run's end: the answers, the ranking, and the benchmarks where it has one machine only."""
    report = for_print(report)
    if not report.measured:
        return
    yield Lead(report)
    yield ranking_table(report)
    yield from pictures(report)
    yield from noise_floor_tables(report)
    if report.variants:
        yield variants_table(report)
    several = any(len(board.ranking) > 1 for board in report.boards)
    if not several and sum(len(board.benchmarks) for board in report.boards) <= _FEW_BENCHMARKS:
        yield from map(benchmarks_table, report.boards)
    yield quality_table(report.quality, most=_FEW_GRADES)


def ranking_table(report: Report) -> FittingTable:
    """Geometric means with intervals, one section for each variant; its caption says how to read them."""
    group, mean = words.heading(report.by), words.mean_name(report.boards)
    table = _table("Ranking", "place", group, mean, "95 % interval", "to the best", "", "tasks", group=group)
    table.caption = _caption(report)
    table.notes = _doubts(any(map(doubtful_ranking, report.boards)))
    for board in report.boards:
        if len(report.boards) > 1:
            _section(table, board.title)
        if not board.ranking:
            table.add_row("", Text(no_ranking(board)))
        for row in board.ranking:
            table.add_row(*_ranked(row, board))
        table.add_section()
    return table


def _doubts(there: bool) -> dict[str, str]:
    return {"95 % interval": DOUBT} if there else {}


def _section(table: FittingTable, name: str) -> None:
    table.add_row("", Text(name, style="bold"))


def noise_floor_tables(report: Report) -> Iterator[FittingTable]:
    """The one table, where a run measured a subject twice."""
    if not report.noise_floor:
        return
    table = _table("Noise floor", "on", "measured twice", "difference", "interval", "", group="on")
    for floor in report.noise_floor:
        ends = words.apart_interval(floor.relation, floor.unit)
        found = words.apart(floor.relation, floor.unit), ends, words.noise(floor.relation.verdict)
        table.add_row(*(Text(cell) for cell in (floor.label, floor.subject, *found)))
    table.caption = (
        "The same work, measured under two names: this difference is noise. A difference elsewhere that is no larger may "
        "be noise, too."
    )
    yield table


def variants_table(report: Report) -> FittingTable:
    """Beside a ranking of something else: the variants of each machine and subject against each other."""
    mean = words.mean_name(report.variants)
    table = _table("Variants", "place", "variant", mean, "95 % interval", "to the best", "", "tasks", group="variant")
    table.caption = "Over the benchmarks that all variants have; --by variant compares each benchmark."
    table.notes = _doubts(any(map(doubtful_ranking, report.variants)))
    for board in report.variants:
        _section(table, words.whose(board))
        for row in board.ranking:
            table.add_row(*_ranked(row, board))
        table.add_section()
    return table


def _ranked(row: Ranked, board: Board) -> list[Text]:
    cells = [
        str(row.place),
        row.label,
        words.quantity(row.centre, board.unit),
        words.interval(row.centre_interval, board.unit, like=row.centre, narrow=row.narrow),
        _to_best(row, board),
        words.noise(row.to_best.verdict),
        str(row.tasks),
    ]
    return [Text(cell) for cell in cells]


def _to_best(row: Ranked, board: Board) -> str:
    """`+13.4 % (+11.0 % to +16.0 %)`"""
    ends = words.apart_interval(row.to_best, board.unit, board.better)
    return words.to_best(row.to_best, board.unit, board.better) + (f" ({ends})" if ends != words.NONE else "")


def _caption(report: Report) -> str:
    if not report.boards:
        return escape(" ".join(report.warnings[:1]) or "Nothing was measured.")
    sizes = {len(board.common) for board in report.boards}
    count = f"{min(sizes)} to {max(sizes)}" if len(sizes) > 1 else str(next(iter(sizes)))
    what = f"the {count} benchmarks" if sizes != {1} else "the one benchmark"
    mean = "Geometric mean" if words.mean_name(report.boards) == "geometric mean" else "Mean"
    if all(len(board.ranking) < 2 for board in report.boards):
        return f"{mean} over {what}. {repeats(report.boards, marks=False)}".rstrip()
    said = f"{mean} over {what} that every {words.noun(report.by)} has. {repeats(report.boards, marks=False)}".rstrip()
    return " ".join(filter(None, [said, words.corrected(report.boards)]))


def value_tables(board: Board) -> Iterator[FittingTable]:
    """One for each kind of price."""
    for kind, found in groupby(board.value, key=lambda row: row.kind):
        rows = list(found)
        title = f"Speed per dollar, {kind}: {escape(board.title)}"
        columns = (
            "place",
            words.heading(board.by),
            "an hour",
            "speed per dollar",
            "same work costs",
            "interval",
            "",
            "per million",
        )
        table = _table(title, *columns, "slots", "price from", group=words.heading(board.by))
        for row in rows:
            table.add_row(*(Text(cell) for cell in _value(row)))
        work = words.million(board.unit)
        table.notes = {"per million": f"Per million: {work}."} if work else {}
        if any(row.to_best.interval for row in rows):
            table.notes["interval"] = "Intervals of costs are corrected, as verdicts are."
        yield table


def _value(row: Value) -> list[str]:
    priced = row.per_dollar is not None
    return [
        "" if row.place is None else str(row.place),
        row.label,
        words.dollars(row.usd_per_hour) or "no price",
        words.share(row.per_dollar) if priced else "",
        words.to_best(row.to_best) if priced else "",
        words.apart_interval(row.to_best, None) if priced else "",
        words.noise(row.to_best.verdict) if priced else "",
        words.cost(row.usd_per_million) if priced else "",
        words.slots(row.slots_at_work),
        "" if row.usd_per_hour is None else f"{row.source}, {row.date}",
    ]


def benchmarks_table(board: Board) -> FittingTable:
    """A row for each benchmark and group; without what compares groups where there is only one."""
    several = len({cell.label for one in board.benchmarks for cell in one.cells}) > 1
    title = board.title if several else f"{board.title} on {_only_group(board)}"
    group = words.heading(board.by)
    columns = ["benchmark", group, "mean", "95 % interval", "to the best", "", "between tasks", "within a task"]
    kept = [number for number, name in enumerate(columns) if several or name not in (group, "to the best", "")]
    table = _table(f"Benchmarks: {escape(title)}", *(columns[number] for number in kept), group=group)
    table.notes = _doubts(doubtful_benchmarks(board)) | ({"between tasks": CLAMPED} if clamped(board) else {})
    for one in board.benchmarks:
        for number, cell in enumerate(one.cells):
            row = [one.benchmark if number == 0 else "", *_cell(cell, one.unit, board.better)]
            table.add_row(*(Text(row[number]) for number in kept))
        if several:
            table.add_section()
    return table


def _only_group(board: Board) -> str:
    return next((cell.label for one in board.benchmarks for cell in one.cells), "nothing")


def _cell(cell: Cell, unit: str, better: str) -> list[str]:
    return [
        cell.label,
        words.quantity(cell.mean, unit),
        words.interval_of(cell, unit),
        words.to_best(cell.to_best, unit, better),
        words.noise(cell.to_best.verdict),
        words.share(cell.spread.between_tasks if cell.spread else None)
        + "†" * (cell.spread is not None and cell.spread.clamped),
        words.share(cell.spread.within_tasks if cell.spread else None),
    ]


def _against_baseline(found: RunComparison, who: str, *, everything: bool) -> Iterator[FittingTable]:
    if found.rows:
        yield comparison_table(found, who, everything=everything)
    yield from _one_side(found)


def comparison_table(found: RunComparison, who: str = "machine", *, everything: bool = False) -> FittingTable:
    """What is within noise is counted, unless all is asked for. Rows of several variants are told apart at any width."""
    title = f"Against baseline {escape(found.baseline)}"
    table = _table(title, who, "variant", "benchmark", "old", "new", "difference", "interval", "", "threshold")
    if len({words.row_title(found, row) for row in found.rows}) > 1:
        table.spare = tuple(name for name in table.spare if name != "variant")
    for row in found.rows if everything else words.notable(found):
        name = row.benchmark or f"geometric mean of {row.benchmarks}"
        verdict = words.comparative_or_noise(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better)
        style = "bold red" if row.regression else ""
        cells = [
            row.label,
            words.row_title(found, row),
            name,
            words.quantity(row.old, row.unit),
            words.quantity(row.new, row.unit),
        ]
        cells += [
            words.apart(row.relation, row.unit, row.better),
            words.apart_interval(row.relation, row.unit, row.better),
            verdict,
        ]
        cells += [words.share(row.threshold)]
        table.add_row(*(Text(cell, style=style) for cell in cells))
    left = words.hidden(found)
    hint = f" {left}: --all shows them." if left and not everything else ""
    sure = "What is called worse or better, slower or faster, is so beyond noise."
    corrected = f" Corrected for {found.tests} tests." if found.tests > 1 else ""
    table.caption = f"{words.compared(found)} {sure}{corrected}{hint}"
    return table


def _one_side(found: RunComparison) -> Iterator[FittingTable]:
    lists = {
        "failed now and not before": found.failed, "only in the baseline": found.only_in_baseline,
        "only in this run": found.only_new, "ignored": [f"{one.what}, by {one.rule}" for one in found.ignored],
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
        table = _table("Tasks without a whole result", "run", "task", words.who(report), "outcome", "reason")
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


def _table(title: str, *columns: str, group: str | None = None) -> FittingTable:
    """`group`: the column that says what a row is of, which no terminal is too narrow for."""
    return FittingTable(title, columns, spare=tuple(name for name in _SPARE if name != group), right=_RIGHT)
