"""The verbs that services ask of the world, and the words they use. `store/`, `archive/` and the queue answer them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from benchfleet_contract.states import (
    ArchiveState,
    FailureClass,
    HeartbeatStatus,
    ResultState,
    StopReason,
    TaskStatus,
)
from benchfleet_contract.tasks import UploadUrls

from chalicelib.domain.counting import Change, Counts, Tally
from chalicelib.domain.records import (
    ActiveRun,
    Candidates,
    ClaimRequest,
    Contents,
    Demand,
    Ending,
    Presence,
    Run,
    RunState,
    Stop,
    Task,
)
from chalicelib.domain.selection import Selected, Wanted

if TYPE_CHECKING:  # a start needs neither files nor machines
    from benchfleet_contract.runners import TaskFiles

    from chalicelib.domain.launch_records import Failure, Launch


@dataclass(frozen=True)
class Holder:
    """Who speaks for a task. `attempt`: the one whose own token was shown; `fleet_key`: a key that all runners share."""

    attempt: int | None
    fleet_key: bool = False


@dataclass(frozen=True)
class Beat:
    """One heartbeat. `attempt` is None for clients that do not fence. `fleet_key`: as in Holder."""

    runner_id: str
    attempt: int | None
    status: HeartbeatStatus
    message: str | None
    current_benchmark: str | None
    progress_pct: int | None
    now_ms: int
    fleet_key: bool = False


@dataclass(frozen=True)
class Verdict:
    """How a runner says that its task ended. `nonce` is that of the upload key it named, `seal` (domain/seals.py) tells what
    was uploaded there, if it named one."""

    status: TaskStatus
    runner_id: str
    attempt: int | None
    now_ms: int
    nonce: str | None = None
    result_key: str | None = None
    error_key: str | None = None
    seal: str | None = None
    error_type: str | None = None
    error_message: str | None = None
    failure_class: FailureClass | None = None
    reason: str | None = None
    fleet_key: bool = False


@dataclass(frozen=True)
class Flaw:
    """What an archive could not take of the task with this number, and why. `state` None takes a flaw back."""

    number: int
    state: ResultState | None
    reason: str | None


@dataclass(frozen=True)
class Built:
    """How a finalization ended, for the run's last write; `flaws` are for its tasks, all of them."""

    state: ArchiveState
    run_state: RunState
    reason: str | None
    key: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None
    error: str | None = None
    contents: Contents | None = None
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True)
class Declared:
    """What a runner says of the file that it is about to upload; the URL is bound to it. `kind`: result or error."""

    kind: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True)
class Issued:
    """What an upload key says of itself. A reference client's own spelling of a key says nothing: both are None."""

    attempt: int | None
    nonce: str | None


@dataclass(frozen=True)
class Measured:
    """What one attempt at a task measured: benchmark → logarithm of its mean, by what is compared with nothing else.

    `boards` has (workload, variant, metric, better) for names, as `benchfleet_results.summary.Board`. `steps` has the same
    names: benchmark → in what step its samples were written down. `instance` tells machines apart, None where it was not
    recorded. `problem` says why there is nothing.
    """

    number: int
    attempt: int
    boards: Mapping[tuple[str, str, str, str], Mapping[str, float]] = field(default_factory=dict)
    instance: str | None = None
    problem: str | None = None
    steps: Mapping[tuple[str, str, str, str], Mapping[str, float]] = field(default_factory=dict)


class Refused(Exception):
    """A conditional write on a task was refused; `task` is what stood there, None if nothing did."""

    def __init__(self, task: Task | None) -> None:
        super().__init__("condition not met")
        self.task = task


class Clock(Protocol):
    def __call__(self) -> int:
        """Milliseconds since the epoch."""


