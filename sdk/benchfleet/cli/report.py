"""`benchfleet report`."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfleet.cli.lazy import PlainFlags
from benchfleet.cli.options import AsJson
from benchfleet.cli.run_ids import LATEST, RESULTS, complete
from benchfleet.exceptions import DiskError, RunFailed, UsageError
from benchfleet.local.files import replace_whole

if TYPE_CHECKING:
    from benchfleet.report.model import Report, RunComparison

_STDOUT = "-"
_NAMED = 5  # in a message
_UNREAD = ("corrupt", "unreadable")
_MAY_STAND_ALONE = {"--csv": ".csv", "--md": ".md"}

Runs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RUN_ID|FOLDER]...",
        help="Runs to report on: results/<run id>, or a folder. Without any, or `latest`, the newest in RESULTS.",
        autocompletion=complete,
    ),
]
Csv = Annotated[
    str | None,
    typer.Option("--csv", metavar="[FILE.csv]", help="CSV, one row a group and benchmark; else to stdout."),
]
Markdown = Annotated[
    str | None, typer.Option("--md", metavar="[FILE.md]", help="Markdown, as for a pull request; else to stdout.")
]
Html = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="One page that needs nothing else.")]
Baseline = Annotated[
    str | None,
    typer.Option(
        metavar="RUN_ID|FOLDER",
        help="Compare with this run; exit code 1 if something is slower.",
        autocompletion=complete,
    ),
]
Threshold = Annotated[str, typer.Option(metavar="5%", help="How much slower is too much, beside being beyond noise.")]
MinCompared = Annotated[
    str,
    typer.Option(
        metavar="N|P%",
        help="How many of the baseline's benchmarks must be comparable, else exit code 1; all by default.",
    ),
]
Matches = Annotated[
    list[str] | None,
    typer.Option("--match", metavar="variant=any|variant=OLD:NEW", help="Compare variants of other names; repeatable."),
]
MayFail = Annotated[
    bool, typer.Option("--allow-failed", help="A benchmark that failed now and not in the baseline is no regression.")
]
Prices = Annotated[Path | None, typer.Option(metavar="FILE", help="Price table (TOML or CSV) for speed per dollar.")]
Providers = Annotated[list[str] | None, typer.Option("--provider", metavar="P", help="Only this provider; repeatable.")]
Names = Annotated[
    list[str] | None, typer.Option("--name", metavar="PATTERN", help="Only machines so named, `*` allowed; repeatable.")
]
Subjects = Annotated[
    list[str] | None, typer.Option("--subject", metavar="PATTERN", help="Only these subjects; repeatable.")
]
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="machine|subject|both|variant",
        help="What to compare. By default subjects where there are several (with the machines, if there are several "
        "of those, too), else machines, else variants.",
    ),
]
Benchmarks = Annotated[
    list[str] | None, typer.Option("--benchmark", metavar="PATTERN", help="Only these benchmarks; repeatable.")
]


class ReportCommand(PlainFlags):
    """`--csv` and `--md` may stand alone; they take the next word only if it is a file of their kind, never a run."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, alone(args))


COMMAND_CLASS = ReportCommand


def alone(args: Sequence[str]) -> list[str]:
    """`--csv` → `--csv=-` where no file follows."""
    found: list[str] = []
    for number, word in enumerate(args):
        ending = _MAY_STAND_ALONE.get(word)
        following = args[number + 1] if number + 1 < len(args) else ""
        takes = ending and (following == _STDOUT or following.lower().endswith(ending))
        found.append(f"{word}={_STDOUT}" if ending and not takes else word)
    return found


