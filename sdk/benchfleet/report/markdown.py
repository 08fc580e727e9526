"""A report as Markdown tables, short enough for a comment on a pull request."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from benchfleet.report import words
from benchfleet.report.lead import against_baseline, blocks, heading, no_ranking, notes
from benchfleet.report.model.board import Board
from benchfleet.report.model.comparison import RunComparison
from benchfleet.report.model.factors import FactorTable
from benchfleet.report.model.money import Value
from benchfleet.report.model.report import Report
from benchfleet.report.printing import for_print
from benchfleet.report.quality import markdown as quality_markdown
from benchfleet.report.quality import words as quality_words
from benchfleet.report.repeats import doubtful, repeats
from benchfleet.report.unparted import unparted

_TEXTS = frozenset(
    {"", "machine", "subject", "benchmark", "variant", "verdict", "price from", "run", "series", "what else changed"}
)
_MOST_ROWS = 60  # of the comparison, and entries of a list
_MOST_LINES = 100  # of the variants' tables
_MOST_CHARS = 50_000  # up to the last table of benchmarks: GitHub takes comments of 65,536 characters


def as_markdown(report: Report, *, everything: bool = False, distributions: bool = False) -> str:
    """`everything`: factors within noise, too. `distributions`: medians and quartiles of each benchmark."""
    report = for_print(report)
    lines = [f"## Benchmark report: {', '.join(escape(run.run_id) for run in report.runs if run.role == 'measured')}"]
    lines += _lead(report)
    lines += quality_markdown.headline(report.quality, prose)
    lines += [f"\n> **Note:** {prose(warning)}" for warning in quality_words.others(report)]
    if report.comparison:
        lines += _comparison(report.comparison, words.who(report), everything=everything)
    for board in report.boards:
        lines += _ranking(board)
        lines += _value(board)
        lines += _within(_MOST_CHARS - _size(lines), _benchmarks(board), f"{len(board.benchmarks)} benchmarks")
    lines += _factor_lines(report.factors, everything=everything)
    if distributions:
        found = [line for board in report.boards for line in _distributions(board)]
        lines += _within(_MOST_CHARS - _size(lines), found, "samples")
    lines += _variants(report)
    lines += quality_markdown.grades(report.quality, words.who(report), escape)
    lines += _problems(report)
    lines += _differences(report)
    said = words.corrected([*report.boards, *report.variants])
    lines.append(
        f"\n<sub>{escape(report.generator)}. Intervals of means are at 95 %.{f' {said}' if said else ''}</sub>"
    )
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text stays text: no HTML, no table cells, no links, no emphasis, no formulas, no mentions of people or issues.

    GitHub looks for mentions in what Markdown has made, so a backslash does not stop them: a blank of no width does.
    """
    harmless = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    escaped = re.sub(r"([\\`*_{}\[\]()#!|~])", r"\\\1", harmless).replace("@", "@\u200b")
    unlinked = re.sub(r"(?i)\bwww\.|://|#(?=\d)|\bgh-(?=\d)", _split, escaped)
    return unlinked.replace("$", "<span>$</span>")


def prose(text: str) -> str:
    return escape(unparted(text))


def _split(found: re.Match[str]) -> str:
    """`#12` → `#` and 12 with a blank between them; of a link before its last character."""
    word = found[0]
    return f"{word}\u200b" if word[-1] in "#-" else f"{word[:-1]}\u200b{word[-1]}"


def _lead(report: Report) -> Iterator[str]:
    if asked := against_baseline(report):
        yield f"\n**{prose(asked)}**"
    for block in blocks(report):
        for answer in block.answers:
            told = f" {prose(answer.detail)}" if answer.detail else ""
            yield f"\n**{escape(heading(answer, block))}: {prose(answer.short)}.**{told}"
    yield from (f"\n{prose(note)}" for note in notes(report))


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _within(room: int, lines: list[str], what: str) -> list[str]:
    """The lines if there is room for them, else that they are left out."""
    fits = _size(lines) <= room
    return lines if fits else ["", f"The table of {what} is too long for a comment: --csv and --html have it."]


