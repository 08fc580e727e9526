"""A group whose commands are imported when they run, not when they are listed.

`benchfleet --version`, `--help` and a mistyped command stay quick and work without the extras; one command's missing
dependency cannot break another.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from benchfleet import exit_codes
from benchfleet.exceptions import BenchfleetError


@dataclass(frozen=True)
class Entry:
    """`target` is `module:function`, the function being annotated for Typer; `extra` is what pip must install for it."""

    target: str
    help: str
    extra: str | None = None

    def load(self, name: str) -> Any:
        """The real command. Raises BenchfleetError if one of its dependencies is not installed."""
        module, _, attribute = self.target.partition(":")
        try:
            function: Callable[..., None] = getattr(import_module(module), attribute)
        except ModuleNotFoundError as error:
            hint = f"pip install 'benchfleet[{self.extra}]'" if self.extra else "pip install benchfleet"
            raise BenchfleetError(f"`benchfleet {name}` needs the module {error.name}: {hint}") from error
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(name, help=function.__doc__ or self.help)(function)
        return typer.main.get_command(app)


class LazyCommand(TyperCommand):
    """Stands for a command until it is called: then the context that it makes is the real one's."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help, add_help_option=False)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> typer.Context:
        real = self._entry.load(self.name or "")
        context: typer.Context = real.make_context(info_name, args, parent=parent, **extra)
        return context


def lazy_group(entries: Mapping[str, Entry]) -> type[TyperGroup]:
    """A class for `typer.Typer(cls=…)` with these commands; it turns our errors into one line and an exit code."""

    class LazyGroup(TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return list(entries)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return LazyCommand(cmd_name, entries[cmd_name]) if cmd_name in entries else None

        def invoke(self, ctx: Any) -> Any:
            try:
                return super().invoke(ctx)
            except BenchfleetError as error:
                print(f"benchfleet: {error}", file=sys.stderr)
                raise typer.Exit(error.exit_code) from error
            except KeyboardInterrupt as error:
                print("benchfleet: interrupted", file=sys.stderr)
                raise typer.Exit(exit_codes.INTERRUPTED) from error

    return LazyGroup
