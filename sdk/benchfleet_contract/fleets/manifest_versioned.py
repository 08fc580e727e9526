"""Dialect V: `version: "1.0"`, scenarios with profiles, and `output`."""

from typing import Annotated, Any

from pydantic import Field

from benchfleet_contract.fleets.dataset import Text
from benchfleet_contract.fleets.settings import Concurrency, Format, Settings
from benchfleet_contract.fleets.written import Written

ADAPTERS = ("native", "generic")


class VersionedRepository(Written):
    """`adapter` says how a dataset's name becomes a file. Nothing is ever cloned from `git_url`."""

    repo_id: Text = Field(examples=["repo-1"])
    path: str = ""
    git_url: str | None = None
    adapter: str = Field(examples=["native"])
    scenarios: list[Text] = Field(min_length=1, examples=[["baseline"]])
    metadata: dict[str, str] = Field(default={})


class Profile(Written):
    """`settings` are sampling parameters; a name that we do not know goes to the provider as it is."""

    dataset: Text = Field(examples=["coding-tasks"])
    concurrency: Concurrency | None = Field(default=None, examples=[5])
    num_examples: Annotated[int, Field(ge=1)] | None = None
    request_delay_ms: Annotated[int, Field(ge=0)] | None = None
    settings: dict[str, Any] = Field(default={})
    metadata: dict[str, Any] = Field(default={})


class Output(Written):
    base_dir: Text = Field(examples=["./fleet-results"])
    formats: list[Format] | None = Field(default=None, examples=[["json", "csv"]])
    save_responses: bool | None = None
    generate_reports: bool = True


class GlobalSettings(Written):
    continue_on_failure: bool | None = None
    random_seed: Annotated[int, Field(ge=0)] | None = None
    test_timeout_seconds: Annotated[int, Field(ge=1, le=3600)] | None = None
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = None
    custom: dict[str, Any] = Field(default={})


class VersionedManifest(Written):
    fleet_id: Text = Field(examples=["my-simulator-fleet"])
    version: str = Field(examples=["1.0"])
    description: str = ""
    repositories: list[VersionedRepository] = Field(
        min_length=1, examples=[[{"repo_id": "repo-1", "adapter": "native", "scenarios": ["baseline"]}]]
    )
    providers: list[Text] = Field(min_length=1, examples=[["openai:gpt-4o"]])
    scenario_profiles: dict[str, Profile] = Field(default={}, examples=[{"baseline": {"dataset": "coding-tasks"}}])
    output: Output = Field(examples=[{"base_dir": "./fleet-results"}])
    global_settings: GlobalSettings = GlobalSettings()
    settings: Settings = Settings()
