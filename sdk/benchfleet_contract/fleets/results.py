"""The results of a fleet: `fleet-results.json`, and the `results.json` of each benchmark (a repository on a target).

Names and meanings of the first fields of each shape are promised and never change within an `aggregation_version`. What
comes after the line "Ours" is optional, left out where it is None, and unknown to other writers of this format.
Durations are in milliseconds, costs in USD, shares between 0 and 1. Times are RFC 3339 in UTC, as text.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from benchfleet_contract.document import Document

AGGREGATION_VERSION = "1.0.0"
Status = Literal["success", "failure", "timeout", "skipped"]
RunStatus = Literal["completed", "partial", "failed", "cancelled"]
Count = Annotated[int, Field(ge=0)]


def _is_none(value: object) -> bool:
    return value is None


def _ours(**more: Any) -> Any:
    return Field(default=None, exclude_if=_is_none, **more)


class _Shape(Document):
    """Unknown fields of others are kept."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())


class TokenUsage(_Shape):
    prompt_tokens: Count
    completion_tokens: Count
    total_tokens: Count
    # Ours
    cached: Count | None = _ours()
    reasoning: Count | None = _ours()


class CompletionResponse(_Shape):
    """`created_at` is in Unix seconds; `finish_reason` is stop, length, content_filter, tool_calls or error."""

    id: str
    model: str
    content: str
    usage: TokenUsage
    finish_reason: str
    created_at: int


class Score(_Shape):
    """What one assertion said of one answer. `score` is between 0 and 1; None where it could not be computed (`error`)."""

    type: str
    passed: bool
    score: float | None
    weight: float = 1.0
    metric: str | None = _ours()
    reason: str | None = _ours()
    error: str | None = _ours()
    cost_usd: float | None = _ours(description="of the model that judged")
    tokens: int | None = _ours(description="of the model that judged")
    price_source: str | None = _ours()
    grade: str | None = _ours(description="by what it was graded; the same in another run means the same question")


class TestResult(_Shape):
    """`status` says whether the call succeeded; whether the answer is right is `passed` and `score`, None if not scored."""

    __test__ = False

    test_id: str
    category: str | None = None
    status: Status
    response: CompletionResponse | None = None
    error: str | None = None
    duration_ms: Count
    timestamp: str
    # Ours
    repeat: int | None = _ours()
    load: float | None = _ours(description="of a sweep: requests at a time, or a second")
    attempt: int | None = _ours(description="of the shard's task, where it was not the first")
    error_kind: str | None = _ours()
    http_status: int | None = _ours()
    prompt: str | None = _ours()
    prompt_length: int | None = _ours(description="bytes of the rendered prompt, as UTF-8")
    usage_source: Literal["reported", "counted"] | None = _ours()
    ttft_ms: float | None = _ours()
    itl_ms: list[float] | None = _ours()
    tpot_ms: float | None = _ours()
    e2el_ms: float | None = _ours()
    queue_ms: float | None = _ours()
    retry_wait_ms: float | None = _ours()
    tries: int | None = _ours()
    cost_usd: float | None = _ours()
    price_source: str | None = _ours()
    truncated: bool | None = _ours()
    cached: bool | None = _ours(description="the answer of an earlier run: nothing was sent, timed or paid")
    passed: bool | None = _ours()
    score: float | None = _ours()
    scores: list[Score] | None = _ours()


class Spread(_Shape):
    """Of successes only, in milliseconds; percentiles are interpolated linearly between neighbours (numpy's default)."""

    count: int
    mean: float
    min: float
    p50: float
    p90: float
    p95: float
    p99: float
    max: float


class Goodput(_Shape):
    """Successes for which every stated limit holds. `share` is of all tests that were sent; `per_second` of the wall time."""

    limits: dict[str, float]
    good: int
    share: float
    per_second: float | None