def run(
    runs: Runs = None,
    results: Annotated[Path, typer.Option(help="Where <run id>/ is looked for.")] = RESULTS,
    html: Html = None,
    csv: Csv = None,
    as_json: AsJson = False,
    md: Markdown = None,
    by: By = None,
    baseline: Baseline = None,
    threshold: Threshold = "5%",
    min_compared: MinCompared = "100%",
    match: Matches = None,
    allow_failed: MayFail = False,
    prices: Prices = None,
    provider: Providers = None,
    name: Names = None,
    subject: Subjects = None,
    benchmark: Benchmarks = None,
) -> None:
    """Compare the results of runs: machines, subjects or variants, with intervals; prices; a baseline.

    Several forms at once are fine; stdout gets one of them. Without --html, --csv, --json or --md it gets tables.

    Exit code 1: something is worse than the baseline beyond the threshold and beyond noise, failed that did not fail
    there, or could not be compared; without a baseline, nothing was measured, or a result could not be read.
    """
    from benchfleet.report.analysis import Options, analyse
    from benchfleet.report.dimensions import parse
    from benchfleet.report.matching import Match
    from benchfleet.report.prices import PriceTable, load
    from benchfleet.report.reading import read_runs

    _one_on_stdout(as_json, csv, md, html)
    least = least_compared(min_compared)
    given = [find(word, results) for word in runs or [LATEST]]
    before = find(baseline, results) if baseline else None
    dataset = read_runs([*given, *([before] if before else [])])
    options = Options(
        by=parse(by) if by is not None else None,
        providers=tuple(provider or ()),
        names=tuple(name or ()),
        subjects=tuple(subject or ()),
        benchmarks=tuple(benchmark or ()),
        baseline=next((one.run_id for one in dataset.runs if before and one.folder == before.resolve()), None),
        threshold=share(threshold),
        prices=load(prices) if prices else PriceTable(),
        match=Match.parse(match or ()),
    )
    report = analyse(dataset, options)
    _something_left(report)
    _write(report, html=html, csv=csv, md=md, as_json=as_json)
    judge(report, least=least, allow_failed=allow_failed)


def _something_left(report: "Report") -> None:
    """Raises UsageError if filters leave no task, naming them: an empty report would look like an empty run."""
    given = {
        "--provider": report.filters.providers,
        "--name": report.filters.names,
        "--subject": report.filters.subjects,
        "--benchmark": report.filters.benchmarks,
    }
    asked = ", ".join(f"{option} {word}" for option, words in given.items() for word in words)
    if asked and not report.measured:
        raise UsageError(f"nothing was measured that fits {asked}: `benchfleet report` without it shows what there is")


def find(word: str, results: Path) -> Path:
    """The folder that is meant. Raises UsageError if there is none."""
    if word == LATEST and not (results / word).is_dir():
        return _newest(results)
    for path in (results / word, Path(word)):
        if path.is_dir():
            return path
    raise UsageError(f"there are no results of {word} in {results}/: `benchfleet runs download {word}` downloads them")


def _newest(results: Path) -> Path:
    try:
        folders = [path for path in results.iterdir() if path.is_dir() and not path.name.startswith(".")]
    except OSError:
        folders = []
    if not folders:
        raise UsageError(f"there are no results in {results}/: name a run or a folder, or make a run first")
    newest = max(folders, key=lambda path: path.stat().st_mtime)
    print(f"benchfleet: the newest results are in {newest}", file=sys.stderr)
    return newest


def share(text: str) -> float:
    """`5%` → 0.05; without the sign it is a share already. Raises UsageError."""
    number, percent = text.strip().removesuffix("%"), text.strip().endswith("%")
    try:
        value = float(number) / (100 if percent else 1)
    except ValueError:
        value = -1.0
    if 0 <= value < 1:
        return value
    raise UsageError(f"--threshold is {text!r}, must be from 0% up to 100%, such as 5%")


def _one_on_stdout(as_json: bool, csv: str | None, md: str | None, html: Path | None) -> None:
    asked = {"--json": as_json, "--csv": csv == _STDOUT, "--md": md == _STDOUT, "--html": str(html) == _STDOUT}
    names = [name for name, wanted in asked.items() if wanted]
    if len(names) > 1:
        raise UsageError(f"{' and '.join(names)} all ask for stdout, which takes one: give the others a file")


