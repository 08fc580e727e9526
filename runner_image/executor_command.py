"""`benchfleet executor`: the command line of a stand-alone executor. Every option has its variable of the environment."""

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from benchfleet_contract.registry import limits

from runner_image.executor.settings import (
    DEFAULT_ADDRESS,
    DEFAULT_PORT,
    DISCOVERY_INTERVAL_S,
    DRAIN_TIMEOUT_S,
    Settings,
    validator_url,
)
from runner_image.key_handover import VARIABLE, is_on_show, read_key, shut, start_anew

USAGE, NO_PORT = 2, 3
KEYS = (VARIABLE, "API_KEY")

Address = Annotated[
    str, typer.Option(envvar=["VALIDATOR_ADDRESS", "BENCHFLEET_URL"], help="The control plane: host:port, or a URL.")
]
Key = Annotated[
    str | None, typer.Option(envvar=list(KEYS), help="Discouraged on the command line: use the variable or a file.")
]
KeyFile = Annotated[
    Path | None,
    typer.Option(envvar="BENCHFLEET_API_KEY_FILE", help="A file that holds only the key; - for standard input."),
]
Host = Annotated[str, typer.Option(envvar="EXECUTOR_HOST", help="Address of its health endpoint.")]
Port = Annotated[
    int, typer.Option(envvar="EXECUTOR_PORT", min=0, max=65_535, help="Port of its health endpoint; 0: a free one.")
]
Announce = Annotated[
    bool, typer.Option("--announce/--no-announce", envvar="ANNOUNCE_MODELS", help="Whether to announce its models.")
]
Interval = Annotated[
    float,
    typer.Option(
        envvar="HEARTBEAT_INTERVAL", min=limits.MIN_INTERVAL_S, max=limits.MAX_INTERVAL_S,
        help="Seconds between heartbeats.",
    ),
]  # fmt: skip
ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", envvar="CONFIG_FILE", help="Its backends and models, TOML.")
]
Level = Annotated[
    Literal["debug", "info", "warning", "error"],
    typer.Option(envvar="LOG_LEVEL", case_sensitive=False, help="What is logged."),
]
Discovery = Annotated[
    float, typer.Option(envvar="DISCOVERY_INTERVAL", min=0.1, help="Seconds between looks at its backends.")
]
Drain = Annotated[float, typer.Option(envvar="DRAIN_TIMEOUT", min=0, help="Seconds that leaving may take.")]
Stuck = Annotated[
    float, typer.Option(envvar="STUCK_AFTER", min=1, help="Seconds without progress until it is called stuck.")
]
Name = Annotated[str | None, typer.Option(envvar="EXECUTOR_ID", help="Its id (default: one kept in the cache folder).")]
Concurrent = Annotated[
    int | None,
    typer.Option(envvar="MAX_CONCURRENT", min=1, max=limits.MAX_CONCURRENT, help="Requests at a time (default: 10)."),
]
Endpoint = Annotated[
    str | None, typer.Option(envvar="ADVERTISE_ENDPOINT", help="URL that clients are told to reach it at.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON line once it is announced.")]


def run(
    validator_address: Address = DEFAULT_ADDRESS,
    api_key: Key = None,
    api_key_file: KeyFile = None,
    host: Host = "127.0.0.1",
    port: Port = DEFAULT_PORT,
    announce: Announce = True,
    heartbeat_interval: Interval = limits.DEFAULT_INTERVAL_S,
    config: ConfigFile = None,
    log_level: Level = "info",
    discovery_interval: Discovery = DISCOVERY_INTERVAL_S,
    drain_timeout: Drain = DRAIN_TIMEOUT_S,
    stuck_after: Stuck = limits.STUCK_AFTER_S,
    executor_id: Name = None,
    max_concurrent: Concurrent = None,
    advertise_endpoint: Endpoint = None,
    as_json: AsJson = False,
) -> None:
    """Announce this machine's models, and keep them announced until SIGTERM or Ctrl-C.

    Exit codes: 0 ended by a signal; 2 bad arguments or config; 3 the port of its health endpoint is in use;
    75 another process has taken this executor over; 77 the control plane refuses the key or the announcement.
    """
    try:
        url = validator_url(validator_address)
    except ValueError as error:
        _refuse([f"VALIDATOR_ADDRESS: {error}"])
        raise
    _refuse(_problems(executor_id, advertise_endpoint))
    key = _key(api_key, api_key_file)
    if not key:
        _refuse([f"missing key: set {VARIABLE}, API_KEY, or --api-key-file"])
    settings = Settings(
        validator_url=url, api_key=key or "", host=host, port=port, announce=announce, config_file=config,
        heartbeat_interval_s=heartbeat_interval, log_level=log_level, discovery_interval_s=discovery_interval,
        drain_timeout_s=drain_timeout, stuck_after_s=stuck_after, executor_id=executor_id or None,
        max_concurrent=max_concurrent, endpoint=advertise_endpoint or None, as_json=as_json,
    )  # fmt: skip
    _work(settings)


def _work(settings: Settings) -> NoReturn:
    from runner_image.executor import service
    from runner_image.executor.backends import BackendsError

    try:
        code = service.run(settings, version=_version())
    except BackendsError as error:
        _refuse([f"CONFIG_FILE: {error}"])
        raise
    except OSError as error:
        _refuse([f"EXECUTOR_PORT {settings.port}: {error.strerror}: choose another, or 0"], code=NO_PORT)
        raise
    raise typer.Exit(code)


def _key(given: str | None, file: Path | None) -> str | None:
    """The file wins. A key that others of this user could read is handed to the same command, started anew."""
    key = given
    try:
        if file is not None:
            key = read_key(file)
        if key and is_on_show(sys.orig_argv[1:], variables=KEYS):
            start_anew(key, environment={name: value for name, value in os.environ.items() if name not in KEYS})
    except (OSError, ValueError) as error:
        _refuse([f"cannot take the key: {getattr(error, 'strerror', None) or error}"])
    shut()
    for name in KEYS:
        os.environ.pop(name, None)
    return key


def _problems(executor_id: str | None, endpoint: str | None) -> list[str]:
    from benchfleet_contract.registry.executors import AnnounceRequest
    from pydantic import ValidationError

    try:
        AnnounceRequest(instance_id="-", executor_id=executor_id or None, endpoint=endpoint or None)
    except ValidationError as refused:
        names = {"executor_id": "EXECUTOR_ID", "endpoint": "ADVERTISE_ENDPOINT"}
        return [f"{names[str(one['loc'][0])]}: {one['msg']}" for one in refused.errors(include_url=False)]
    return []


def _refuse(problems: list[str], *, code: int = USAGE) -> None:
    if problems:
        for problem in problems:
            print(f"benchfleet executor: {problem}", file=sys.stderr)
        raise typer.Exit(code)


def _version() -> str:
    try:
        return version("benchfleet")
    except PackageNotFoundError:
        return "unknown"
