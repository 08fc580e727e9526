"""What a fleet comes to: every request that it will send, in shards. Both dialects of manifests end here."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from benchfleet_contract.document import Document

Dialect = Literal["simple", "versioned"]
LoadMode = Literal["closed", "open"]
Arrival = Literal["poisson", "constant"]
Milliseconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Usd = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]

DEFAULT_TIMEOUT_S = 120.0
DEFAULT_RETRIES = 3
BUDGET_TOKENS = 4096  # with `max_cost`, the `max_tokens` of a test that sets none: what has no end has no highest cost
CAPS = ("max_tokens", "max_completion_tokens", "max_output_tokens")  # as providers call it; in `extra` it wins


class _Shape(Document):
    model_config = ConfigDict(frozen=True)


class Target(_Shape):
    """A model of a provider. `spec` is the manifest's spelling, split at its first colon only: `ollama:llama2:13b`.

    `name` stands in paths and is the subject of the run: `ollama_llama2_13b`.
    """

    spec: str
    provider: str
    model: str
    name: str


class Price(_Shape):
    """USD for a million tokens, as decimal text. What is None costs as `input_mtok` does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_mtok: Usd
    output_mtok: Usd
    cache_read_mtok: Usd | None = None
    cache_write_mtok: Usd | None = None


class ProviderSettings(_Shape):
    """How a provider is reached. `type` is the protocol or the known service: `openai`, `anthropic`, `groq`.

    No key ever stands here: `api_key_env` names a variable of the runner's environment, `secret` one of Secrets Manager.
    `model` is the one that a bare provider's name means. `rpm` and `tpm` are requests and tokens a minute, over all runs
    with the same key. `options` is what one type alone understands (`region`, `api_version`). `prices` are of single models,
    `price` is that of all others.
    """

    type: str
    base_url: str | None = None
    api_key_env: str | None = None
    secret: str | None = None
    model: str | None = None
    timeout_s: Seconds = DEFAULT_TIMEOUT_S
    max_retries: Annotated[int, Field(ge=0, le=10)] = DEFAULT_RETRIES
    max_concurrency: Annotated[int, Field(ge=1)] | None = None
    rpm: Annotated[int, Field(ge=1)] | None = None
    tpm: Annotated[int, Field(ge=1)] | None = None
    headers: dict[str, str] = {}
    options: dict[str, Any] = {}
    price: Price | None = None
    prices: dict[str, Price] = {}


class Parameters(_Shape):
    """Sampling. None is not sent, so that the provider's own default holds. `extra` goes into the body as it is."""

    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: list[str] | None = None
    seed: int | None = None
    extra: dict[str, Any] = {}


class TestRequest(_Shape):
    """One request to be sent. `key` is `<test_id>`, or `<test_id>#<repeat>` where a test is repeated; repeats count from 1.

    `step` counts the loads of a sweep from 0: each of them sends all tests anew, as further repeats.
    `prompt` and `system` are rendered. `model` is set where the test asks for another than the target's.
    `assertions` are as the dataset and the manifest write them, those of the manifest last.
    """

    __test__ = False  # no class of tests, whatever pytest makes of its name

    key: str
    test_id: str
    repeat: int = 1
    step: int | None = None
    category: str | None = None
    prompt: str
    system: str | None = None
    parameters: Parameters = Parameters()
    model: str | None = None
    expected: str | None = None
    references: list[str] = []
    assertions: list[dict[str, Any]] = []
    metadata: dict[str, Any] = {}


class Goodput(_Shape):
    """A request counts as good where every stated limit holds; milliseconds, None for no limit."""

    ttft_ms: Milliseconds | None = None
    itl_ms: Milliseconds | None = None
    tpot_ms: Milliseconds | None = None
    e2el_ms: Milliseconds | None = None


class Sweep(_Shape):
    """A series of loads, each over all tests: of `concurrencies` (closed loop), or of `rates` a second (open loop)."""

    concurrencies: list[Annotated[int, Field(ge=1)]] = []
    rates: list[Annotated[float, Field(gt=0)]] = []

    @property
    def kind(self) -> Literal["concurrency", "rate"]:
        return "rate" if self.rates else "concurrency"

    @property
    def loads(self) -> list[float]:
        return [*self.rates, *self.concurrencies]


