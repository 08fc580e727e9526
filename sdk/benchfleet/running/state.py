"""State files: what a later command needs to pick a run up. They hold no secret.

<state dir>/runs/<run id>.json     one run, replaced as a whole
<state dir>/runs/<run id>/         logs of its runners, and its emulator if it brought one
"""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from benchfleet_contract.names import RUN_ID
from benchfleet_contract.runs import RunDetail, TaskCounts
from benchfleet_contract.states import RunStatus
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from benchfleet.exceptions import BenchfleetError, DiskError
from benchfleet.local.files import read_own, replace_whole
from benchfleet.local.state import EmulatorState, PathText, ProviderState
from benchfleet.results.stops import not_needed

if TYPE_CHECKING:
    from benchfleet.local.lock import Lock

DEFAULT_FOLDER = Path(".benchfleet")
_MOST_BYTES = 16 * 1024**2
_REMEDY = "restore it, or remove it and begin a new run"


class Phase(StrEnum):
    """How far the command came. A resumed run starts over at the phase that it left."""

    PROVISIONING = "provisioning"
    CREATING = "creating"
    FOLLOWING = "following"
    FETCHING = "fetching"
    DONE = "done"


class ConfigState(BaseModel):
    path: PathText
    sha256: str


class SeenRun(BaseModel):
    """`not_needed` tasks were cancelled by design, in a run with a target precision."""

    status: RunStatus
    tasks: TaskCounts
    not_needed: int = 0

    @property
    def all_done(self) -> bool:
        return self.tasks.completed + self.not_needed == self.tasks.total


class RunState(BaseModel):
    """One state file."""

    version: Literal[1] = 1
    created_at: AwareDatetime
    updated_at: AwareDatetime
    run_id: str
    config: ConfigState
    chosen: list[str] = []  # --provider
    slots: Annotated[int, Field(ge=1)] | None = None
    api_url: str
    dashboard_url: str
    results_dir: PathText
    phase: Phase
    run: SeenRun | None = None
    providers: dict[str, ProviderState] = {}
    emulator: EmulatorState | None = None

    @property
    def has_dashboard(self) -> bool:
        """False once the run's own emulator has ended, whether it is put away or may be started again."""
        from benchfleet.local.processes import Identity  # here: to read the files needs no processes

        process = self.emulator.process if self.emulator else None
        return bool(self.dashboard_url) and (process is None or Identity(process.pid, process.started).alive)

    def created(self, tasks: int) -> None:
        self.run = SeenRun(status=RunStatus.RUNNING, tasks=TaskCounts(total=tasks, pending=tasks))

    def seen(self, run: RunDetail) -> None:
        self.run = SeenRun(status=run.status, tasks=run.tasks, not_needed=not_needed(run))


class StateFolder:
    """The state files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._runs = folder / "runs"

    def path(self, run_id: str) -> Path:
        return self._runs / f"{run_id}.json"

    def folder(self, run_id: str) -> Path:
        """Where what belongs to the run is kept while it lasts."""
        return self._runs / run_id

    def lock(self, run_id: str) -> "Lock":
        """Raises UsageError if another command is at work on the run, DiskError."""
        from benchfleet.local.lock import (
            Lock,
        )  # here: to read the files needs no locks, which not every system has

        return Lock.take(self.folder(run_id) / "lock", of=f"run {run_id}")

    def reserve(self, run_id: str) -> bool:
        """Makes the run's folder; False if another command has the id. Raises BenchfleetError."""
        with _told(self._runs):
            self._runs.mkdir(parents=True, exist_ok=True)
            if self.path(run_id).exists():
                return False
            try:
                self.folder(run_id).mkdir(mode=0o700)
            except FileExistsError:
                return False
            return True

    def save(self, state: RunState, *, now: datetime | None = None) -> None:
        """Whole or not at all, and on the disk when this returns. Raises BenchfleetError."""
        state.updated_at = now or datetime.now(UTC)
        path = self.path(state.run_id)
        with _told(path):
            replace_whole(path, state.model_dump_json(indent=2).encode() + b"\n")

    def load(self, run_id: str) -> RunState | None:
        """None if there is no such file. Raises BenchfleetError for one that is not valid."""
        if not RUN_ID.fullmatch(run_id):
            return None
        path = self.path(run_id)
        try:
            state = RunState.model_validate_json(read_own(path, most_bytes=_MOST_BYTES))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BenchfleetError(f"cannot read {path}: {error.strerror or error}; {_REMEDY}") from error
        except ValidationError as error:
            raise BenchfleetError(f"{path} is not a valid state file: {_first(error)}; {_REMEDY}") from error
        if state.run_id != run_id:
            raise BenchfleetError(f"{path} is the state file of another run, {state.run_id!r}; {_REMEDY}")
        return state

    def latest(self, *, told: Callable[[str], None] = lambda words: None) -> RunState | None:
        """The newest by `created_at`. A file that cannot be read is passed over and told.

        Raises BenchfleetError if there are such files only.
        """
        found, broken = self._all()
        if broken and not found:
            raise broken[0]
        for error in broken:
            told(str(error))
        return next(iter(found), None)

    def newest_first(self) -> list[RunState]:
        """All that can be read."""
        return self._all()[0]

    def _all(self) -> tuple[list[RunState], list[BenchfleetError]]:
        found: list[RunState] = []
        broken: list[BenchfleetError] = []
        for path in sorted(self._runs.glob("*.json")):
            try:
                state = self.load(path.stem)
            except BenchfleetError as error:
                broken.append(error)
            else:
                found += [state] if state else []
        return sorted(found, key=lambda state: state.created_at, reverse=True), broken

    def tidy(self, run_id: str, *, keep_logs: bool) -> None:
        """Removes the run's folder, or all of it but the logs of its runners."""
        if not keep_logs:
            shutil.rmtree(self.folder(run_id), ignore_errors=True)
            return
        shutil.rmtree(self.folder(run_id) / "emulator", ignore_errors=True)
        (self.folder(run_id) / "lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # not empty: there are logs
            self.folder(run_id).rmdir()

    def forget(self, run_id: str) -> None:
        """Removes the run's file and folder."""
        self.tidy(run_id, keep_logs=False)
        self.path(run_id).unlink(missing_ok=True)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror or error}") from error


def _first(error: ValidationError) -> str:
    """The first problem, on one line; what stands there is not told."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return " ".join(f"{where}: {first['msg']}".removeprefix(": ").split())