def table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    marks = ["---" if set(name.split(" / ")) & _TEXTS else "---:" for name in head]
    return ["", _line(head), _line(marks), *(_line(row) for row in rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _comparison(found: RunComparison, who: str, *, everything: bool) -> list[str]:
    shown = found.rows if everything else words.notable(found)
    lines = ["", f"### Against baseline {escape(found.baseline)}", "", words.compared(found)]
    rows = (
        (
            escape(row.label),
            escape(words.row_title(found, row)),
            escape(row.benchmark) if row.benchmark else f"**geometric mean of {row.benchmarks}**",
            escape(words.quantity(row.old, row.unit)),
            escape(words.quantity(row.new, row.unit)),
            escape(words.apart(row.relation, row.unit, row.better)),
            escape(words.apart_interval(row.relation, row.unit, row.better)),
            ("❌ " if row.regression else "")
            + words.verdict(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better),
        )
        for row in shown[:_MOST_ROWS]
    )
    head = (who, "variant", "benchmark", "old", "new", "difference", "interval", "verdict")
    lines += table(head, rows) if shown else []
    more = len(shown) - _MOST_ROWS
    left = sum(row.regression for row in shown[_MOST_ROWS:])
    lines += [f"\n… and {more} more rows, {left or 'none'} of them worse beyond that."] if more > 0 else []
    hidden = "" if everything else words.hidden(found)
    lines += [f"\n{hidden}: `--all` shows them."] if hidden else []
    return [*lines, *_one_side(found)]


def _one_side(found: RunComparison) -> list[str]:
    lines = [f"- ❌ failed now and not before: {escape(name)}" for name in found.failed]
    lines += [f"- only in the baseline: {escape(name)}" for name in found.only_in_baseline]
    lines += [f"- only new: {escape(name)}" for name in found.only_new]
    lines += [f"- ignored by {escape(one.rule)}: {escape(one.what)}" for one in found.ignored]
    return ["", "Not compared:", "", *_first(lines)] if lines else []


def _ranking(board: Board) -> list[str]:
    lines = ["", f"### {escape(board.title)}: {words.over(board)}"]
    if not board.ranking:
        return [*lines, "", " ".join(filter(None, [escape(no_ranking(board)), doubtful([board])]))]
    lines += [*_ranking_table(board), "", repeats([board])]
    lines += [f"\nLeft out: {escape(one.benchmark)} ({escape(one.reason)})." for one in board.left_out[:20]]
    return lines


def _ranking_table(board: Board) -> list[str]:
    rows = (
        (
            str(row.place),
            escape(row.label),
            escape(words.quantity(row.centre, board.unit)),
            escape(words.interval(row.centre_interval, board.unit, like=row.centre, narrow=row.narrow)),
            escape(words.to_best(row.to_best, board.unit, board.better)),
            escape(words.apart_interval(row.to_best, board.unit, board.better)),
            words.noise(row.to_best.verdict),
            str(row.tasks),
        )
        for row in board.ranking
    )
    mean = words.mean_name([board])
    head = ("#", words.heading(board.by), mean, "95 % interval", "to the best", "interval", "verdict", "tasks")
    return table(head, rows)


def _variants(report: Report) -> list[str]:
    """Beside rankings of something else: each machine's variants against each other."""
    lines = [
        line
        for board in report.variants
        for line in ("", f"### Variants of {escape(words.whose(board))}", *_ranking_table(board))
    ]
    doubt = doubtful(report.variants)
    return [*_first(lines, most=_MOST_LINES), *(["", doubt] if doubt else [])]


def _value(board: Board) -> list[str]:
    return [
        line for kind, rows in groupby(board.value, key=lambda row: row.kind) for line in _of_kind(kind, rows, board)
    ]


def _of_kind(kind: str, values: Iterator[Value], board: Board) -> list[str]:
    rows = (
        (
            "" if row.place is None else str(row.place),
            escape(row.label),
            words.dollars(row.usd_per_hour),
            *(_costs(row) if row.per_dollar is not None else [""] * 5),
            escape(words.slots(row.slots_at_work)),
            escape(f"{row.source}, {row.date}") if row.source else "no price",
        )
        for row in values
    )
    work = words.million(board.unit)
    head = (
        "an hour",
        "speed per dollar",
        "same work costs",
        "interval",
        "verdict",
        "per million",
        "slots",
        "price from",
    )
    told = f"Speed per dollar, {kind}{f' (per million: {work})' if work else ''}:"
    return ["", told, *table(("#", words.heading(board.by), *head), rows)]


def _costs(row: Value) -> list[str]:
    found = row.to_best
    ends = escape(words.apart_interval(found, None))
    told = escape(words.to_best(found)), ends, words.noise(found.verdict), words.cost(row.usd_per_million)
    return [words.share(row.per_dollar), *told]


def _distributions(board: Board) -> list[str]:
    rows = (
        (escape(one.benchmark), escape(cell.label), *(escape(words.quantity(end, one.unit)) for end in ends))
        for one in board.benchmarks
        for cell in one.cells
        if (lie := cell.distribution)
        for ends in [(lie.minimum, *lie.quartiles, lie.maximum)]
    )
    head = ("benchmark", words.heading(board.by), "minimum", "25 %", "median", "75 %", "maximum")
    return ["", f"<details><summary>Samples, {escape(board.title)}</summary>", *table(head, rows), "", "</details>"]


def _factor_lines(tables: Sequence[FactorTable], *, everything: bool) -> list[str]:
    lines = [line for pair in tables for line in _factors(pair, everything=everything)]
    return _first(lines, most=_MOST_LINES)


def _factors(pair: FactorTable, *, everything: bool) -> Iterator[str]:
    yield from ("", f"### {escape(words.against(pair))}")
    found = [row for row in pair.rows if everything or row.relation.beyond_noise]
    rows = (
        (
            escape(row.benchmark) if row.benchmark else f"**geometric mean of {row.benchmarks}**",
            escape(words.quantity(row.old, row.unit)),
            escape(words.quantity(row.new, row.unit)),
            escape(words.by_factor(row, pair.better)),
            escape(words.by_factor_interval(row, pair.better)),
            words.verdict(row.relation.verdict, metric=pair.metric, unit=row.unit, better=pair.better),
        )
        for row in [*([pair.overall] if pair.overall else []), *found]
    )
    yield from table(("benchmark", escape(pair.old), escape(pair.new), "factor", "interval", "verdict"), rows)
    hidden = "" if everything else words.left_out(pair)
    yield f"\nFactor: {escape(words.factor_meaning(pair))}.{f' {hidden} (`--all` shows them).' if hidden else ''}"


def _benchmarks(board: Board) -> list[str]:
    rows = (
        (
            escape(one.benchmark),
            escape(cell.label),
            escape(words.quantity(cell.mean, one.unit)),
            escape(words.interval_of(cell, one.unit)),
            escape(words.to_best(cell.to_best, one.unit, board.better)),
            words.noise(cell.to_best.verdict),
        )
        for one in board.benchmarks
        for cell in one.cells
    )
    head = ("benchmark", words.heading(board.by), "mean", "95 % interval", "to the best", "verdict")
    count = len(board.benchmarks)
    summary = f"<details><summary>{count} benchmark{'s' * (count != 1)}</summary>"
    return ["", summary, *table(head, rows), "", "</details>"]


def _problems(report: Report) -> list[str]:
    lines = [
        f"- {escape(task.run_id)} {escape(task.task)} ({escape(task.label)}): {task.outcome}, "
        f"{escape(task.reason or 'no reason given')}"
        for task in report.task_problems
    ]
    return ["", "### Tasks without a whole result", "", *_first(lines)] if lines else []


def _differences(report: Report) -> list[str]:
    lines = [
        f"- {escape(found.name)} ({found.level}, among {found.among}): "
        + "; ".join(f"{escape(value)} on {escape(', '.join(who))}" for value, who in found.values.items())
        for found in report.differences
    ]
    return ["", "### What else differed", "", *_first(lines)] if lines else []


def _first(lines: list[str], *, most: int = _MOST_ROWS) -> list[str]:
    more = len(lines) - most
    return lines if more <= 0 else [*lines[:most], f"- … and {more} more"]
