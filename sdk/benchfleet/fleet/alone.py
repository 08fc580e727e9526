"""A fleet run on one machine: a control plane and a runner for it alone, which end when it has.

`.benchfleet/fleets/<run id>.json` tells later commands where they are. The command that starts the run starts the control
plane; a collector (`benchfleet.fleet.collect`) takes it over, starts the runner, keeps both alive and ends them. The state
file's lock is the collector's, for as long as it lives.
"""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from benchfleet_contract.fleets.runs import ENDED, FLEET_PROVIDER, FLEET_TYPE, FleetRunDetail
from pydantic import BaseModel, ValidationError

from benchfleet.exceptions import BenchfleetError
from benchfleet.fleet.detaching import start
from benchfleet.fleet.errors import RunnerLost
from benchfleet.local.emulator import EmulatorProcess, read_ready
from benchfleet.local.environment import child_environment
from benchfleet.local.files import read_own, replace_whole
from benchfleet.local.processes import Identity
from benchfleet.local.runner import RUNNER, LocalRunner, RunnerPlan
from benchfleet.local.state import EmulatorState, PathText, RunnerState
from benchfleet.profiles.settings import Connection

FOLDER = Path(".benchfleet", "fleets")
ANSWERS = "BENCHFLEET_ANSWERS"  # where runners keep answers for manifests with `cache`
MOST_RESTARTS = 3  # of the emulator, and of the runner
MOST_SLOTS = 4  # shards at a time: what they may send at a time is for the control plane to say
_MOST_BYTES = 1024**2


class AloneState(BaseModel):
    """`folder`: of the artifacts. `home`: of the emulator, removed at the end."""

    version: Literal[1] = 1
    run_id: str
    folder: PathText
    home: PathText
    slots: int
    emulator: EmulatorState
    runner: RunnerState | None = None

    def save(self, path: Path) -> None:
        replace_whole(path, self.model_dump_json(indent=2).encode() + b"\n")


