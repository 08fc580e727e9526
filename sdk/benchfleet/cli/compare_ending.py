"""What is printed at the end of a comparison: how B differs from A, and how far that can be trusted."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchfleet_results.boards.tasks import HAS_RESULTS, Task

from benchfleet import exit_codes
from benchfleet.cli.documents.compare import Compared
from benchfleet.cli.fitting_table import FittingTable
from benchfleet.cli.sentences import say, warn
from benchfleet.exceptions import BenchfleetError
from benchfleet.report import words
from benchfleet.report.model.report import Report
from benchfleet.report.pair import PairRow, headlines, rows_of
from benchfleet.report.pairing import taken
from benchfleet.report.printing import printable, shown
from benchfleet.running.driver import RunDriver
from benchfleet.running.leaving import Ended

Names = tuple[str, str]


def end(
    driver: RunDriver,
    outcome: Ended | BaseException,
    names: Names,
    *,
    limit: float | None,
    as_json: bool,
    legend: Sequence[str] = (),
) -> int:
    """Prints all of it; returns the exit code. `limit`: the slowdown that is too much; `legend`: what A and B stand for."""
    from benchfleet.cli.run_ending import print_failure

    if isinstance(outcome, BaseException):
        return print_failure(driver, outcome)
    for line in filter(None, (outcome.words, outcome.next_step)):
        say(line)
    if outcome.folder is None:
        return outcome.exit_code
    try:
        return _told(outcome.folder, outcome.exit_code, names, limit=limit, as_json=as_json, legend=legend)
    except BenchfleetError as error:
        warn(str(error))
        return error.exit_code


def _told(folder: Path, code: int, names: Names, *, limit: float | None, as_json: bool, legend: Sequence[str]) -> int:
    from benchfleet.cli.output import print_document
    from benchfleet.report.analysis import Options, analyse
    from benchfleet.report.reading import read_runs

    dataset = read_runs([folder])
    report = analyse(dataset, Options(by=("subject",)))
    rows = rows_of(report, *names)
    reasons = list(wrong(rows, names, limit))
    code = code or (exit_codes.FAILED if reasons else exit_codes.OK)
    mine = [task for task in dataset.tasks if task.subject in names]
    counted = taken(dataset.runs, mine)
    document = Compared(
        run_id=dataset.runs[0].run_id, a=names[0], b=names[1], rows=rows,
        complete_repeats=sum(one.complete for one in counted),
        repeats_on_one_instance=sum(one.complete - one.other_instance for one in counted),
        repeats_long_apart=sum(one.long_apart for one in counted),
        repeats_incomplete=sum(one.incomplete for one in counted) if counted else _alone(mine),
        repeats_left_out=sum(one.left_out for one in counted),
        noise_floor=report.noise_floor, quality=report.quality.headline or None, warnings=report.warnings,
        results_dir=str(folder), exit_code=code,
    )  # fmt: skip
    if as_json:
        print_document(document)
    else:
        _print(document, report, legend)
    for reason in reasons:
        warn(reason)
    return code


def _alone(tasks: Sequence[Task]) -> int:
    """Repeats with a result, where none has both."""
    return len({(task.group[:2], task.repeat) for task in tasks if task.outcome in HAS_RESULTS})


def wrong(rows: Sequence[PairRow], names: Names, limit: float | None) -> list[str]:
    """Why the exit code is 1 although all tasks completed. `limit`: the slowdown that is too much, as a share."""
    if not any(row.relation.verdict in ("better", "worse", "unclear") for row in rows):
        return [f"{names[1]} and {names[0]} could not be compared: too few tasks have a result"]
    over = [row for row in rows if limit is not None and _slower(row, limit)]
    if not over:
        return []
    worst = max(over, key=lambda row: row.relation.ratio or 0.0)
    what = f"{worst.benchmark or 'the geometric mean'} by {words.apart(worst.relation, worst.unit, worst.better)}"
    return [f"{names[1]} is worse than {names[0]} by more than {words.share(limit)} and beyond noise: {what}"]


def _slower(row: PairRow, limit: float) -> bool:
    """Of a difference the limit is a share of what A has."""
    if row.relation.verdict != "worse":
        return False
    if row.relation.ratio is not None:
        return row.relation.ratio > 1 + limit
    return (row.relation.difference or 0.0) > limit * abs(row.a or 0.0)


def _print(document: Compared, report: Report, legend: Sequence[str]) -> None:
    from benchfleet.cli.output import print_table
    from benchfleet.cli.report_tables import noise_floor_tables
    from benchfleet.cli.report_warnings import print_warnings
    from benchfleet.report.printing import for_print

    print_warnings(report)
    for line in lead(document, legend):
        say(line, sys.stdout)
    for table in (_table(document), *noise_floor_tables(for_print(report))):
        print()
        print_table(table)
    print()
    say(f"Results: {document.results_dir}/; `benchfleet report {document.results_dir}` has more", sys.stdout)


def lead(document: Compared, legend: Sequence[str]) -> Iterator[str]:
    """The answer, what its letters mean, and how far it can be believed."""
    yield from headlines(document.rows, document.a, document.b)
    for name, text in zip((document.a, document.b), legend, strict=False):
        yield f"  {name}: {printable(text)}"
    yield _how(document)
    if document.quality:
        yield document.quality


def _table(document: Compared) -> FittingTable:
    """Machine and variant are columns where there are several."""
    means = f"mean of {document.a}", f"mean of {document.b}"
    several = [name for name in ("machine", "variant") if len({getattr(row, name) for row in document.rows}) > 1]
    columns = (*several, "benchmark", *means, "difference", "interval", "")
    table = FittingTable(
        f"{document.b} against {document.a}", columns, spare=("variant", "machine", "interval"),
        right=frozenset({*means, "difference", "interval"}),
    )  # fmt: skip
    for row in document.rows:
        table.add_row(*(shown(getattr(row, name) or "") for name in several), *_cells(row))
    return table


def _cells(row: PairRow) -> tuple[str, ...]:
    return (
        shown(row.benchmark or "all"), words.quantity(row.a, row.unit), words.quantity(row.b, row.unit),
        words.apart(row.relation, row.unit, row.better), words.apart_interval(row.relation, row.unit, row.better),
        words.verdict(row.relation.verdict, metric=row.metric, unit=row.unit, better=row.better),
    )  # fmt: skip


def _how(document: Compared) -> str:
    pairs, together = document.complete_repeats, document.repeats_on_one_instance
    if not pairs:
        alone = document.repeats_incomplete
        return f"No pair was measured: in {alone} repeat{'s' * (alone != 1)} only one of the two has a result."
    where = "each on one instance" if together == pairs else f"{together} of them on one known instance each"
    apart = f", {document.repeats_long_apart} with a long wait in between" if document.repeats_long_apart else ""
    lost = f" {document.repeats_incomplete} more with one of the two alone." if document.repeats_incomplete else ""
    out = f" {document.repeats_left_out} not measured together and left out." if document.repeats_left_out else ""
    return f"{pairs} pair{'s' * (pairs != 1)} measured by turns (ABBA), {where}{apart}.{lost}{out}"