class Tasks(Protocol):
    """Every verb that changes a task is one conditional write and raises Refused."""

    def create(self, tasks: Iterable[Task]) -> None: ...
    def get(self, run_id: str, number: int) -> Task | None: ...
    def select(self, run: Run, wanted: Wanted, *, after: int, limit: int) -> Selected: ...
    def all(self, run: Run) -> Iterator[Task]: ...
    def candidates(
        self, run_id: str, block: int, demand: Demand, *, limit: int, request: ClaimRequest | None = None
    ) -> Candidates: ...
    def held_by_token(self, run_id: str, block: int, demand: Demand, token: str) -> Task | None: ...
    def any_open(self, run_id: str, block: int, demand: Demand) -> bool: ...
    def leased(self, run_id: str, block: int, demand: Demand) -> Iterator[Task]: ...
    def claim(self, run_id: str, number: int, request: ClaimRequest) -> Task: ...
    def renew(self, run_id: str, number: int, beat: Beat) -> Task: ...
    def finish(self, run_id: str, number: int, verdict: Verdict) -> Task: ...
    def hand_back(self, task: Task, verdict: Verdict) -> None: ...
    def extend(self, task: Task, *, now_ms: int) -> None: ...
    def requeue(self, task: Task) -> None: ...
    def time_out(self, task: Task, *, now_ms: int) -> None: ...
    def end_open(self, task: Task, ending: Ending, *, now_ms: int) -> None: ...
    def spare(self, task: Task, reason: StopReason, *, now_ms: int) -> None: ...
    def give_up(self, task: Task, failure: "Failure", *, now_ms: int) -> None: ...
    def note_flaw(self, run_id: str, flaw: Flaw) -> None: ...
    def erase(self, run_id: str, task_count: int) -> Iterator[int]: ...
    def open_headers(self, run: Run) -> None: ...
    def close_headers(self, run: Run) -> None: ...


class Runs(Protocol):
    """Verbs return False where another writer was first."""

    def reserve(self, run: Run) -> bool: ...
    def publish(self, run: Run) -> bool: ...
    def get(self, run_id: str) -> tuple[Run, Counts] | None: ...
    def newest(self, *, limit: int, cursor: str | None) -> tuple[list[Run], str | None]: ...
    def stop(self, run_id: str) -> bool: ...
    def pass_deadline(self, run_id: str) -> bool: ...
    def note_stops(self, run_id: str, stops: Mapping[int, Stop]) -> bool: ...
    def begin_archive(self, run_id: str, *, now_ms: int, until_ms: int) -> int | None: ...
    def keep_archive(self, run_id: str, build: int, *, until_ms: int) -> bool: ...
    def release_archive(self, run_id: str, build: int, *, error: str) -> bool: ...
    def abandon_archive(self, run_id: str, *, until_ms: int) -> bool: ...
    def close_archive(self, run: Run, build: int, built: Built, *, now_ms: int) -> bool: ...
    def count(self, run_id: str, changes: list[Change], *, now_ms: int) -> Counts | None: ...
    def correct(self, run: Run, tally: Tally, seen: Counts, *, now_ms: int) -> bool: ...
    def note_drift(self, run_id: str, drift: str, seen: Counts, *, now_ms: int) -> bool: ...
    def active(self) -> list[ActiveRun]: ...
    def announce(self, run: Run) -> None: ...
    def activate(self, run: Run) -> None: ...
    def retire(self, run_id: str) -> None: ...


class Deletions(Protocol):
    """Runs that are being deleted. One at a time takes a run; whoever took it says its number with each later write.

    Verbs return False or None where another was first.
    """

    def begin(self, run_id: str, *, now_ms: int) -> bool: ...
    def abandon(self, run_id: str, *, now_ms: int) -> bool: ...
    def due(self, *, now_ms: int, limit: int) -> list[str]: ...
    def take(self, run_id: str, *, now_ms: int, until_ms: int) -> tuple[int, Run] | None: ...
    def keep(self, run_id: str, number: int, *, until_ms: int) -> bool: ...
    def erase(self, run_id: str) -> None: ...
    def hold(self, run_id: str, number: int, *, until_ms: int) -> bool: ...
    def end(self, run_id: str, number: int) -> bool: ...


