"""What a person sees of a run: lines in a pipe, a table on a terminal, a menu after Ctrl-C."""

import io
from datetime import timedelta

from benchfleet.cli.progress import LiveTable, PlainLines, counts, display
from benchfleet.cli.progress_table import Picture, draw
from benchfleet.cli.run_menu import ask, ends_machines
from benchfleet.running.leaving import CLEAN, KEEP, STOP
from benchfleet.watch.durations import stopwatch
from benchfleet.watch.poller import Snapshot
from rich.console import Console

from tests.each_case import each_case
from tests.unit.run_parts import START, detail, group, task

HALFWAY = Snapshot(detail(groups=[group(pending=1, claimed=1, completed=4)]))


def test_the_line_of_a_pipe() -> None:
    assert counts(HALFWAY) == "[67%] Pending: 1 | Running: 1 | ✓ 4 | ✗ 0"
    assert counts(Snapshot(detail())) == "[0%] Pending: 0 | Running: 0 | ✓ 0 | ✗ 0"
    stopped = Snapshot(detail(groups=[group(completed=1, cancelled=1)]))
    assert counts(stopped) == "[50%] Pending: 0 | Running: 0 | ✓ 1 | ✗ 0 | cancelled 1"


def lines(*snapshots: Snapshot, reasons: tuple[str, ...] = ()) -> list[str]:
    out = io.StringIO()
    with display(Console(file=out)) as shown:
        for snapshot in snapshots:
            shown.show(snapshot, reasons)
    return out.getvalue().splitlines()


def test_a_pipe_gets_a_line_a_change() -> None:
    archived = Snapshot(detail("completed", "ready", groups=[group(completed=6)]))
    assert lines(HALFWAY, HALFWAY, archived, archived) == [
        "[67%] Pending: 1 | Running: 1 | ✓ 4 | ✗ 0",
        "[100%] Pending: 0 | Running: 0 | ✓ 6 | ✗ 0",
        "archive: ready",
    ]


def test_reasons_and_failures_are_told_once_and_not_without_end() -> None:
    failed = tuple(task(number, "failed", error_message=f"[red]no {number}") for number in range(15))
    snapshot = Snapshot(HALFWAY.run, failed)
    said = lines(snapshot, snapshot, reasons=("local/box: no runner",))
    assert said[1] == "task 7.0 failed: [red]no 0"
    assert said[-2:] == ["More tasks failed; the first ones are shown above", "local/box: no runner"]
    assert len(said) == 1 + 10 + 2


def test_a_message_of_many_lines_is_one_line_of_a_log() -> None:
    message = "Traceback\n  File x\r\n\nValueError: " + "y" * 1000
    (_, said) = lines(Snapshot(HALFWAY.run, (task(1, "failed", error_message=message),)))
    assert said.startswith("task 7.1 failed: Traceback / File x / ValueError: yyy")
    assert said.endswith("y…")
    assert len(said) < 330


def picture(snapshot: Snapshot, *, reasons: tuple[str, ...] = (), after_s: float = 90) -> str:
    out = io.StringIO()
    Console(file=out, width=120).print(draw(Picture(snapshot, reasons), now=START + timedelta(seconds=after_s)))
    return out.getvalue()


def test_the_table_has_a_row_an_instance_type() -> None:
    running = task(2, current_benchmark="fib", progress_pct=40, claimed_at=START.isoformat())
    more = [task(number, current_benchmark="nbody") for number in (3, 4)]
    done = task(1, "completed", claimed_at=START.isoformat(), ended_at=(START + timedelta(seconds=120)).isoformat())
    groups = [group(pending=2, running=3, completed=1), group("aws/[b]x", pending=1)]
    drawn = picture(Snapshot(detail(groups=groups[:1]), (done, running, *more)))
    assert "local/box" in drawn
    assert "fib 40 %, nbody, +1" in drawn
    assert "1:30 min" in drawn
    assert "about" in drawn
    assert "aws/[b]x" in picture(Snapshot(detail(groups=groups)), reasons=("[i]why",))
    assert "[i]why" in picture(Snapshot(detail(groups=groups)), reasons=("[i]why",))


def test_cancelled_tasks_have_a_column_of_their_own_when_there_are_any() -> None:
    assert "cancelled" not in picture(HALFWAY)
    stopped = Snapshot(detail("cancelled", groups=[group(completed=1, failed=2, cancelled=3)]))
    head, row, bar, *_ = picture(stopped).splitlines()
    assert head.split() == ["instance", "type", "pending", "running", "done", "failed", "cancelled", "now"]
    assert row.split() == ["local/box", "0", "0", "1", "2", "3"]
    assert "50 %" in bar
    assert counts(stopped) == "[50%] Pending: 0 | Running: 0 | ✓ 1 | ✗ 2 | cancelled 3"