class Latency(_Shape):
    """Successes only. Definitions: docs/fleet-metrics.md. A measure that no test has is None."""

    ttft_ms: Spread | None = None
    itl_ms: Spread | None = None
    tpot_ms: Spread | None = None
    e2el_ms: Spread | None = None
    queue_ms: Spread | None = None
    retry_wait_ms: Spread | None = None
    goodput: Goodput | None = None
    output_tokens_per_s: float | None = None


class Estimate(_Shape):
    """A mean with its standard error and 95 % interval, clustered by repository; None where one cluster is all there is."""

    mean: float
    standard_error: float | None
    interval: tuple[float, float] | None
    clusters: int
    count: int


class Quality(_Shape):
    """Correctness of answers, apart from success of calls.

    A test counts as wrong where its call failed or timed out; skipped tests do not count. `majority` is the share of tests
    of whose repeats more than half passed; `pass_at_k` maps k (as text) to the unbiased estimate of pass@k.
    """

    scored: int
    passed: int
    pass_rate: float
    score: Estimate | None
    repeats: int
    majority: float
    pass_at_k: dict[str, float]
    metrics: dict[str, float] = {}


class Judging(_Shape):
    """Models that judge by rubrics: their answers, scores that they did not give, and what they cost beside the tests.

    `cost_usd` sums what is known; None where no price of any answer is known (`unpriced` of them).
    """

    answers: Count
    failed: Count
    tokens: Count
    cost_usd: float | None
    unpriced: Count


class ResultSummary(_Shape):
    """`total_cost` sums what is known; None where answers came and no price of any is known (`unpriced` of them)."""

    total: Count
    succeeded: Count
    failed: Count
    timeout: Count
    skipped: Count
    success_rate: float
    avg_duration_ms: float
    p50_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    min_duration_ms: Count
    max_duration_ms: Count
    total_tokens: Count
    avg_tokens_per_request: float
    total_cost: float | None
    # Ours
    cached: Count | None = _ours()
    unpriced: Count | None = _ours()
    latency: Latency | None = _ours()
    quality: Quality | None = _ours()
    judging: Judging | None = _ours()


class SweepPoint(_Shape):
    """One load of a sweep. `load` is requests at a time, or a second; `response_ms` the mean from a request's turn to its end.

    `wall_s` is from the first request to the end of the last answer. `power`: successes a second by `response_ms` in seconds.
    """

    load: float
    tests: Count
    succeeded: Count
    wall_s: float
    requests_per_s: float
    response_ms: float | None
    power: float | None
    latency: Latency | None = None


class SweepResult(_Shape):
    """The same tests under several loads, in their order. `knee` is the load of the greatest power; None where nothing succeeded.

    `beyond`: was a higher load tried? Else the knee may be higher still.
    """

    kind: Literal["concurrency", "rate"]
    points: list[SweepPoint]
    knee: float | None
    beyond: bool


class BenchmarkResults(_Shape):
    """One benchmark; `results` in the order of the dataset, repeats of a test together.

    `repository_id` and what follows it let `fleet aggregate` rebuild a fleet from files of this shape alone.
    """

    dataset_name: str
    provider_name: str
    total_tests: Count
    results: list[TestResult]
    started_at: str
    completed_at: str
    total_duration_ms: Count
    summary: ResultSummary
    # Ours
    fleet_id: str | None = _ours()
    run_id: str | None = _ours()
    repository_id: str | None = _ours()
    repository_name: str | None = _ours()
    repository_metadata: dict[str, str] | None = _ours()
    scenario: str | None = _ours()
    target: str | None = _ours(description="name of the target, as it stands in paths")
    model: str | None = _ours()
    position: int | None = _ours(description="number of the shard, the order within the fleet")
    limits: dict[str, float] | None = _ours(description="limits of goodput, milliseconds")
    sweep: SweepResult | None = _ours()
    warnings: list[str] | None = _ours(description="what is not sure about these results")


