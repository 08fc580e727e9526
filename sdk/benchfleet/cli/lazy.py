"""Groups whose commands are imported when they run, not when they are listed.

`benchfleet --help`, completion and a mistyped command stay quick and work without the extras; one command's missing
dependency cannot break another.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from benchfleet.cli.ending import POSIX_ONLY, ending, general
from benchfleet.exceptions import BenchfleetError


@dataclass(frozen=True)
class Entry:
    """`target` is `module:function`, the function being annotated for Typer; `extra` is what pip must install for it."""

    target: str
    help: str
    extra: str | None = None

    def load(self, name: str) -> Any:
        """The real command. Raises BenchfleetError if one of its dependencies is not installed.

        Raises ModuleNotFoundError for what no installation brings.
        """
        module, _, attribute = self.target.partition(":")
        try:
            loaded = import_module(module)
        except ModuleNotFoundError as error:
            if error.name in POSIX_ONLY:
                raise
            hint = f"pip install 'benchfleet[{self.extra}]'" if self.extra else "pip install benchfleet"
            raise BenchfleetError(f"`benchfleet {name}` needs the module {error.name}: {hint}") from error
        function: Callable[..., None] = getattr(loaded, attribute)
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command(
            name, cls=getattr(loaded, "COMMAND_CLASS", PlainFlags), help=unwrapped(function.__doc__ or self.help)
        )(function)
        return typer.main.get_command(app)

    def stand_in(self, name: str) -> TyperCommand:
        return LazyCommand(name, self)


@dataclass(frozen=True)
class Group:
    """A command with commands of its own. `codes`: `module:function` from an error to an exit code, where those are its own."""

    help: str
    entries: Mapping[str, Entry]
    codes: str | None = None

    def load(self, name: str) -> Any:
        """Imports nothing: the commands inside are as lazy as the group's neighbours."""
        app = typer.Typer(
            name=name, cls=lazy_group(self.entries, self.codes), help=self.help, no_args_is_help=True, add_completion=False,
            pretty_exceptions_enable=False,
        )  # fmt: skip
        app.callback()(_no_options)
        return typer.main.get_command(app)

    stand_in = load


def _no_options() -> None:
    pass


class PlainFlags(TyperCommand):
    """Flags stand in --help as `--json`, not as `--json <bool>`: Typer names a type where there is no value to give."""

    def get_params(self, ctx: Any) -> Any:
        return _plain(super().get_params(ctx))


def _plain(params: list[Any]) -> list[Any]:
    for param in params:
        if getattr(param, "is_flag", False) and param.metavar is None:
            param.metavar = ""
    return params


class LazyCommand(TyperCommand):
    """Stands for a command until it is called: then the context that it makes is the real one's."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help, add_help_option=False)
        self._entry = entry

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> typer.Context:
        try:
            real = self._entry.load(self.name or "")
        except BenchfleetError:
            if not extra.get("resilient_parsing"):
                raise
            real = super()  # a shell asks for completions: no place for an error
        context: typer.Context = real.make_context(info_name, args, parent=parent, **extra)
        return context


def lazy_group(entries: Mapping[str, Entry | Group], codes: str | None = None) -> type[TyperGroup]:
    """A class for `typer.Typer(cls=…)` with these commands.

    The outermost, and one with `codes` of its own, turn errors into one line and an exit code.
    """

    class LazyGroup(TyperGroup):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.commands = {name: entry.stand_in(name) for name, entry in entries.items()}

        def get_params(self, ctx: Any) -> Any:
            return _plain(super().get_params(ctx))

        def invoke(self, ctx: Any) -> Any:
            if ctx.parent is not None and codes is None:
                return super().invoke(ctx)
            with ending(lambda error: _code_of(error, codes)):
                return super().invoke(ctx)

    return LazyGroup


def _code_of(error: BaseException, codes: str | None) -> int:
    """The function is imported when there is an error: not before a command has run."""
    if codes is None:
        return general(error)
    module, _, attribute = codes.partition(":")
    code: int = getattr(import_module(module), attribute)(error)
    return code


def unwrapped(text: str) -> str:
    """Paragraphs as one line each: a terminal wraps them at its own width."""
    return "\n\n".join(" ".join(part.split()) for part in inspect.cleandoc(text).split("\n\n"))
