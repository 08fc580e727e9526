"""`http.json`: what one start of one HTTP server gave. Written by the kind `http` and by `benchfleet http`.

Times are seconds, latencies milliseconds, sizes bytes. None is "not known", never 0. Only right answers (expected status,
expected body) count for a rate or a latency.
"""

from typing import Any, Literal

from pydantic import ConfigDict

from benchfleet_contract.document import Document
from benchfleet_contract.results import Conditions, IfKnown

HTTP_JSON = "http.json"
NOISY = "noisy: "  # how a reason begins that lies with what else the machine did
Status = Literal["measured", "unsupported", "failed", "invalid"]


class _Strict(Document):
    model_config = ConfigDict(extra="forbid")


class Percentiles(_Strict):
    """Milliseconds over `count` right answers. `encoded`: HdrHistogram of microseconds, V2 compressed, base64."""

    count: int
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None
    encoded: IfKnown[str] = None


class Validity(_Strict):
    ok: bool = True
    reasons: list[str] = []

    @property
    def disturbed(self) -> bool:
        """Something else that the machine did is among the reasons: to measure again may help."""
        return not self.ok and any(reason.startswith(NOISY) for reason in self.reasons)


class Level(_Strict):
    """One rung of the ladder: a closed loop of `connections`. `rps`: right answers a second.

    `earlier`: why it was measured before, and did not count.
    """

    tool: str
    argv: list[str] = []
    connections: int
    keep_alive: bool = True
    duration_s: float
    requests: int
    ok: int
    rps: float
    by_class: dict[str, int] = {}
    wrong_body: int = 0
    errors: dict[str, int] = {}
    bytes: int | None = None
    client_cpu_s: float | None = None
    server_cpu_s: float | None = None
    in_flight: float | None = None
    earlier: IfKnown[list[str]] = None
    validity: Validity = Validity()


class AtRate(_Strict):
    """An open loop at `fraction` of the saturation rate. `response`: from the intended send; `service`: from the actual one.

    `earlier`: why it was measured before, and did not count.
    """

    tool: str
    argv: list[str] = []
    fraction: float
    rate: float
    achieved: float | None
    connections: int
    keep_alive: bool = True
    duration_s: float
    response: Percentiles
    service: Percentiles
    dispatch_lag: Percentiles
    intended: int
    sent: int
    completed: int
    ok: int
    by_class: dict[str, int] = {}
    wrong_body: int = 0
    errors: dict[str, int] = {}
    unanswered: int = 0
    max_queue: int | None = None
    client_cpu_s: float | None = None
    server_cpu_s: float | None = None
    earlier: IfKnown[list[str]] = None
    validity: Validity = Validity()


class Resources(_Strict):
    """Of the server's process tree, measured phase only. `cpu_share`: CPU seconds per second; 1 is one core.

    `foreign_cpu_cores`: what neither server nor generator used, of the whole machine. `held_back_cores`: what of it the
    server would have used: it was ready to run, and others had its core.
    """

    cpu_s: float | None = None
    cpu_share: float | None = None
    memory_mean_bytes: int | None = None
    memory_peak_bytes: int | None = None
    generator_cpu_s: float | None = None
    foreign_cpu_cores: float | None = None
    held_back_cores: IfKnown[float] = None
    samples: int = 0
    source: str | None = None


class WorkloadResult(_Strict):
    """One workload. `reasons`: why it is not `measured`. `best_rps` is of the best valid rung of the ladder."""

    name: str
    suite: str
    method: str = "GET"
    path: str = "/"
    declared_bytes: int | None = None
    status: Status
    reasons: list[str] = []
    best_rps: float | None = None
    requests_per_cpu_s: float | None = None
    saturation: list[Level] = []
    latency: list[AtRate] = []
    resources: Resources | None = None


class StreamResult(_Strict):
    """WebSockets that echo, or server-sent events: `connections` streams, a message each `interval_s`, over `duration_s`.

    `first_message`: from the time when a stream was due to its first message. `latency`: from the time when a message was due to
    its arrival. `dispatch_lag`: by how much our own left late. `messages_per_s`: right ones. `earlier`: why it was measured
    before, and did not count.
    """

    name: str
    target: str
    connections: int
    interval_s: float
    duration_s: float
    status: Status
    reasons: list[str] = []
    tool: str | None = None
    argv: list[str] = []
    established: int | None = None
    expected: int | None = None
    received: int | None = None
    ok: int | None = None
    wrong: int | None = None
    errors: dict[str, int] = {}
    messages_per_s: float | None = None
    first_message: Percentiles | None = None
    latency: Percentiles | None = None
    dispatch_lag: Percentiles | None = None
    client_cpu_s: float | None = None
    resources: Resources | None = None
    earlier: IfKnown[list[str]] = None
    validity: Validity = Validity()


class Failure(_Strict):
    """Why there was no server to measure. `kind` is the class; `tails` the ends of its logs by name."""

    kind: str
    message: str
    remedy: str = ""
    tails: dict[str, str] = {}


class AppIdentity(_Strict):
    """`source`: built-in, a path, an archive's or a git URL with its commit. `sha256`: of its files."""

    source: str
    sha256: str | None = None


class Tool(_Strict):
    name: str
    version: str | None
    missing: IfKnown[str] = None


class Environment(_Strict):
    """Where it was measured. `disjoint`: server and generator had cores of their own."""

    cpu_model: str | None = None
    logical_cores: int | None = None
    memory_bytes: int | None = None
    kernel: str | None = None
    server_cores: list[int] = []
    generator_cores: list[int] = []
    disjoint: bool = False
    conditions: IfKnown[Conditions] = None


class HotFrame(_Strict):
    """`share` of all samples in which this frame was the innermost."""

    frame: str
    share: float


class Profile(_Strict):
    """One workload under a profiler, in a pass of its own, which is never ranked. `missing`: why there is none.

    `file`: of speedscope (https://www.speedscope.app), below the folder of the result.
    """

    profiler: str
    workload: str | None = None
    file: str | None = None
    missing: str | None = None
    samples: IfKnown[int] = None
    hottest: IfKnown[list[HotFrame]] = None


class HttpResult(_Strict):
    """One start of one framework's server, with every workload that was asked of it.

    `completed` and `skipped` together are `requested`. A `profiled` result is never ranked. `failure`: no server at all.
    """

    schema_version: Literal[1] = 1
    framework: str
    subject: str
    language: str | None = None
    runtime: str | None = None
    version: str | None = None
    engine: str | None = None
    command: list[str] = []
    app: AppIdentity | None = None
    suite: str
    repeat: int = 1
    quick: bool = False
    profiled: bool = False
    started_at: str
    duration_s: float | None = None
    settings: dict[str, Any] = {}
    build_s: float | None = None
    startup_s: float | None = None
    idle_memory_bytes: int | None = None
    requested: list[str] = []
    workloads: list[WorkloadResult] = []
    streams: IfKnown[list[StreamResult]] = None
    profiles: list[Profile] = []
    failure: Failure | None = None
    tools: list[Tool] = []
    environment: Environment = Environment()
    validity: Validity = Validity()
    imported: IfKnown[str] = None  # the kind of file of another tool that it came from

    @property
    def completed(self) -> list[str]:
        return [found.name for found in self.workloads if found.status == "measured"]

    @property
    def skipped(self) -> list[str]:
        return [name for name in self.requested if name not in set(self.completed)]