class Bringing:
    """A control plane on this machine, before its run exists. Ends with the block unless it was handed over."""

    def __init__(self, states: Path = FOLDER) -> None:
        self._states = states.absolute()
        self._home = self._states / f"new-{secrets.token_hex(6)}"
        self._emulator = EmulatorProcess(self._home)
        self.connection = Connection("", None, None)

    def __enter__(self) -> Self:
        try:
            self._emulator.start()
            ready = self._emulator.wait_until_ready()
        except BaseException:
            self._end()
            raise
        self.connection = Connection(ready.api_url, ready.admin_key, None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def hand_over(self, run_id: str, folder: Path, *, slots: int) -> "AloneState":
        """To a collector, which has started when this returns. Raises BenchfleetError, and then everything ends."""
        emulator = self._emulator.state()
        if emulator is None:
            raise BenchfleetError("the emulator was not started")
        found = AloneState(
            run_id=run_id, folder=str(folder.absolute()), home=str(self._home), slots=slots, emulator=emulator
        )
        found.save(path_of(run_id, self._states))
        start_supervisor(found, self._states)
        self._emulator.leave()
        self._emulator = EmulatorProcess(self._home)  # nothing is left to end
        return found

    def _end(self) -> None:
        with suppress(BenchfleetError):
            self._emulator.stop()
        if self._emulator.pid is not None:
            shutil.rmtree(self._home, ignore_errors=True)


def path_of(run_id: str, states: Path = FOLDER) -> Path:
    return states.absolute() / f"{run_id}.json"


def find(run_id: str, states: Path = FOLDER) -> AloneState | None:
    """None where no such run was begun here, or it has ended. Raises BenchfleetError for a file that is not ours."""
    return _read(path_of(run_id, states))


def latest(states: Path = FOLDER) -> AloneState | None:
    """The one begun last."""
    files = sorted(states.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    return next((state for state in map(_read, files) if state), None)


def connection_of(state: AloneState) -> Connection | None:
    """None where its control plane does not live any more."""
    process = state.emulator.process
    if not Identity(process.pid, process.started).alive:
        return None
    try:
        ready = read_ready(Path(state.emulator.ready_file))
    except BenchfleetError:
        return None
    return Connection(ready.api_url, ready.admin_key, None)


def start_supervisor(state: AloneState, states: Path = FOLDER) -> None:
    """Raises BenchfleetError; also where one is at work on the run."""
    hidden = {name: it for name, it in os.environ.items() if not name.startswith("BENCHFLEET_") or name == ANSWERS}
    words = [state.run_id, state.folder, "--detach", "--alone", str(path_of(state.run_id, states))]
    start(words, hidden, Path(state.folder))


def is_at_work(run_id: str, states: Path = FOLDER) -> bool:
    """Does a collector live that looks after the run?"""
    from benchfleet.exceptions import UsageError
    from benchfleet.local.lock import Lock

    path = path_of(run_id, states)
    if not path.exists():
        return False
    try:
        Lock.take(path.with_suffix(".lock"), of=run_id).release()
    except UsageError:
        return True
    return False


class Alone:
    """What the collector keeps alive."""

    def __init__(self, path: Path, state: AloneState, runner: Sequence[str] = RUNNER) -> None:
        self._path, self._state = path, state
        self._emulator = EmulatorProcess(Path(state.home))
        self._command = tuple(runner)
        self._runner: LocalRunner | None = None
        self._restarts = {"emulator": 0, "runner": 0}
        self._seen: FleetRunDetail | None = None
        self.connection = Connection("", None, None)

    @classmethod
    @contextmanager
    def taken_up(cls, path: Path) -> "Iterator[Alone]":
        """Emulator and runner, found again or started again; both have ended behind the block."""
        state = _read(path)
        if state is None:
            raise BenchfleetError(f"{path} is not there: the run has ended, or was not begun here")
        alone = cls(path, state)
        try:
            alone._begin()
            yield alone
        finally:
            alone._end()

    def told(self, run: FleetRunDetail) -> None:
        self._seen = run

    def mend(self) -> None:
        """Starts again what has ended too early. What ends again and again raises: RunnerLost (once), BenchfleetError."""
        if not self._emulator.alive:
            self._count("emulator", BenchfleetError(f"the emulator keeps ending; see {self._emulator.log}"))
            self._emulator.restart()
            self._save()
        if self._runner is None or self._runner.alive or self._seen is None or self._seen.status in ENDED:
            return
        if self._runner.exit_code != 0:
            self._count("runner", RunnerLost(f"the runner keeps ending; see {self._log}"))
            self._start_runner()
        elif any(shard.status == "pending" for shard in self._seen.shards):  # handed out again after it had left
            self._start_runner()

    def forget(self) -> None:
        """Nothing of it is left but the artifacts."""
        shutil.rmtree(self._state.home, ignore_errors=True)
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".lock").unlink(missing_ok=True)

    def _count(self, what: str, error: BenchfleetError) -> None:
        self._restarts[what] += 1
        if self._restarts[what] > MOST_RESTARTS:
            self._runner = None if what == "runner" else self._runner
            raise error

    def _begin(self) -> None:
        self._emulator.find_again(self._state.emulator)
        ready = self._emulator.wait_until_ready() if self._emulator.alive else self._emulator.restart()
        self.connection = Connection(ready.api_url, ready.admin_key, None)
        plan = RunnerPlan(
            api_url=ready.api_url, key=ready.runner_key, run_id=self._state.run_id, provider=FLEET_PROVIDER,
            instance_type=FLEET_TYPE, slots=self._state.slots,
        )  # fmt: skip
        kept = {
            name: it for name, it in os.environ.items() if name.startswith("AWS_") or name == ANSWERS
        }  # for Bedrock
        environment = child_environment(os.environ) | kept
        self._runner = LocalRunner(plan.command(self._command), environment=environment, log=self._log, key=plan.key)
        known = self._state.runner
        if known and (identity := Identity(known.pid, known.started)).alive:
            self._runner.find_again(identity, log=self._log)
        else:
            self._start_runner()

    @property
    def _log(self) -> Path:
        return Path(self._state.folder) / "runner.log"

    def _start_runner(self) -> None:
        if self._runner is not None:
            self._runner.start()
            self._save()

    def _save(self) -> None:
        identity = self._runner.process.identity if self._runner else None
        runner = identity and RunnerState(
            pid=identity.pid,
            started=identity.started,
            log=str(self._log),
            instance_type=FLEET_TYPE,
            isolation="process",
        )
        emulator = self._emulator.state() or self._state.emulator
        self._state = self._state.model_copy(update={"emulator": emulator, "runner": runner})
        self._state.save(self._path)

    def _end(self) -> None:
        if self._runner is not None:
            with suppress(BenchfleetError):
                self._runner.stop()
        self._emulator.stop()


def _read(path: Path) -> AloneState | None:
    try:
        return AloneState.model_validate_json(read_own(path, most_bytes=_MOST_BYTES))
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise BenchfleetError(f"{path} is no state file of a fleet run: remove it") from error
