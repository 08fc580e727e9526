"""`benchfleet runner`: the command line of the task runner. The only place that reads the environment."""

import json
import os
import re
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal, NoReturn
from urllib.parse import urlsplit

import typer
from benchfleet_contract.addresses import address_problem
from benchfleet_contract.names import LABEL, RUN_ID
from benchfleet_contract.proxies import is_loopback, proxy_problem

from runner_image.config import CLAIM_PATIENCE_S, DEFAULT_IMAGE, Config
from runner_image.isolation.protocol import inside_container
from runner_image.key_handover import VARIABLE, is_on_show, read_key, shut, start_anew

USAGE_ERROR = 1
EXECUTOR_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

Url = Annotated[str | None, typer.Option(envvar="BENCHFLEET_URL", help="Base URL of the control plane; a path stays.")]
Key = Annotated[
    str | None,
    typer.Option(
        envvar="BENCHFLEET_API_KEY",
        help="Discouraged on the command line, where every user of the machine can read it: use the variable or a file.",
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(envvar="BENCHFLEET_API_KEY_FILE", help="A file that holds only the key; - for standard input."),
]
RunId = Annotated[str | None, typer.Option(help="Work for this run only. Without it: for any run that fits.")]
Provider = Annotated[str | None, typer.Option(help="Where this runner is, as runs name it: local, aws, …")]
InstanceType = Annotated[str | None, typer.Option(help="What this runner is, as runs name it: c8g.medium, …")]
Slots = Annotated[
    int,
    typer.Option(
        min=1,
        help="Tasks side by side. More end sooner, but share caches, memory and heat: slower and less steady numbers.",
    ),
]
CoresPerSlot = Annotated[int, typer.Option(min=1, help="Cores that each slot is pinned to.")]
IsolationKind = Annotated[
    Literal["docker", "process"] | None,
    typer.Option(
        help="How commands are isolated (default: docker where an engine has the image, else process, as inside a container)."
    ),
]
Image = Annotated[str | None, typer.Option(help=f"Image for docker isolation (default: {DEFAULT_IMAGE}).")]
NetworkKind = Annotated[
    Literal["bridge", "none", "host"],
    typer.Option(
        envvar="BENCHFLEET_CONTAINER_NETWORK",
        help="What containers of docker isolation reach: all but cloud metadata and this machine; nothing; or everything.",
    ),
]
Name = Annotated[
    str | None,
    typer.Option(envvar="BENCHFLEET_RUNNER_NAME", help="Begins this runner's id (default: the machine's host name)."),
]
Mock = Annotated[bool, typer.Option("--mock", help="Run the mock workload, whatever a task's workload is.")]
Debug = Annotated[bool, typer.Option("--debug", help="Keep work dirs, log everything, pack full_run.log; stay up.")]
NoExit = Annotated[
    bool | None, typer.Option("--no-exit/--exit", help="Poll on when nothing is left (default: as --debug).")
]
LogFile = Annotated[Path | None, typer.Option(help="Append the log to this file too, as JSON lines.")]
WorkRoot = Annotated[Path | None, typer.Option(help="Folder for work dirs (default: the system's temp folder).")]
Patience = Annotated[float, typer.Option(min=0, help="How long claiming is retried in a row before giving up.")]
Announce = Annotated[
    bool, typer.Option("--announce", help="Announce itself as an executor, with its slots and models.")
]
ExecutorConfig = Annotated[
    Path | None, typer.Option(help="Backends and models to announce, TOML, as of `benchfleet executor`.")
]
ExecutorName = Annotated[str | None, typer.Option("--executor-id", envvar="EXECUTOR_ID", help="Its id as an executor.")]
Heartbeat = Annotated[
    float,
    typer.Option(envvar="HEARTBEAT_INTERVAL", min=1, max=300, help="Seconds between heartbeats as an executor."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Write a summary to standard output at the end.")]
ScriptDir = Annotated[str | None, typer.Option(hidden=True)]
OwnImage = Annotated[str | None, typer.Option(hidden=True, envvar="BENCHFLEET_IMAGE")]
Extra = Annotated[list[str] | None, typer.Argument(hidden=True)]


def run(
    context: typer.Context,
    extra: Extra = None,
    orchestrator_url: Url = None,
    api_key: Key = None,
    api_key_file: KeyFile = None,
    run_id: RunId = None,
    provider: Provider = None,
    instance_type: InstanceType = None,
    slots: Slots = 1,
    cores_per_slot: CoresPerSlot = 1,
    isolation: IsolationKind = None,
    image: Image = None,
    container_network: NetworkKind = "bridge",
    name: Name = None,
    mock: Mock = False,
    debug: Debug = False,
    no_exit: NoExit = None,
    log_file: LogFile = None,
    work_root: WorkRoot = None,
    claim_patience_s: Patience = CLAIM_PATIENCE_S,
    announce: Announce = False,
    executor_config: ExecutorConfig = None,
    executor_id: ExecutorName = None,
    heartbeat_interval: Heartbeat = 10.0,
    as_json: AsJson = False,
    script_dir: ScriptDir = None,
    own_image: OwnImage = None,
) -> None:
    """Claim tasks, run their benchmarks, upload the results.

    Exit codes: 0 nothing left to do; 1 bad arguments, or the run never appeared; 3 the control plane cannot be reached;
    4 the key is refused; 5 a slot failed three tasks in a row by this machine's own fault; 130 and 143
    cancelled by SIGINT and SIGTERM. With --announce: 75 another process has taken its id over; 77 the announcement is refused.
    """
    from runner_image.isolation.environment import grantable, visible

    _refuse([f"unexpected argument {word!r}" for word in extra or [] if word])
    if script_dir is not None:
        _warn("--script-dir is not needed any more and ignored")
    if getattr(context.get_parameter_source("api_key"), "name", None) == "COMMANDLINE":
        _warn("--api-key is visible to every user of this machine; prefer BENCHFLEET_API_KEY or --api-key-file")
    key = _key(api_key, api_key_file)
    if api_key_file and api_key_file.is_file() and (isolation == "process" or inside_container()):
        _warn(
            f"benchmarks in process isolation can read {api_key_file} too; --api-key-file - reads the key from a pipe"
        )
    if key and is_on_show(sys.orig_argv[1:]):
        _hand_over(key)
    shut()
    os.environ.pop(VARIABLE, None)
    needed = {
        "--orchestrator-url": orchestrator_url,
        "--api-key (or BENCHFLEET_API_KEY, or --api-key-file)": key,
        "--provider": provider,
        "--instance-type": instance_type,
    }
    _refuse([f"missing {name}" for name, value in needed.items() if not value])
    _refuse([*_malformed(orchestrator_url or "", run_id), *_misnamed(name), *_no_executor(executor_id)])
    config = Config(
        orchestrator_url=orchestrator_url or "",
        api_key=key or "",
        provider=provider or "",
        instance_type=instance_type or "",
        work_root=work_root or Path(tempfile.gettempdir()),
        run_id=run_id or None,
        slots=slots,
        cores_per_slot=cores_per_slot,
        isolation=isolation,
        image=image or None,
        own_image=own_image or None,
        container_network=container_network,
        name=name or None,
        mock=mock,
        debug=debug,
        stay=debug if no_exit is None else no_exit,
        log_file=log_file,
        claim_patience_s=claim_patience_s,
        announce=announce,
        executor_config=executor_config,
        executor_id=executor_id or None,
        heartbeat_interval_s=heartbeat_interval,
        environment=visible(os.environ),
        credentials=grantable(os.environ),
    )
    _work(config, as_json=as_json)


def _work(config: Config, *, as_json: bool) -> NoReturn:
    from runner_image import runner
    from runner_image.errors import TaskError
    from runner_image.executor.backends import BackendsError
    from runner_image.workloads.registry import workload

    try:
        summary = runner.run(config, workload=workload)
    except (TaskError, BackendsError) as error:
        _refuse([str(error)])
        raise
    if as_json:
        typer.echo(json.dumps(summary))
    raise typer.Exit(summary["exit_code"])


def _key(given: str | None, file: Path | None) -> str | None:
    """The file wins. The key is never echoed, nor is what else the file may hold."""
    if file is None:
        return given
    try:
        return read_key(file)
    except (OSError, UnicodeDecodeError) as error:
        _refuse([f"cannot read {file}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}"])
        raise


def _hand_over(key: str) -> None:
    """Does not return: the same command begins again, with nothing to see of the key."""
    try:
        start_anew(key, environment=os.environ)
    except (OSError, ValueError) as error:
        _refuse([f"cannot hide the key from benchmarks: {error}"])


def _malformed(url: str, run_id: str | None) -> list[str]:
    problems = []
    if not url.lower().startswith(("http://", "https://")):
        problems.append(f"--orchestrator-url must be an http(s) URL, not {url!r}")
    elif problem := address_problem(url):
        problems.append(f"--orchestrator-url {problem}, must look like https://api.example.com/prod")
    elif problem := _proxy_problem(url):
        problems.append(problem)
    if run_id and not RUN_ID.fullmatch(run_id):
        problems.append(f"invalid --run-id {run_id!r}: use letters, digits, dots, dashes and underscores, at most 128")
    return problems


def _misnamed(name: str | None) -> list[str]:
    if not name or LABEL.fullmatch(name):
        return []
    return [f"invalid --name {name!r}: use letters, digits, dots, dashes and underscores, at most 64"]


def _no_executor(executor_id: str | None) -> list[str]:
    if not executor_id or EXECUTOR_ID.fullmatch(executor_id):
        return []
    return [f"invalid --executor-id {executor_id!r}: use letters, digits, dots, dashes and underscores, at most 128"]


def _proxy_problem(url: str) -> str | None:
    socks = find_spec("socksio") is not None
    return proxy_problem(os.environ, loopback=is_loopback(urlsplit(url).hostname or ""), socks=socks)


def _refuse(problems: list[str]) -> None:
    """Ends the command if there is any problem, naming all of them."""
    if problems:
        for problem in problems:
            print(f"benchfleet runner: {problem}", file=sys.stderr)
        raise typer.Exit(USAGE_ERROR)


def _warn(message: str) -> None:
    print(f"benchfleet runner: warning: {message}", file=sys.stderr)
