"""Progress of a deploy: a live list of resources on a terminal, a line for what has come to rest elsewhere. On stderr."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from benchfleet.cli.output import plain_table
from benchfleet.deploy.progress import Progress
from benchfleet.documents.printable import printable

_MOST_ROWS = 15
_ON_THE_WAY = "in progress"


class Shown(Progress, Protocol):
    """A display that can make room for a question."""

    def close(self) -> None: ...


@contextmanager
def display(console: Console) -> Iterator[Shown]:
    """Live if the console is a terminal that can move its cursor, else plain lines."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield PlainLines(console)
        return
    live = LiveList(console)
    try:
        yield live
    finally:
        live.close()


class PlainLines:
    """Each step and each note once, and each resource when it is done or failed."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def step(self, words: str) -> None:
        self.note(f"==> {words}")

    def resource(self, name: str, kind: str, state: str) -> None:
        if not state.endswith(_ON_THE_WAY):
            self.note(f"    {line(name, kind, state)}")

    def note(self, words: str) -> None:
        self._console.print(printable(words), highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        pass


class LiveList:
    """The resources of the step at work, the last changed at the bottom; steps and notes stay above them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = self._fresh()
        self._rows: dict[str, tuple[str, str]] = {}

    def step(self, words: str) -> None:
        self._rows = {}
        self.note(f"==> {words}")

    def resource(self, name: str, kind: str, state: str) -> None:
        self._rows.pop(name, None)
        self._rows[name] = (kind, state)
        if state.endswith("failed"):
            self.note(f"    {line(name, kind, state)}")
        if not self._live.is_started:
            self._live.start()
        self._live.update(self._table(), refresh=True)

    def note(self, words: str) -> None:
        self._live.console.print(printable(words), highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        self._live.stop()
        self._live = self._fresh()

    def _table(self) -> Table:
        table = plain_table("resource", "kind", "state")
        for name, (kind, state) in list(self._rows.items())[-_MOST_ROWS:]:
            table.add_row(name, kind, state)
        return table

    def _fresh(self) -> Live:
        return Live(
            console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
        )


def line(name: str, kind: str, state: str) -> str:
    return f"{name}{f' ({kind})' if kind else ''}: {state}"
