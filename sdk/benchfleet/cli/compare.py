"""`benchfleet compare`: a run of two subjects in ABBA order, and how they differ. It is driven as `benchfleet run` is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, somebody_there
from benchfleet.cli.run import ConfigFile, Emulator, Results, StateDir, Timeout, Yes, drive

if TYPE_CHECKING:
    from benchfleet.running.options import RunOptions

First = Annotated[str, typer.Argument(metavar="A", help="With --config: a subject. Without: a command line.")]
Second = Annotated[str, typer.Argument(metavar="B", help="What is held against A.")]
Tasks = Annotated[int | None, typer.Option(min=2, help="Tasks of each (default: 6, or as the config says).")]
Repeats = Annotated[int | None, typer.Option(min=1, help="Of commands: measured repeats in each task (default: 5).")]
Floor = Annotated[bool, typer.Option("--noise-floor", help="Measure A twice: how much does it differ from itself?")]
Slower = Annotated[
    str | None,
    typer.Option("--max-slowdown", metavar="5%", help="Exit code 1 if B is worse by more than this, beyond noise."),
]


def run(
    a: First,
    b: Second,
    config: ConfigFile = None,
    tasks: Tasks = None,
    repeats: Repeats = None,
    noise_floor: Floor = False,
    max_slowdown: Slower = None,
    emulator: Emulator = False,
    timeout_s: Timeout = None,
    results: Results = None,
    state_dir: StateDir = Path(".benchfleet"),
    yes: Yes = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Measure two things by turns, ABBA, and print how the second differs from the first.

    Without --config, A and B are command lines, measured on this machine: benchfleet compare 'python3 a.py' 'python3
    b.py'. With --config they are two of its subjects.

    Exit code 0: both were measured and compared, whatever came of it. 1: a task failed, nothing could be compared, or
    --max-slowdown is exceeded.
    """
    from benchfleet.cli.compare_ending import end
    from benchfleet.cli.report import share
    from benchfleet.config.comparing import NAMES, written
    from benchfleet.running.options import RunOptions

    limit = share(max_slowdown, option="--max-slowdown") if max_slowdown is not None else None
    document = _config(config, (a, b), tasks=tasks, repeats=repeats, noise_floor=noise_floor)
    options = RunOptions(
        written(document, state_dir / "compare"),
        results=results,
        state_dir=state_dir,
        emulator=emulator or config is None,
        timeout_s=timeout_s,
    )
    _refuse_together(options, api_url)
    driver, outcome = drive(options, (api_url, api_key, profile), asks=not yes and somebody_there())
    names = (a, b) if config else NAMES
    raise typer.Exit(end(driver, outcome, names, limit=limit, as_json=as_json, legend=() if config else (a, b)))


def _config(
    path: Path | None, given: tuple[str, str], *, tasks: int | None, repeats: int | None, noise_floor: bool
) -> dict[str, Any]:
    from benchfleet.config import load
    from benchfleet.config.comparing import of_commands, of_config
    from benchfleet.exceptions import UsageError

    if path is None:
        return of_commands(given, tasks=tasks, repeats=repeats, noise_floor=noise_floor)
    if repeats is not None:
        raise UsageError("--repeats is for command lines: with --config, workload_options say what a task repeats")
    return of_config(load(path), given, tasks=tasks, noise_floor=noise_floor)


def _refuse_together(options: "RunOptions", api_url: str | None) -> None:
    from benchfleet.exceptions import UsageError

    if options.emulator and api_url:
        raise UsageError("--emulator (and two command lines, always) starts an API of its own: omit --api-url")
