"""An explanation on a terminal and in a pipe."""

import io

from benchfleet.cli.explanation import print_explanation
from benchfleet.explaining.document import Explanation, Finding, LogTail
from rich.console import Console

COMMAND = "benchfleet runner --run-id nightly --provider aws --instance-type c8g.medium"
PROBLEM = Finding(
    kind="failed", weight="problem", words="2 tasks failed [bold]on[/bold] \x1b]0;title\x07aws/c8g.medium",
    details=["first line\nsecond line", "\x1b[2Jgone"], remedy="look", command=COMMAND,
    log=LogTail(task_id="nightly.1", file="error.txt", lines=["x" * 90], cut=True),
)  # fmt: skip
FINE = Finding(kind="running", weight="fine", words="1 task is being worked on")


def told(*findings: Finding, terminal: bool = False, **changes: object) -> str:
    document = {
        "run_id": "nightly", "task_id": None, "status": "running", "fine": False, "headline": findings[0].words,
        "deadline_at": "2026-11-22T12:00:00Z", "findings": list(findings),
    }  # fmt: skip
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=60, color_system="standard" if terminal else None)
    print_explanation(Explanation.model_validate(document | changes), console=console)
    return out.getvalue()


def test_a_pipe_gets_whole_lines_without_colours() -> None:
    assert told(PROBLEM, FINE).splitlines() == [
        "nightly (running): 2 tasks failed [bold]on[/bold] aws/c8g.medium",
        "",
        "    first line",
        "    second line",
        "    gone",
        "    next: look",
        f"      {COMMAND}",
        "    the end of error.txt of nightly.1, as far as it could be read:",
        "      | " + "x" * 90,
        "",
        "✓ 1 task is being worked on",
    ]


def test_a_terminal_wraps_words_below_their_indent_but_never_a_command() -> None:
    long = FINE.model_copy(update={"details": ["word " * 20]})
    shown = told(PROBLEM, long, terminal=True)
    assert COMMAND in shown
    assert sum(line.startswith("    word word") for line in shown.splitlines()) == 2
    assert "\x1b[2J" not in shown
    assert "\x1b]0" not in shown


def test_what_tasks_say_is_no_markup() -> None:
    assert "[bold]on[/bold]" in told(PROBLEM, terminal=True)


def test_a_task_needs_no_name_before_its_answer() -> None:
    assert told(PROBLEM, task_id="nightly.1").startswith("2 tasks failed")


def test_a_finding_that_says_no_more_than_the_headline_leaves_no_blank_line() -> None:
    assert told(FINE, task_id="nightly.1", fine=True) == "1 task is being worked on\n"


def test_a_cancelled_run_is_not_green() -> None:
    said = "the run was cancelled"
    assert f"\x1b[1;33m{said}" in told(FINE, fine=True, status="cancelled", headline=said, terminal=True)
    assert "\x1b[1;32m" in told(FINE, fine=True, terminal=True)


def test_a_sample_says_so() -> None:
    assert "first 1,000 tasks" in told(FINE, sampled=True)
