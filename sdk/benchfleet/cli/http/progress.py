"""Progress of a comparison on stderr: a bar on a terminal, a line for what is worth one elsewhere."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchfleet.http.comparison import Step

if TYPE_CHECKING:
    from rich.console import Console

Told = Callable[[Step], None]


@contextmanager
def shown() -> Iterator[Told]:
    """What is given is told each step."""
    if not sys.stderr.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        yield lambda step: _line(step, lambda line: print(line, file=sys.stderr, flush=True))
        return
    from rich.console import Console  # late: a tenth of a second that only a terminal needs

    with _bar(Console(stderr=True)) as told:
        yield told


@contextmanager
def _bar(console: "Console") -> Iterator[Told]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=100.0)

        def told(step: Step) -> None:
            _line(step, lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))
            done = 100.0 * (step.number - 1 + step.share) / step.total
            bar.update(task, completed=done, description=f"{_label(step)}: {step.words}")

        yield told


def _line(step: Step, write: Callable[[str], None]) -> None:
    if step.note:
        write(f"{_label(step)}: {step.words}")


def _label(step: Step) -> str:
    return f"[{step.number}/{step.total}] {step.subject}, start {step.repeat}"
