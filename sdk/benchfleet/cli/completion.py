"""`benchfleet completion SHELL`."""

from typing import Annotated, Literal

import typer

from benchfleet.cli.commands import COMPLETE

Shell = Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]


def run(shell: Shell) -> None:
    """Print a script that completes commands, options and run ids in your shell.

    bash: benchfleet completion bash >> ~/.bashrc

    zsh: benchfleet completion zsh > ~/.zfunc/_benchfleet, with ~/.zfunc in fpath before compinit

    fish: benchfleet completion fish > ~/.config/fish/completions/benchfleet.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    print(get_completion_script(prog_name="benchfleet", complete_var=COMPLETE, shell=shell))