class Leftovers(Protocol):
    """Runs among whose uploads may be some that no task names, and from when on no more can come."""

    def mark(self, run_id: str, *, due_ms: int) -> None: ...
    def due(self, *, now_ms: int) -> list[str]: ...
    def clear(self, run_id: str) -> None: ...


class Runners(Protocol):
    """Who asked for work and got none. `run_id` None stands for those that ask for tasks of any run."""

    def note(self, presence: Presence) -> None: ...
    def seen(self, run_id: str | None, *, now_ms: int) -> list[Presence]: ...
    def erase(self, run_id: str) -> Iterator[int]: ...


class Launches(Protocol):
    """The machines that were asked for. Verbs return False where another writer was first."""

    def all(self, run_id: str) -> "list[Launch]": ...
    def get(self, run_id: str, name: str) -> "Launch | None": ...
    def add(self, launch: "Launch") -> bool: ...
    def change(self, seen: "Launch", wanted: "Launch") -> bool: ...
    def take(self, run_id: str, *, now_ms: int, until_ms: int) -> bool: ...
    def hurry(self, run_id: str) -> None: ...
    def erase(self, run_id: str) -> Iterator[int]: ...
    def mark(self, provisioner: str, region: str, *, until_ms: int) -> None: ...
    def marked(self, *, now_ms: int) -> list[tuple[str, str]]: ...


class Measurements(Protocol):
    """What tasks of runs with a goal measured. Kept again, it is the same."""

    def keep(self, run_id: str, measured: Iterable[Measured]) -> None: ...
    def all(self, run_id: str) -> list[Measured]: ...
    def erase(self, run_id: str) -> Iterator[int]: ...


class Results(Protocol):
    """What tasks uploaded, as far as it says what they measured."""

    def read(self, task: Task) -> Measured:
        """Of a completed task. Raises Unavailable when the bucket does not give it; what is wrong with it is told in it."""


class Builder(Protocol):
    def build(self, run: Run, *, document: bytes, tasks: Iterable[Task]) -> Built:
        """Builds the archive and says how that ended; `run_state` and `reason` are the caller's to fill."""


class Storage(Protocol):
    """What lies in the bucket, by name. URLs are signed afresh with each call."""

    def keep_request(self, run_id: str, body: bytes) -> None: ...
    def keep_plan(self, run_id: str, lines: bytes) -> None: ...
    def options(self, run_id: str, offset: int, length: int) -> dict[str, Any]: ...
    def sign_plan(self, run_id: str) -> str: ...
    def sign_uploads(self, task: Task, declared: Declared | None = None) -> UploadUrls: ...
    def sign_archive(self, run: Run) -> str | None: ...
    def summary(self, run_id: str) -> bytes | None: ...
    def sign_files(self, task: Task) -> "TaskFiles": ...
    def nonce_of(self, key: str, *, run_id: str, number: int, kind: str) -> Issued | None: ...
    def upload_keys(self, task: Task) -> tuple[str, str]: ...
    def seal_of(self, key: str) -> str: ...
    def uploads(self, run_id: str) -> Iterator[list[str]]: ...
    def drop(self, keys: list[str]) -> None: ...
    def erase(self, run_id: str) -> Iterator[int]: ...


class ProvisionQueue(Protocol):
    """Work on machines. A message may come twice, late, or not at all."""

    def send(self, run_id: str, *, delay_s: int = 0) -> None: ...
    def send_strays(self) -> None: ...


class FinalizeQueue(Protocol):
    """Work that outlasts a request."""

    def send(self, run_id: str) -> None: ...
    def send_deletion(self, run_id: str) -> None: ...
    def send_judgement(self, run_id: str) -> None: ...
    def send_collection(self, run_id: str) -> None: ...
