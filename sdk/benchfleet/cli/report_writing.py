"""The forms of a report, to files and stdout."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from benchfleet.exceptions import DiskError
from benchfleet.local.files import replace_whole

if TYPE_CHECKING:
    from benchfleet.report.model.report import Report

STDOUT = "-"
_FEW_TABLES = 3  # that fit a screen with what is above them


def write(
    report: "Report",
    *,
    html: Path | None,
    csv: str | None,
    md: str | None,
    junit: Path | None,
    as_json: bool,
    detail: Mapping[str, bool],
) -> None:
    from benchfleet.report import csv_file
    from benchfleet.report.history import csv as history_csv

    if html:
        from benchfleet.report.page import render

        _put(str(html), render(report))
    if csv:
        _put(csv, history_csv.as_csv(report.history) if report.history else csv_file.as_csv(report))
    if md:
        from benchfleet.report.comment import as_comment

        _put(md, as_comment(report, **detail))
    if junit:
        from benchfleet.report.junit import as_junit

        _put(str(junit), as_junit(report).decode())
    if as_json:
        print(json.dumps(report.model_dump(mode="json"), indent=2))  # ASCII, whatever the terminal can show
    if not (html or csv or md or junit or as_json):
        _print_tables(report, detail)


def _put(where: str, text: str) -> None:
    """A file appears whole or not at all. Raises DiskError."""
    if where == STDOUT:
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


def _print_tables(report: "Report", detail: Mapping[str, bool]) -> None:
    from benchfleet.cli import history_table, report_tables
    from benchfleet.cli.output import print_table
    from benchfleet.cli.report_lead import Lead
    from benchfleet.cli.report_warnings import print_warnings

    print_warnings(report)
    printed = 0
    for table in history_table.tables(report) if report.history else report_tables.tables(report, **detail):
        print_table(table)
        print()
        printed += 1
    if printed > _FEW_TABLES and not report.history and sys.stdout.isatty():
        print_table(Lead(report))  # once more: the top has scrolled away
