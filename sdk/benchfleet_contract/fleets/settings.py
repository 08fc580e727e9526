"""What is ours beyond the reference system: `settings`, in both dialects."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from benchfleet_contract.fleets.dataset import Sampling, Temperature, Text
from benchfleet_contract.fleets.written import Written

Format = Literal["json", "yaml", "csv", "html"]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Concurrency = Annotated[int, Field(ge=1, le=100)]


class Limits(Written):
    """Goodput: an answer is good where every one of these holds; milliseconds."""

    ttft_ms: Positive | None = None
    itl_ms: Positive | None = None
    tpot_ms: Positive | None = None
    e2el_ms: Positive | None = None


class SweepSettings(Written):
    concurrencies: list[Concurrency] = Field(default=[], examples=[[1, 4, 16]])
    rates: list[Positive] = Field(default=[], examples=[[0.5, 1, 2]])


class LoadSettings(Written):
    """How requests are sent; see docs/fleet.md."""

    mode: Literal["closed", "open"] = Field(default="closed", examples=["open"])
    concurrency: Concurrency | None = None
    rate: Positive | None = Field(default=None, examples=[2.5])
    arrival: Literal["poisson", "constant"] = Field(default="poisson", examples=["constant"])
    warmup: Annotated[int, Field(ge=0, le=1000)] = 0
    ramp_s: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0
    request_delay_ms: Annotated[int, Field(ge=0)] | None = None
    limits: Limits = Limits()
    sweep: SweepSettings | None = None


class Judge(Written):
    """A model that grades answers. `target` is `provider:model`; with `rubric` it grades every test."""

    target: Text = Field(examples=["openai:gpt-4o"])
    rubric: Text | None = Field(default=None, examples=["Is the answer polite?"])
    temperature: Temperature | None = 0.0
    max_tokens: Annotated[int, Field(ge=1)] = 1000


class Settings(Sampling):
    """Of a whole fleet. What is None is taken from the client, or from the provider. `max_cost` is in USD."""

    repeats: Annotated[int, Field(ge=1, le=1000)] = 1
    max_cost: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = Field(default=None, examples=[1.5])
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = None
    test_timeout_s: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] | None = None
    num_examples: Annotated[int, Field(ge=1)] | None = None
    random_seed: Annotated[int, Field(ge=0)] | None = None
    continue_on_failure: bool | None = None
    save_responses: bool | None = None
    system: str | None = None
    assertions: list[dict[str, Any]] = Field(default=[])
    judge: Judge | None = None
    load: LoadSettings = LoadSettings()
    cache: bool = False
    formats: list[Format] | None = Field(default=None, examples=[["json", "csv", "html"]])
    generate_reports: bool | None = None
    extra: dict[str, Any] = Field(default={}, examples=[{"top_k": 40}])

    @property
    def budget(self) -> Decimal | None:
        return None if self.max_cost is None else Decimal(str(self.max_cost))
