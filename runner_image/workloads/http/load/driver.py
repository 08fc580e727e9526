"""What every load tool is asked, and what it answers: saturation (closed loop) and latency at a fixed rate (open loop).

A response is *right* when its status is the expected one and its body has the expected length (and content, if given).
Nothing else counts for a rate: 500s, half bodies and timeouts have counts of their own. None is "not known", never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runner_image.errors import TaskError

ERRORS = ("connect", "read", "write", "timeout")  # classes of `errors`: each driver uses these words only
CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "other")  # of `by_class`


@dataclass(frozen=True)
class Target:
    """Where the server listens: an address, not a name (a name may resolve to IPv6 first)."""

    port: int
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


@dataclass(frozen=True)
class Request:
    """One request, sent again and again, and what is right for an answer.

    `path` includes the query. `headers` need no Host, Content-Length or Connection. `response_bytes`: the length of the
    right body; `response_body`: its content; None: not checked (a body that ends early is an error all the same).
    """

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    expected_status: int = 200
    response_bytes: int | None = None
    response_body: bytes | None = None


@dataclass(frozen=True)
class Saturation:
    """A closed loop: `connections` of them, each sends its next request when the last one was answered.

    `requests`: answers of any kind; `ok`: right ones; `wrong_body`: right status, wrong body. `bytes`: received, with headers.
    `in_flight`: the mean number of requests between send and answer, as the tool timed them (Little's law: rate times mean
    latency). `starved`: connections that were not answered for most of the time, while others were.
    `client_cpu_s`: user and system seconds of the tool. `raw`: its output, to be read again.
    """

    tool: str
    argv: tuple[str, ...]
    connections: int
    keep_alive: bool
    duration_s: float
    requests: int
    ok: int
    by_class: Mapping[str, int]
    wrong_body: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    bytes: int | None = None
    in_flight: float | None = None
    starved: int | None = None
    client_cpu_s: float | None = None
    raw: str = ""

    @property
    def rps(self) -> float:
        """Right answers a second."""
        return self.ok / self.duration_s if self.duration_s > 0 else 0.0


@dataclass(frozen=True)
class Distribution:
    """Milliseconds. All None where nothing was recorded; `count` is 0 then.

    `encoded`: the whole HdrHistogram of microseconds, V2 compressed, base64: histograms of repeats can be added.
    """

    count: int
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None
    encoded: str = ""


@dataclass(frozen=True)
class Latency:
    """An open loop: requests leave at times fixed beforehand, whether or not earlier ones were answered.

    `response`: from the intended send to the last byte; `service`: from the actual send; both of right answers only.
    `intended`: requests of the schedule; `sent`; `completed`: answers of any kind; `ok`: right ones; `in_time`: of these,
    those that came while more was asked, or as soon after as one takes; `unanswered`: sent or waiting when the time was up.
    `dispatch_lag`: how late the generator itself was, which is not the wait for a free connection; `max_queue`: most
    requests that waited for one at a time. `invalid`: why it cannot be believed.
    """

    tool: str
    argv: tuple[str, ...]
    rate: float
    connections: int
    keep_alive: bool
    duration_s: float
    response: Distribution
    service: Distribution
    dispatch_lag: Distribution
    intended: int
    sent: int
    completed: int
    ok: int
    in_time: int
    by_class: Mapping[str, int]
    wrong_body: int = 0
    errors: Mapping[str, int] = field(default_factory=dict)
    unanswered: int = 0
    bytes: int | None = None
    max_queue: int | None = None
    client_cpu_s: float | None = None
    invalid: tuple[str, ...] = ()
    raw: str = ""

    @property
    def dispatch_lag_p99_ms(self) -> float | None:
        return self.dispatch_lag.p99

    @property
    def offered(self) -> float:
        """Requests a second that the schedule held."""
        return self.intended / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def achieved(self) -> float:
        """Right answers a second: what only comes when no more is asked does not count."""
        return self.in_time / self.duration_s if self.duration_s > 0 else 0.0


class ToolFailed(TaskError):
    """A load tool is missing, cannot be understood, or failed for a reason of its own: nothing is said of the server."""

    def __init__(self, message: str) -> None:
        super().__init__(message, error_type="load_tool_failed")


@dataclass(frozen=True)
class Ended:
    """A command that has ended. `cpu_s`: of it and its children, None where that is not known."""

    code: int
    stdout: str
    stderr: str
    cpu_s: float | None = None


class Commands(Protocol):
    """Runs a command to its end where the server can be reached over loopback: see commands.py."""

    @property
    def python(self) -> str:
        """An interpreter there that can import this package."""

    def __call__(self, command: Sequence[str], *, timeout_s: float, cores: Sequence[int] = ()) -> Ended:
        """`cores`: pins it; empty: as it comes. It runs in a folder of its own for files: see `write` and `read`.

        Exit code 127 where there is no such program, 124 after `timeout_s`. Raises Stopped when the task was stopped.
        """

    def write(self, name: str, content: bytes) -> None: ...

    def read(self, name: str) -> bytes:
        """Empty where the command has left no such file."""


@dataclass(frozen=True)
class Missing:
    """Why a tool cannot be used here, and what to do about it."""

    tool: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.tool} is not here: {self.remedy}"


@dataclass(frozen=True)
class Version:
    tool: str
    version: str


class Driver(Protocol):
    """A tool for saturation. Raises ToolFailed where the tool itself failed; a server that fails is an answer."""

    name: str

    def probe(self) -> Version | Missing: ...

    def saturate(
        self,
        target: Target,
        request: Request,
        *,
        connections: int,
        duration_s: float,
        keep_alive: bool = True,
        cores: Sequence[int] = (),
    ) -> Saturation: ...


class FixedRate(Protocol):
    """A tool for latency: a `Driver` may be one as well. `rate`: requests a second over all connections."""

    name: str

    def probe(self) -> Version | Missing: ...

    def open_loop(
        self,
        target: Target,
        request: Request,
        *,
        rate: float,
        duration_s: float,
        connections: int,
        keep_alive: bool = True,
        seed: int = 0,
        cores: Sequence[int] = (),
    ) -> Latency: ...