def test_the_table_says_nothing_of_the_end_before_it_knows() -> None:
    assert "to go" not in picture(HALFWAY)


def test_many_instance_types_do_not_fill_the_screen() -> None:
    groups = [group(f"aws/t{number}", completed=1) for number in range(50)]
    drawn = picture(Snapshot(detail(groups=[*groups, group("aws/open", pending=1)])))
    assert "aws/open" in drawn
    assert "… and 31 more instance types" in drawn


@each_case(("seconds", "words"), [(-1, "0 s"), (59.4, "59 s"), (60, "1:00 min"), (187, "3:07 min"), (7500, "2:05 h")])
def test_spans(seconds: float, words: str) -> None:
    assert stopwatch(seconds) == words


@each_case(
    ("typed", "choice"), [("k\n", KEEP), ("S\n", STOP), ("clean\n", CLEAN), ("\n", KEEP), ("", KEEP), ("x\nc\n", CLEAN)]
)
def test_the_menu(typed: str, choice: str) -> None:
    out = io.StringIO()
    shown = PlainLines(Console(file=out))
    assert ask("7", display=shown, answers=io.StringIO(typed), out=out) == choice
    assert "Interrupted. Run 7 goes on meanwhile." in out.getvalue()
    assert out.getvalue().count("  s  stop the run: download the results so far\n") == 1 + typed.count("x")


@each_case(("typed", "agreed"), [("y\n", True), ("Yes\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_machines_are_ended_only_for_a_clear_yes(typed: str, *, agreed: bool) -> None:
    out = io.StringIO()
    assert ends_machines(answers=io.StringIO(typed), out=out) is agreed
    assert out.getvalue() == "Look at its machines and end them now? [y/N] "


def test_a_table_after_the_question_leaves_it_alone() -> None:
    out = io.StringIO()
    table = LiveTable(Console(file=out, force_terminal=True, width=80, _environ={"TERM": "xterm"}))
    for _ in range(2):
        table.show(HALFWAY, ())
    assert "\x1b[1A" in out.getvalue()  # it draws over itself
    with table.paused():
        before = len(out.getvalue())
    table.show(HALFWAY, ())
    table.close()
    after = out.getvalue()[before:]
    assert after.index("instance type") < after.index("\x1b[1A")


def test_what_tasks_say_does_not_steer_the_terminal() -> None:
    hostile = "\x1b]0;title\x07no\x1b[2J\u202e"
    snapshot = Snapshot(HALFWAY.run, (task(1, "failed", error_message=hostile), task(2, current_benchmark=hostile)))
    assert "task 7.1 failed: no" in lines(snapshot)
    running = Snapshot(detail(groups=[group(running=1)]), snapshot.tasks)
    assert not {"\x1b", "\x07", "\u202e"} & set(picture(running))


def test_a_terminal_that_cannot_move_its_cursor_gets_lines() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, _environ={"TERM": "dumb"})
    with display(console) as shown:
        shown.show(HALFWAY, ())
    assert "[67%] Pending: 1" in out.getvalue()


def test_subjects_have_rows_of_their_own_and_a_column_only_where_there_are_any() -> None:
    groups = [group(subject=name, running=1, completed=index) for index, name in enumerate(("ruby-3.3", "ruby-3.4"))]
    known = (
        task(1, subject="ruby-3.4", current_benchmark="fib"),
        task(2, subject="ruby-3.3", current_benchmark="nbody"),
    )
    head, first, second, *_ = picture(Snapshot(detail(groups=groups), known)).splitlines()
    assert head.split() == ["instance", "type", "subject", "pending", "running", "done", "failed", "now"]
    assert first.split() == ["local/box", "ruby-3.3", "0", "1", "0", "0", "nbody"]
    assert second.split() == ["local/box", "ruby-3.4", "0", "1", "1", "0", "fib"]
    assert "subject" not in picture(HALFWAY)


def test_a_failure_names_its_subject() -> None:
    failed = task(1, "failed", subject="ruby-3.3", error_message="no")
    assert lines(Snapshot(HALFWAY.run, (failed,)))[1] == "task 7.1 of ruby-3.3 failed: no"