class Load(_Shape):
    """How requests are sent. Closed: `concurrency` at a time. Open: `rate` a second, and `concurrency` at most at a time.

    `warmup` requests are sent first and not counted. `ramp_s` seconds pass until the full concurrency or rate is reached.
    `request_delay_ms` passes in each slot before each request.
    """

    mode: LoadMode = "closed"
    concurrency: Annotated[int, Field(ge=1, le=100)] = 5
    rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    arrival: Arrival = "poisson"
    warmup: Annotated[int, Field(ge=0)] = 0
    ramp_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    request_delay_ms: Annotated[int, Field(ge=0)] | None = None
    limits: Goodput = Goodput()
    sweep: Sweep | None = None

    def at(self, step: int | None) -> "Load":
        """The load of one step of the sweep; without one, this."""
        if self.sweep is None or step is None:
            return self
        return self.model_copy(update={self.sweep.kind: self.sweep.loads[step], "sweep": None})


class Shard(_Shape):
    """What one task does: the tests of one repository (and scenario) on one target, in the order of the dataset.

    `number` counts from 1, as tasks do. `repository_name` is the manifest's, or the dataset's in the versioned dialect.
    `max_cost` is the whole run's, in USD.
    `judge` is how answers are graded by a model, as the manifest writes it, with its target's settings in `judge_provider`.
    """

    number: int
    repository_id: str
    repository_name: str
    repository_metadata: dict[str, str] = {}
    scenario: str | None = None
    dataset_name: str
    target: Target
    provider: ProviderSettings
    tests: list[TestRequest]
    load: Load = Load()
    timeout_s: Seconds = DEFAULT_TIMEOUT_S
    max_retries: Annotated[int, Field(ge=0, le=10)] = DEFAULT_RETRIES
    continue_on_failure: bool = True
    save_responses: bool = True
    cache: bool = False
    seed: int | None = None
    max_cost: Annotated[Decimal, Field(gt=0)] | None = None
    judge: dict[str, Any] | None = None
    judge_target: Target | None = None
    judge_provider: ProviderSettings | None = None

    @property
    def part(self) -> str:
        """`repository`, or `repository/scenario`."""
        return f"{self.repository_id}/{self.scenario}" if self.scenario else self.repository_id


class Repository(_Shape):
    """`scenarios` is empty in the simple dialect."""

    id: str
    name: str
    scenarios: list[str] = []
    metadata: dict[str, str] = {}


class FleetSettings(_Shape):
    """What holds for the whole fleet. `max_cost` is in USD: no request is sent that could go beyond it.

    `formats` are the files that are wanted beside the promised ones: `json`, `yaml`, `csv`, `html`.
    """

    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    max_cost: Annotated[Decimal, Field(gt=0)] | None = None
    random_seed: Annotated[int, Field(ge=0)] | None = None
    continue_on_failure: bool = True
    save_responses: bool = True
    cache: bool = False
    formats: list[str] = ["json", "csv"]
    generate_reports: bool = True
    output_base_dir: str | None = None
    custom: dict[str, Any] = {}


class FleetPlan(_Shape):
    """A whole fleet. `request_count` counts what is sent when nothing fails, without warm-up, retries and judges.

    `dataset_sha256s` has a digest for each reference, as the manifest writes it.
    """

    fleet_id: str
    description: str = ""
    dialect: Dialect
    repositories: list[Repository]
    targets: list[Target]
    settings: FleetSettings = FleetSettings()
    shards: list[Shard]
    request_count: int
    warnings: list[str] = []
    manifest_sha256: str
    dataset_sha256s: dict[str, str] = {}


class Defaults(_Shape):
    """What the caller wants where the manifest says nothing."""

    concurrency: Annotated[int, Field(ge=1, le=100)] = 5
    request_delay_ms: Annotated[int, Field(ge=0)] | None = None
    save_responses: bool = True
    continue_on_failure: bool = True
