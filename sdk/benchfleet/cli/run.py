"""`benchfleet run`. What is heavy is imported inside: completion loads this file, too."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from benchfleet.cli.lazy import PlainFlags
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connection, somebody_there
from benchfleet.cli.run_ids import complete_begun

if TYPE_CHECKING:
    from benchfleet.cli.progress import Shown
    from benchfleet.running.driver import RunDriver
    from benchfleet.running.leaving import Ended
    from benchfleet.running.options import RunOptions
    from benchfleet.running.session import Tools

ConfigFile = Annotated[Path | None, typer.Option("--config", "-c", metavar="FILE", help="JSON or YAML.")]
Providers = Annotated[
    list[str] | None, typer.Option("--provider", metavar="NAME", help="Only this provider's entries; may be repeated.")
]
Emulator = Annotated[bool, typer.Option("--emulator", help="Start a control plane on this machine.")]
Resume = Annotated[
    str | None,
    typer.Option(metavar="ID|latest", help="Continue a run that was started here.", autocompletion=complete_begun),
]
Detach = Annotated[bool, typer.Option("--detach", help="Leave once the run exists and its runners have started.")]
Timeout = Annotated[float | None, typer.Option("--timeout", min=1, help="Seconds to wait (default: no limit).")]
Results = Annotated[Path | None, typer.Option(help="Folder in which <run id>/ is created (default: results).")]
StateDir = Annotated[Path, typer.Option(help="Where state files are kept.")]
Slots = Annotated[int | None, typer.Option(min=1, help="Tasks in parallel, for each local runner (default: 1).")]
RunId = Annotated[str | None, typer.Option(help="The run's id (default: the time in seconds).")]
QUIET_S = 300
_QUIET = "--wait-for-quiet"
Quiet = Annotated[
    float | None,
    typer.Option(
        _QUIET,
        min=0,
        metavar="[SECONDS]",
        help=f"Wait until this machine is quiet, {QUIET_S} s if no number follows; then give up with exit code 124.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask no questions: Ctrl-C behaves as in a pipe.")]


class RunCommand(PlainFlags):
    """`--wait-for-quiet` may stand alone."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, alone(args))


COMMAND_CLASS = RunCommand


def alone(args: Sequence[str]) -> list[str]:
    """`--wait-for-quiet` → `--wait-for-quiet=300` where no number follows."""
    following = [*args[1:], ""]
    return [
        f"{word}={QUIET_S}" if word == _QUIET and not following[number].replace(".", "", 1).isdigit() else word
        for number, word in enumerate(args)
    ]


def run(
    config: ConfigFile = None,
    provider: Providers = None,
    emulator: Emulator = False,
    resume: Resume = None,
    detach: Detach = False,
    timeout_s: Timeout = None,
    results: Results = None,
    state_dir: StateDir = Path(".benchfleet"),
    slots: Slots = None,
    run_id: RunId = None,
    wait_for_quiet_s: Quiet = None,
    yes: Yes = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Run a config from start to end: runners, run, progress, results, ranking.

    In a pipe the last line on stdout is JSON for programs. Ctrl-C on a terminal asks what to do; --resume continues a
    run that was interrupted.
    """
    from benchfleet.cli.run_ending import print_outcome
    from benchfleet.running.options import RunOptions

    _refuse_together(emulator=emulator, api_url=api_url, resume=resume, run_id=run_id)
    options = RunOptions(
        config,
        results=results,
        state_dir=state_dir,
        providers=tuple(provider or ()),
        emulator=emulator,
        resume=resume,
        detach=detach,
        timeout_s=timeout_s,
        slots=slots,
        run_id=run_id,
        quiet_s=wait_for_quiet_s,
    )
    asks = not yes and somebody_there()
    driver, outcome = drive(options, (api_url, api_key, profile), asks=asks)
    code = print_outcome(driver, outcome, as_json=as_json, on_terminal=sys.stdout.isatty())
    if asks:
        _offer_nuke(driver, outcome)
    raise typer.Exit(code)


def _offer_nuke(driver: "RunDriver", outcome: "Ended | BaseException") -> None:
    """`benchfleet nuke` for the run's machines, which shows them and asks again before it ends them."""
    from benchfleet.cli import nuke
    from benchfleet.cli.run_menu import ends_machines
    from benchfleet.nuke.driver import NukeOptions
    from benchfleet.nuke.hourly import hourly

    where = None if isinstance(outcome, BaseException) else outcome.machines
    if where and driver.state and ends_machines():
        options = NukeOptions(where.stage, "machines", driver.state.run_id, hourly=hourly(None))
        nuke.go(options, where.region, plan=False, asks=True, as_json=False)


def drive(
    options: "RunOptions", connecting: tuple[str | None, str | None, str | None], *, asks: bool
) -> "tuple[RunDriver, Ended | BaseException]":
    """A run from start to end with its progress on stderr. `connecting`: URL, key and profile as they were given."""
    from rich.console import Console

    from benchfleet.cli.progress import display
    from benchfleet.running.driver import RunDriver

    with display(Console(stderr=True)) as shown:
        driver = RunDriver(options, _tools(shown, connecting, asks=asks))
        return driver, _outcome(driver)


def _refuse_together(*, emulator: bool, api_url: str | None, resume: str | None, run_id: str | None) -> None:
    from benchfleet.exceptions import UsageError

    if emulator and api_url:
        raise UsageError("--emulator starts its own API: omit --api-url")
    if resume and (emulator or run_id):
        raise UsageError("--resume continues the run as it was started: leave out --emulator and --run-id")


def _tools(shown: "Shown", connecting: tuple[str | None, str | None, str | None], *, asks: bool) -> "Tools":
    from benchfleet.cli.run_menu import agrees, ask
    from benchfleet.client import Client
    from benchfleet.config import load
    from benchfleet.running.providers.local import PROVIDER, LocalProvisioner
    from benchfleet.running.session import Tools

    api_url, api_key, profile = connecting
    return Tools(
        load=load,
        connection=lambda known: connection(api_url or known, api_key, profile),
        client=lambda url, key: Client(url, key=key),
        watcher=lambda url, key: Client(url, key=key, repeats=False),
        provisioners={PROVIDER: LocalProvisioner()},
        display=shown,
        choose=(lambda run_id: ask(run_id, display=shown)) if asks else None,
        agrees=(lambda: agrees(display=shown)) if asks else None,
    )


def _outcome(driver: "RunDriver") -> "Ended | BaseException":
    """What it came to, to be told once the display is gone."""
    from benchfleet.cli.ending import words_of
    from benchfleet.exceptions import BenchfleetError, DiskError

    try:
        return driver.run()
    except (BenchfleetError, KeyboardInterrupt) as error:
        return error
    except BrokenPipeError:
        raise
    except OSError as error:
        return DiskError(words_of(error))
