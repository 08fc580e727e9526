"""`benchfleet`: the command line. Each command's words and exit codes are in docs/cli.md."""

from importlib.metadata import version as version_of
from typing import Annotated

import typer

from benchfleet.cli.lazy import Entry, lazy_group

COMMANDS = {
    "demo": Entry("benchfleet.cli.demo:run", "Run a real benchmark on this machine, end to end.", "emulator,runner"),
    "emulator": Entry("local_emulator.command:run", "Run the whole system on this machine.", "emulator"),
    "runner": Entry("runner_image.command:run", "Claim tasks from a control plane and run them.", "runner"),
}

app = typer.Typer(
    cls=lazy_group(COMMANDS),
    help="Benchmarks on many machines: runs, tasks, runners anywhere, one archive.",
    epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 infrastructure, 4 auth, 5 invalid config, 124 timeout, 130 Ctrl-C.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback must not print local variables: keys are among them
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"benchfleet {version_of('benchfleet')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    app(prog_name="benchfleet")


if __name__ == "__main__":
    main()
