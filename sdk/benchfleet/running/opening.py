"""Makes a session: of a new run, or of one that an earlier command has made. What it takes is given back by `undo`."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from benchfleet_contract.names import NEW_RUN_ID

from benchfleet.config import RunConfig
from benchfleet.documents.problems import first_lines
from benchfleet.exceptions import ConfigError, NotFound, UsageError
from benchfleet.running.options import LATEST, RunOptions
from benchfleet.running.session import Session, Tools
from benchfleet.running.state import ConfigState, Phase, RunState, StateFolder
from benchfleet.running.undo import Undo

DEFAULT_CONFIG_HINT = "name one with --config FILE"
_TRIES = 30  # ids are seconds: so many runs may be begun in one second


def new_session(options: RunOptions, tools: Tools, undo: Undo) -> Session:
    """Reads the config and takes an id. Raises ConfigError, UsageError, DiskError."""
    if options.config is None:
        raise UsageError(f"no config: {DEFAULT_CONFIG_HINT}")
    config = _read(options.config, options.providers, tools)
    folder, now = StateFolder(options.state_dir), tools.clocks.now()
    with tools.interrupts.held():
        run_id = _reserve(options.run_id or config.request.run_id, folder, now)
        undo.state.callback(folder.forget, run_id)
        undo.lock.callback(folder.lock(run_id).release)
    return Session(_fresh(run_id, options, config, now), folder=folder, config=config, tools=tools, undo=undo)


def _fresh(run_id: str, options: RunOptions, config: RunConfig, now: datetime) -> RunState:
    return RunState(
        created_at=now,
        updated_at=now,
        run_id=run_id,
        config=ConfigState(path=str(config.path.absolute()), sha256=config.sha256),
        chosen=list(options.providers),
        slots=options.slots,
        api_url="",
        dashboard_url="",
        results_dir=str((options.results or Path("results")).absolute() / run_id),
        phase=Phase.PROVISIONING,
    )


def old_session(options: RunOptions, tools: Tools, undo: Undo) -> Session:
    """Raises UsageError if there is nothing to resume, ConfigError if the config is not what it was."""
    folder = StateFolder(options.state_dir)
    run_id = _known(options, folder, told=tools.display.note).run_id
    undo.lock.callback(folder.lock(run_id).release)
    undo.state.callback(_tidy_if_forgotten, folder, run_id)
    state = _known(replace(options, resume=run_id), folder)  # once more: another command may have brought it further
    config = _same_config(state, options, tools)
    undo.state.pop_all()
    if options.results is not None:
        state.results_dir = str(options.results.absolute() / state.run_id)
    state.slots = options.slots or state.slots
    return Session(state, folder=folder, config=config, tools=tools, undo=undo)


def _tidy_if_forgotten(folder: StateFolder, run_id: str) -> None:
    """To lock a run makes its folder, also when another command has just forgotten it."""
    if not folder.path(run_id).exists():
        folder.forget(run_id)


def _known(options: RunOptions, folder: StateFolder, *, told: Callable[[str], None] = lambda words: None) -> RunState:
    state = folder.latest(told=told) if options.resume == LATEST else folder.load(options.resume or "")
    if state is None:
        where = options.state_dir / "runs"
        what = "any run" if options.resume == LATEST else f"run {options.resume}"
        raise UsageError(f"{where} has no state file of {what}: nothing to resume")
    return state


def _same_config(state: RunState, options: RunOptions, tools: Tools) -> RunConfig:
    if options.providers and sorted(options.providers) != sorted(state.chosen):
        was = ", ".join(state.chosen) or "all of the config"
        raise UsageError(f"run {state.run_id} was begun with the providers: {was}; resume it without --provider")
    config = _read(options.config or Path(state.config.path), tuple(state.chosen), tools)
    if config.sha256 != state.config.sha256:
        raise ConfigError(
            f"{config.path} is not the config of run {state.run_id}: its SHA-256 is {config.sha256}, "
            f"the run was made with {state.config.sha256}; restore it, or begin a new run"
        )
    return config


def _read(path: Path, providers: tuple[str, ...], tools: Tools) -> RunConfig:
    config = tools.load(path)
    for warning in first_lines(config.warnings):
        tools.display.note(warning)
    return config.only(providers) if providers else config


def _reserve(wanted: str | None, folder: StateFolder, now: datetime) -> str:
    if wanted and not NEW_RUN_ID.fullmatch(wanted):
        raise UsageError(
            f"invalid run id {wanted!r}: use letters, digits, dots, dashes and underscores, at most 128, no .json at the "
            "end, and not `latest`, which means the newest run"
        )
    for run_id in [wanted] if wanted else _ids(now):
        if folder.reserve(run_id):
            return run_id
    if wanted:
        raise UsageError(f"run {wanted} is known here: go on with it by --resume {wanted}, or take another id")
    raise UsageError("too many runs were begun in this second: try again")


def _ids(now: datetime) -> Iterator[str]:
    """Unix seconds; the next ones if another command here was faster."""
    yield from (str(int(now.timestamp()) + number) for number in range(_TRIES))


def require_free(session: Session) -> None:
    """Raises UsageError if the control plane has a run of this id already: it is somebody else's."""
    with session.tools.client(session.connection.api_url, session.connection.key) as client:
        try:
            client.run(session.run_id)
        except NotFound:
            return
    raise UsageError(
        f"{session.connection.api_url} has a run {session.run_id} already: try again with another --run-id"
    )
