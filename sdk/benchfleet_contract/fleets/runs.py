"""Fleet runs on the wire: what is asked for, what is told, and what a runner reads and writes of its shard."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from benchfleet_contract import limits
from benchfleet_contract.document import Document
from benchfleet_contract.problems import Problem

FleetStatus = Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
ENDED: tuple[FleetStatus, ...] = ("completed", "partial", "failed", "cancelled")

MAX_SHARD_INLINE_BYTES = 512 * 1024  # a larger shard is fetched from the bucket
MAX_DOCUMENT_BYTES = 64 * 1024**2  # of a manifest or dataset that is uploaded first
MAX_CHUNKS = 100  # of a journal that are signed at once
MAX_ERRORS_TOLD = 20
DEFAULT_MAX_ATTEMPTS = 3  # a shard that is taken up again sends only what is missing, so more tries cost little
FLEET_PROVIDER, FLEET_TYPE = "local", "fleet"

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Uploaded(Document):
    """Stands for a document that was put where `POST /fleets/uploads` said."""

    model_config = ConfigDict(extra="forbid")

    sha256: Sha256


class UploadRequest(Uploaded):
    """Body of `POST /fleets/uploads`: a dataset as JSON, as it will be put."""

    size_bytes: int = Field(ge=1, le=MAX_DOCUMENT_BYTES)


class UploadReply(Document):
    """`url` None: the document is there already. Every one of `required_headers` must be sent as it stands."""

    sha256: str
    url: str | None
    required_headers: dict[str, str] = {}


class ClientDefaults(Document):
    """What holds where the manifest says nothing."""

    model_config = ConfigDict(extra="forbid")

    concurrency: int = Field(default=5, ge=1, le=100)
    request_delay_ms: int | None = Field(default=None, ge=0, le=86_400_000)
    save_responses: bool = True
    continue_on_failure: bool = True


class RunsOn(Document):
    """Which runners take the shards: those that ask for this provider and instance type."""

    model_config = ConfigDict(extra="forbid")

    provider: _Name = FLEET_PROVIDER
    instance_type: str = Field(
        default=FLEET_TYPE, min_length=1, max_length=limits.MAX_TYPE_CHARS, pattern=r"^[^\x00-\x1f\x7f]+$"
    )


class FleetDocuments(Document):
    """Body of `POST /fleets/validate`, and the part of a run's that says what is sent to whom.

    `datasets` by the reference that the manifest uses: `dataset_path`, or `<repo_id>/<dataset>` in dialect V. Each is the
    document or `{"sha256": …}` of an uploaded one. `providers`: settings by name; never a key, only the name of its variable.
    """

    model_config = ConfigDict(extra="forbid")

    manifest: dict[str, Any]
    datasets: dict[str, dict[str, Any]] = {}
    providers: dict[str, dict[str, Any]] = {}
    defaults: ClientDefaults = ClientDefaults()


class FleetRunRequest(FleetDocuments):
    """Body of `POST /fleets/runs`. The same `idempotency_key` with the same body gives the same run.

    `retry_errors_of` and `extend` name an earlier run of this fleet that has ended: its successes are taken over, and only
    what is missing is sent. `retry_errors_of` wants the same plan; `extend` may add tests, repeats and targets.
    """

    idempotency_key: str | None = Field(default=None, min_length=1, max_length=128, pattern=r"^[!-~]+$")
    runs_on: RunsOn = RunsOn()
    deadline_s: int = Field(default=limits.DEFAULT_DEADLINE_S, ge=limits.MIN_DEADLINE_S, le=limits.MAX_DEADLINE_S)
    max_attempts: int = Field(default=DEFAULT_MAX_ATTEMPTS, ge=1, le=limits.MAX_ATTEMPTS)
    lease_s: int = Field(default=limits.DEFAULT_LEASE_S, ge=limits.MIN_LEASE_S, le=limits.MAX_LEASE_S)
    metadata: dict[str, Any] = {}
    retry_errors_of: str | None = None
    extend: str | None = None


class FleetHandle(Document):
    """Reply of `POST /fleets/runs`, at once. `expected_artifacts` are paths below `artifact_prefix`, in the manifest's order.

    `status_url` is a path of this control plane.
    """

    run_id: str
    fleet_id: str
    status_url: str
    artifact_prefix: str
    repository_count: int
    providers: list[str]
    targets: list[str]
    started_at: str
    expected_artifacts: list[str]
    request_count: int
    shards: int
    warnings: list[str] = []


class FleetSummaryOfPlan(Document):
    fleet_id: str
    dialect: str
    repositories: int
    targets: list[str]
    shards: int
    requests: int
    prompt_tokens_estimate: int  # four characters a token: for a first idea; what is billed is what providers report
    completion_tokens_at_most: int | None  # None where a test names no max_tokens


class FleetValidation(Document):
    """Reply of `POST /fleets/validate`. `plan` is None where there are problems."""

    problems: list[Problem]
    warnings: list[str]
    plan: FleetSummaryOfPlan | None


class TestCounts(Document):
    """Tests of a run or shard, each counted once. `total` = `pending` + all others."""

    total: int = 0
    success: int = 0
    failure: int = 0
    timeout: int = 0
    skipped: int = 0
    pending: int = 0


class ShardView(Document):
    """One shard. `ttft_ms` is the median of its successes so far; `cost_usd` None: no price is known, or nothing was sent.

    `unpriced` answers are not in `cost_usd`. `passed` of `scored` tests were answered right; None until the run has ended.
    """

    number: int
    task_id: str
    repository_id: str
    scenario: str | None
    target: str
    status: str
    attempt: int
    tests: TestCounts
    cost_usd: float | None
    unpriced: int = 0
    ttft_ms: float | None
    scored: int | None = None
    passed: int | None = None
    error: str | None = None


class FleetRunDetail(Document):
    """Reply of `GET /fleets/runs/{id}`. `results_ready`: `fleet-results.json` is there. `errors`: the first 20 of tasks.

    `unpriced` answers have no known price: what they cost is not in `cost_usd`. `target_ttft_ms` has the median TTFT of all
    successes of each target, once the run has ended.
    """

    run_id: str
    fleet_id: str
    status: FleetStatus
    reason: str | None
    created_at: str
    completed_at: str | None
    results_ready: bool
    tests: TestCounts
    cost_usd: float | None
    unpriced: int = 0
    max_cost_usd: float | None
    targets: list[str]
    repositories: list[str]
    shards: list[ShardView]
    target_ttft_ms: dict[str, float] = {}
    errors: list[str]
    warnings: list[str]
    metadata: dict[str, Any]


class FleetRunItem(Document):
    """`status` of a run that no runner has begun is `running` here, too."""

    run_id: str
    fleet_id: str
    status: FleetStatus
    created_at: str


class FleetRunList(Document):
    """Reply of `GET /fleets/runs`, newest first."""

    runs: list[FleetRunItem]
    next_cursor: str | None = None


class Artifact(Document):
    path: str
    size_bytes: int


class ArtifactList(Document):
    """Reply of `GET /fleets/runs/{id}/artifacts`: what is there, by path. Empty until the run has ended."""

    run_id: str
    artifacts: list[Artifact]


class SignedFile(Document):
    """Reply of `GET /fleets/runs/{id}/results` and `…/artifacts/{path}`: download it within the hour."""

    path: str
    url: str


class ShardReply(Document):
    """Reply of `GET /fleets/runs/{id}/shards/{n}` to the attempt that holds it.

    Either `shard` or `shard_url` (a presigned GET of the same JSON) is there. `journals` are presigned GETs of what
    attempts before have done, oldest first: gzipped JSON lines of outcomes.
    """

    shard: dict[str, Any] | None
    shard_url: str | None
    journals: list[str]


class ShardProgress(Document):
    """How far a shard is, over all attempts: what its runner knows. Times are ms, costs USD.

    `ttft_ms` is the median of successes; `unpriced` answers are those of which no price is known.
    """

    model_config = ConfigDict(extra="forbid")

    success: int = Field(default=0, ge=0)
    failure: int = Field(default=0, ge=0)
    timeout: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)
    cost_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    unpriced: int = Field(default=0, ge=0)
    ttft_ms: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class JournalRequest(Document):
    """Body of `POST /fleets/runs/{id}/shards/{n}/journal`: URLs for chunks `first` to `first + count - 1` of this attempt."""

    model_config = ConfigDict(extra="forbid")

    first: int = Field(ge=1, le=999_999)
    count: int = Field(default=1, ge=1, le=MAX_CHUNKS)
    progress: ShardProgress | None = None


class JournalReply(Document):
    """Presigned PUTs in the order of the chunks; each is gzipped JSON lines. Good for an hour."""

    urls: list[str]
    required_headers: dict[str, str] = {}
