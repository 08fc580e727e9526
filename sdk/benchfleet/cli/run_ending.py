"""What is printed at the end of a run: the ranking, what went wrong, and the line for programs."""

import sys
from pathlib import Path

from benchfleet import exit_codes
from benchfleet.cli.documents.run import RunEnded
from benchfleet.cli.sentences import say, warn
from benchfleet.exceptions import BenchfleetError, RunUnknown, TimedOut
from benchfleet.running.driver import RunDriver
from benchfleet.running.leaving import Ended, how_to_resume, what_stays


def print_outcome(
    driver: RunDriver, outcome: Ended | BaseException, *, as_json: bool, on_terminal: bool = False
) -> int:
    """Returns the exit code. With `as_json` stdout gets the last line only.

    That line is for programs: where stdout is a terminal there is none to read it.
    """
    code = print_end(driver, outcome, as_json=as_json) if isinstance(outcome, Ended) else print_failure(driver, outcome)
    if as_json or not on_terminal:
        print_last_line(driver, code)
    return code


def print_end(driver: RunDriver, ended: Ended, *, as_json: bool) -> int:
    """Prints all of it; returns the exit code."""
    if ended.folder and not as_json:
        print_ranking(ended.folder)
    if ended.words:
        say(ended.words)
    if ended.next_step:
        say(ended.next_step)
    return ended.exit_code


def print_failure(driver: RunDriver, error: BaseException) -> int:
    """For a command that did not come to its end; returns the exit code."""
    if isinstance(error, BenchfleetError):
        warn(str(error))
        code = error.exit_code
    else:
        warn("interrupted")
        code = exit_codes.INTERRUPTED
    if driver.state and not isinstance(error, RunUnknown):
        say(how_to_resume(driver.state.run_id))
    if driver.state and isinstance(error, TimedOut) and (staying := what_stays(driver.state)):
        say(staying)
    return code


def print_last_line(driver: RunDriver, exit_code: int) -> None:
    """One line of JSON on stdout, if there is a run to tell of."""
    from benchfleet.cli.output import as_json

    if driver.state:
        file = str(driver.state_file) if driver.state_file else None
        document = RunEnded.of(driver.state, status_file=file, exit_code=exit_code)
        sys.stderr.flush()
        print(as_json(document), flush=True)


def print_ranking(folder: Path) -> None:
    """As `benchfleet report` ranks. A run without measurements is no error here."""
    from benchfleet.cli.output import print_table
    from benchfleet.cli.report_tables import outcome
    from benchfleet.cli.report_warnings import print_warnings
    from benchfleet.report.analysis import analyse
    from benchfleet.report.reading import read_runs

    try:
        report = analyse(read_runs([folder]))
        print_warnings(report)
        for table in outcome(report):
            print_table(table)
            print()
    except BenchfleetError as error:
        warn(f"no ranking: {error}")
        return
    say(f"Results: {folder}/; `benchfleet report {folder}` has more", sys.stdout)
