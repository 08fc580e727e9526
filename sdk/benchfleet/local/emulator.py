"""An emulator as a process of its own, so that it can outlive the command that brought it and be found again."""

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import BaseModel

from benchfleet.api.session import read_base_url
from benchfleet.exceptions import BenchfleetError
from benchfleet.local.environment import child_environment
from benchfleet.local.files import read_own
from benchfleet.local.processes import Background, Identity
from benchfleet.local.state import EmulatorState, ProcessState

COMMAND = (sys.executable, "-m", "benchfleet.cli.main", "emulator")
START_S = 60.0
END_S = (15.0,)  # it writes its state at the end
SWEEP_EVERY_S = "10"  # a lease that ran out while a runner was started again is found soon
_LOOK_EVERY_S = 0.05
_MOST_READY_BYTES = 64 * 1024
_READY_REMEDY = "end that emulator, and resume the run"


class _Keys(BaseModel):
    admin: str
    runner: str


class _Document(BaseModel):
    api_url: str
    aws_endpoint_url: str
    keys: _Keys


@dataclass(frozen=True)
class Ready:
    """What its ready file says that we need."""

    api_url: str
    aws_url: str
    admin_key: str = field(repr=False)
    runner_key: str = field(repr=False)


class EmulatorProcess:
    """Lives in `folder`: its state, its ready file, its log. `ports` are those of API and AWS; 0 chooses a free one."""

    def __init__(self, folder: Path, *, ports: tuple[int, int] = (0, 0), command: Sequence[str] = COMMAND) -> None:
        self._folder = folder.absolute()
        self._ports = ports
        self._command = tuple(command)
        self._process: Background | None = None

    @property
    def ready_file(self) -> Path:
        return self._folder / "ready.json"

    @property
    def log(self) -> Path:
        return self._folder / "emulator.log"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, *, environment: Mapping[str, str] = os.environ) -> None:
        """Only starts it: `wait_until_ready` waits. Its stdout is dropped, because it prints its keys there."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.ready_file.unlink(missing_ok=True)  # of one that was killed
        self._process = Background.start(
            [
                *self._command,
                *("--port", str(self._ports[0]), "--aws-port", str(self._ports[1])),
                *("--ready-file", str(self.ready_file), "--state", str(self._folder / "state")),
                *("--sweep-every", SWEEP_EVERY_S),
            ],
            environment=child_environment(environment),
            log=self.log,
            silent=True,
        )

    def find_again(self, state: EmulatorState) -> None:
        """Takes up the process of an earlier command, alive or not."""
        identity = Identity(state.process.pid, state.process.started)
        self._process = Background(identity, log=self.log)
        self._ports = (state.api_port, state.aws_port)

    def wait_until_ready(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> Ready:
        """Raises BenchfleetError, with the end of its log, if it does not come up."""
        until = clock() + START_S
        while clock() < until:
            if self.ready_file.exists():
                ready = read_ready(self.ready_file)
                self._ports = (_port(ready.api_url), _port(ready.aws_url))
                return ready
            if not self.alive:
                raise BenchfleetError(f"the emulator did not start:\n{self._tail()}")
            sleep(_LOOK_EVERY_S)
        raise BenchfleetError(f"the emulator is not ready after {START_S:g} s:\n{self._tail()}")

    def restart(self) -> Ready:
        """On its old ports, so that runners find it again; on others if somebody has taken them meanwhile."""
        self.start()
        try:
            return self.wait_until_ready()
        except BenchfleetError:
            if self.alive or "in use" not in self._tail():
                raise
        self._ports = (0, 0)
        self.start()
        return self.wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.end(patience_s=END_S)

    def leave(self) -> None:
        """It goes on when this command ends."""
        if self._process is not None:
            self._process.let_go()

    def state(self) -> EmulatorState | None:
        """As a state file remembers it; None before it was started."""
        if self._process is None:
            return None
        identity = self._process.identity
        return EmulatorState(
            folder=str(self._folder),
            ready_file=str(self.ready_file),
            process=ProcessState(pid=identity.pid, started=identity.started, log=str(self.log)),
            api_port=self._ports[0],
            aws_port=self._ports[1],
        )

    def _tail(self) -> str:
        return self._process.log_tail() if self._process else ""


def read_ready(path: Path) -> Ready:
    """Raises BenchfleetError for a file that cannot be read or was not written by an emulator; never with what it holds."""
    try:
        document = _Document.model_validate_json(read_own(path, most_bytes=_MOST_READY_BYTES))
        read_base_url(document.api_url)
        read_base_url(document.aws_endpoint_url)
    except OSError as error:
        raise BenchfleetError(f"cannot read {path}: {error.strerror or error}; {_READY_REMEDY}") from error
    except (ValueError, BenchfleetError) as error:
        raise BenchfleetError(f"{path} is not a ready file of an emulator; {_READY_REMEDY}") from error
    return Ready(document.api_url, document.aws_endpoint_url, document.keys.admin, document.keys.runner)


def _port(url: str) -> int:
    return urlsplit(url).port or 0