class RepositoryResult(_Shape):
    """One benchmark within a fleet."""

    repository_id: str
    repository_name: str
    provider_name: str
    results: BenchmarkResults
    repository_metadata: dict[str, str] = {}
    # Ours
    scenario: str | None = _ours()
    target: str | None = _ours()
    model: str | None = _ours()


class FleetSummary(_Shape):
    total_repositories: Count
    total_tests: Count
    total_succeeded: Count
    total_failed: Count
    total_timeout: Count
    total_skipped: Count
    success_rate: float
    avg_duration_ms: float
    p50_duration_ms: float
    p95_duration_ms: float
    p99_duration_ms: float
    min_duration_ms: Count
    max_duration_ms: Count
    total_tokens: Count
    avg_tokens_per_request: float
    total_cost: float | None
    avg_cost_per_repository: float | None
    avg_tests_per_repository: float
    total_duration_ms: Count
    # Ours
    total_benchmarks: Count | None = _ours()
    cached: Count | None = _ours()
    unpriced: Count | None = _ours()
    latency: Latency | None = _ours()
    quality: Quality | None = _ours()
    judging: Judging | None = _ours()


class ProviderBreakdown(_Shape):
    provider_name: str
    repository_count: Count
    total_tests: Count
    total_succeeded: Count
    total_failed: Count
    success_rate: float
    total_tokens: Count
    total_cost: float | None
    avg_duration_ms: float


class TargetBreakdown(ProviderBreakdown):
    """One model of a provider: the provider breakdown puts all models of a provider together."""

    target: str
    model: str | None
    total_timeout: Count
    total_skipped: Count
    unpriced: Count
    latency: Latency | None = None
    quality: Quality | None = None
    judging: Judging | None = _ours()


class CategoryBreakdown(_Shape):
    """Timeouts and skipped tests count in `total_tests` only."""

    category_name: str
    total_tests: Count
    total_succeeded: Count
    total_failed: Count
    success_rate: float
    avg_duration_ms: float


class Paired(_Shape):
    """`first` less `second` on the tests that both were sent; p is two-sided, of repositories as clusters."""

    first: str
    second: str
    measure: str
    tests: int
    difference: float
    standard_error: float | None
    interval: tuple[float, float] | None
    p: float | None
    p_adjusted: float | None = None


class FleetError(_Shape):
    """What kept a benchmark from being complete."""

    message: str
    repository_id: str | None = _ours()
    scenario: str | None = _ours()
    target: str | None = _ours()
    kind: str | None = _ours()


class FleetMetadata(_Shape):
    total_tests: Count
    total_duration_ms: Count
    execution_timestamp: str
    aggregation_version: str = AGGREGATION_VERSION
    custom: dict[str, str] = {}


class FleetBenchmarkResults(_Shape):
    fleet_id: str
    timestamp: str
    total_repositories: Count
    repository_results: list[RepositoryResult]
    fleet_summary: FleetSummary
    provider_breakdown: dict[str, ProviderBreakdown]
    category_breakdown: dict[str, CategoryBreakdown]
    metadata: FleetMetadata
    # Ours
    run_id: str | None = _ours()
    status: RunStatus | None = _ours()
    total_benchmarks: Count | None = _ours()
    target_breakdown: dict[str, TargetBreakdown] | None = _ours()
    comparisons: list[Paired] | None = _ours()
    errors: list[FleetError] | None = _ours()
    warnings: list[str] | None = _ours()

    def best_repository(self) -> RepositoryResult | None:
        """The highest success rate; of equal ones the last."""
        return max(reversed(self.repository_results), key=_rate, default=None)

    def worst_repository(self) -> RepositoryResult | None:
        """The lowest success rate; of equal ones the first."""
        return min(self.repository_results, key=_rate, default=None)

    def failing_repositories(self, threshold: float) -> list[RepositoryResult]:
        """Those with a success rate strictly below `threshold`, in their order."""
        return [one for one in self.repository_results if _rate(one) < threshold]


def _rate(one: RepositoryResult) -> float:
    return one.results.summary.success_rate
