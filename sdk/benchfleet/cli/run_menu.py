"""What a person may choose after Ctrl-C."""

import sys
from contextlib import AbstractContextManager
from typing import Protocol, TextIO

from benchfleet.running.leaving import CLEAN, KEEP, STOP

CHOICES = {"k": KEEP, "s": STOP, "c": CLEAN, "": KEEP}
MENU = """  k  keep it running: exit, and continue later with --resume
  s  stop the run: download the results so far
  c  stop the run and clean up: delete everything of it on this machine
Choose k, s or c [k]: """
TEXT = (
    """
Interrupted. Run {run_id} goes on meanwhile.
"""
    + MENU
)


class Pausing(Protocol):
    def paused(self) -> AbstractContextManager[None]: ...


def ask(run_id: str, *, display: Pausing, answers: TextIO | None = None, out: TextIO | None = None) -> str:
    """KEEP, STOP or CLEAN. A second Ctrl-C passes as KeyboardInterrupt; the end of input means KEEP."""
    answers, out = answers or sys.stdin, out or sys.stderr
    with display.paused():
        print(TEXT.format(run_id=run_id), end="", file=out, flush=True)
        while line := answers.readline():
            choice = CHOICES.get(line.strip().lower()[:1])
            if choice:
                return choice
            print(f"Invalid choice.\n{MENU}", end="", file=out, flush=True)
    return KEEP


def ends_machines(*, answers: TextIO | None = None, out: TextIO | None = None) -> bool:
    """Are the machines of a stopped run to be ended now? Anything but `y` or `yes` is no."""
    answers, out = answers or sys.stdin, out or sys.stderr
    print("Look at its machines and end them now? [y/N] ", end="", file=out, flush=True)
    return answers.readline().strip().lower() in ("y", "yes")


def agrees(*, display: Pausing, answers: TextIO | None = None, out: TextIO | None = None) -> bool:
    """Is `y` or `yes` the answer? Anything else, and the end of input, is no."""
    answers, out = answers or sys.stdin, out or sys.stderr
    with display.paused():
        print("Start it? [y/N] ", end="", file=out, flush=True)
        return answers.readline().strip().lower() in ("y", "yes")
