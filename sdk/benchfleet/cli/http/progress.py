"""Progress of a comparison on stderr: a bar on a terminal, a line for each start of a server elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchfleet.http.comparison import Step

Told = Callable[[Step], None]


@contextmanager
def shown(console: Console) -> Iterator[Told]:
    """What is given is told each step."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield lambda step: _line(console, step)
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=100.0)

        def told(step: Step) -> None:
            if step.note:
                _line(console, step)
            done = 100.0 * (step.number - 1 + step.share) / step.total
            bar.update(task, completed=done, description=f"{_label(step)}: {step.words}")

        yield told


def _line(console: Console, step: Step) -> None:
    if step.note:
        console.print(f"{_label(step)}: {step.words}", highlight=False, markup=False, soft_wrap=True)


def _label(step: Step) -> str:
    return f"[{step.number}/{step.total}] {step.subject}, start {step.repeat}"
