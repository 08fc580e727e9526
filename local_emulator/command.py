"""`benchfleet emulator`.

Exit codes: 0 a clean end (Ctrl-C and SIGTERM are how one ends it), 2 a wrong command line, 3 it cannot run here:
port in use, state folder unusable or another emulator's, ready file not writable; or its state could not be written at the end.
"""

import gc
import logging
import math
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from local_emulator.config import LOOPBACK, EmulatorConfig, Ready
from local_emulator.errors import EmulatorError
from local_emulator.garbage import staying
from local_emulator.open_files import allow_many

LAUNCH_EVERY_S = 1.0
log = logging.getLogger(__name__)


def _finite(seconds: float | None) -> float | None:
    """`inf` passes the bound, and never comes."""
    if seconds is not None and not math.isfinite(seconds):
        raise typer.BadParameter("it must be a number of seconds")
    return seconds


def _path(text: str) -> Path:
    """An empty value is mostly a variable that is not set; as a path it would mean the current folder."""
    if not text.strip():
        raise typer.BadParameter("it is empty: name a path, or leave the option out")
    return Path(text)


app = typer.Typer(add_completion=False)


@app.command()
def run(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the HTTP API; 0 chooses a free one.")] = 8000,
    aws_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the emulated AWS; 0: a free one.")] = 0,
    host: Annotated[str, typer.Option(help="Address that the HTTP API listens on.")] = LOOPBACK,
    aws_host: Annotated[
        str,
        typer.Option(
            help="Address of the emulated AWS: uploads and downloads of runners elsewhere need one of theirs."
        ),
    ] = LOOPBACK,
    state: Annotated[
        Path | None, typer.Option(parser=_path, metavar="DIR", help="Keep runs, results and keys in this folder.")
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(parser=_path, metavar="PATH", help="Write URLs and keys here, as JSON, once all is up."),
    ] = None,
    public_read: Annotated[bool, typer.Option(help="Let GET requests pass without a key.")] = True,
    sweep_every: Annotated[
        float | None, typer.Option(min=0.1, callback=_finite, help="Seconds between sweeps (default: 60).")
    ] = None,
    launch_local: Annotated[bool, typer.Option(help="Start runners for tasks of provider `local`.")] = False,
    slots: Annotated[int | None, typer.Option(min=1, help="Slots of each such runner (default: CPU count).")] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        typer.Option(envvar="LOG_LEVEL", case_sensitive=False, help="What is logged."),
    ] = "info",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON line.")] = False,
    account: Annotated[
        bool, typer.Option("--account", help="An empty AWS account instead, to rehearse a deployment against.")
    ] = False,
) -> None:
    """Run all of benchfleet on this machine until Ctrl-C."""
    logging.basicConfig(stream=sys.stderr, level=log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(
        max(logging.WARNING, logging.root.level)
    )  # it tells where credentials came from, many times
    config = EmulatorConfig(
        host=host,
        port=port,
        aws_host=aws_host,
        aws_port=aws_port,
        state_dir=state,
        public_read=public_read,
        sweep_every_s=sweep_every,
    )
    asked_to_end = _on_signals()
    allow_many()
    try:
        with ExitStack() as running:
            with staying():  # what is imported: a quarter of a start would be looks for garbage
                if account:
                    _bring_up_account(running, config, ready_path=ready_file, as_json=json)
                else:
                    _bring_up(running, config, ready_path=ready_file, as_json=json, launch=launch_local, slots=slots)
            asked_to_end.wait()
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(signal_number, signal.SIG_DFL)  # a second Ctrl-C does not wait
        gc.freeze()  # nor at the end, when all memory is given back at once
    except EmulatorError as error:
        print(f"benchfleet emulator: {error}", file=sys.stderr)
        raise typer.Exit(error.exit_code) from error


def _on_signals() -> threading.Event:
    asked = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: asked.set())
    return asked


def _bring_up(
    running: ExitStack,
    config: EmulatorConfig,
    *,
    ready_path: Path | None,
    as_json: bool,
    launch: bool,
    slots: int | None,
) -> None:
    from local_emulator.announce import announce, out_of_reach  # late: --help must not wait for moto
    from local_emulator.ready_file import ready_file
    from local_emulator.stack import Emulator

    ready = running.enter_context(Emulator(config)).ready
    for words in out_of_reach(ready):
        log.warning("%s", words)
    if launch:
        _launch_local(running, ready, slots=slots)
    running.enter_context(ready_file(ready_path, ready))
    announce(ready, as_json=as_json)


def _bring_up_account(running: ExitStack, config: EmulatorConfig, *, ready_path: Path | None, as_json: bool) -> None:
    from local_emulator.account.command import bring_up  # late: CloudFormation loads most of moto
    from local_emulator.account.settings import AccountConfig

    account = AccountConfig(
        host=config.host,
        port=config.port,
        aws_host=config.aws_host,
        aws_port=config.aws_port,
        rate_s=config.sweep_every_s,
    )
    bring_up(running, account, ready_path=ready_path, as_json=as_json)


def _launch_local(running: ExitStack, ready: Ready, *, slots: int | None) -> None:
    from local_emulator.launch_local import LaunchLocal
    from local_emulator.launcher import LocalLauncher
    from local_emulator.pumps.pump import Pump, stop_all

    launcher = running.enter_context(LocalLauncher(api_url=ready.api_url, api_key=ready.keys.runner, slots=slots))
    launching = LaunchLocal(launcher, api_url=ready.api_url, reader_key=ready.keys.reader)
    pump = Pump("launch-local", lambda: launching.step, every_s=LAUNCH_EVERY_S)
    running.callback(stop_all, [pump], within_s=LAUNCH_EVERY_S)
    pump.start()