def _write(report: "Report", *, html: Path | None, csv: str | None, md: str | None, as_json: bool) -> None:
    from benchfleet.report.csv_file import as_csv
    from benchfleet.report.markdown import as_markdown

    if html:
        from benchfleet.report.page import render

        _put(str(html), render(report))
    if csv:
        _put(csv, as_csv(report))
    if md:
        _put(md, as_markdown(report))
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), indent=2))  # ASCII, whatever the terminal can show
    if not (html or csv or md or as_json):
        _print_tables(report)


def _put(where: str, text: str) -> None:
    """A file appears whole or not at all. Raises DiskError."""
    if where == _STDOUT:
        sys.stdout.write(text)
        return
    path = Path(where)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(text.encode())  # a device or a pipe, such as /dev/null, is written to and not replaced
        else:
            replace_whole(path.resolve(), text.encode())
    except OSError as error:
        raise DiskError(f"cannot write {where}: {error.strerror}") from error
    print(f"benchfleet: wrote {where}", file=sys.stderr)


def _print_tables(report: "Report") -> None:
    from benchfleet.cli.output import print_table
    from benchfleet.cli.report_tables import tables

    for warning in report.warnings:
        print(f"benchfleet: {warning}", file=sys.stderr)
    for table in tables(report):
        print_table(table)
        print()


def least_compared(text: str) -> Callable[[int], int]:
    """`100%` or `12` → what that is of a number of benchmarks. Raises UsageError."""
    number = text.strip().removesuffix("%")
    percent = text.strip().endswith("%")
    if not (number.isascii() and number.isdigit() and len(number) < 9) or (percent and int(number) > 100):
        raise UsageError(f"--min-compared is {text!r}, must be a number of benchmarks or 0% to 100%")
    return lambda total: -(-total * int(number) // 100) if percent else int(number)


def judge(report: "Report", *, least: Callable[[int], int], allow_failed: bool = False) -> None:
    """Raises RunFailed with every reason why not all is well."""
    found = report.comparison
    reasons = [*_unread(report)]
    if found:
        reasons += [*_worse(found), *_missing(found, max(least(found.of_baseline), 1))]
        reasons += [f"failed and did not before: {_some(found.failed)}"] if found.failed and not allow_failed else []
    elif not report.measured:
        reasons.append("nothing was measured: no task has a result")
    if reasons:
        raise RunFailed("; ".join(reasons))


def _unread(report: "Report") -> Iterator[str]:
    odd = [f"{task.task} of run {task.run_id}" for task in report.task_problems if task.outcome in _UNREAD]
    if odd:
        yield f"{len(odd)} result{'s' * (len(odd) != 1)} could not be read: {_some(odd)}"


def _missing(found: "RunComparison", least: int) -> Iterator[str]:
    if found.compared < least:
        yield (
            f"{found.compared} of {found.of_baseline} benchmarks could be compared with {found.baseline}, at least "
            f"{least} must be (--min-compared)"
        )


def _worse(found: "RunComparison") -> Iterator[str]:
    """With names as the tables show them, so that they can be looked for there."""
    from benchfleet.report.printing import shown
    from benchfleet.report.words import apart, row_title, share

    worst = [
        f"{shown(row.benchmark or 'geometric mean')} ({shown(row_title(found, row))}) on {shown(row.label)} "
        f"{apart(row.relation, row.unit)}"
        for row in found.regressions
    ]
    if worst:
        yield f"worse than {found.baseline} by more than {share(found.threshold)} and beyond noise: {_first(worst)}"


def _some(names: list[str]) -> str:
    from benchfleet.report.printing import shown

    return _first([*map(shown, names[:_NAMED]), *names[_NAMED:]])


def _first(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
