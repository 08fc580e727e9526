"""Dialect S: `repositories[].id/name/dataset_path`, plain names of providers, and a `config`."""

from typing import Annotated

from pydantic import Field

from benchfleet_contract.fleets.dataset import Text
from benchfleet_contract.fleets.settings import Concurrency, Settings
from benchfleet_contract.fleets.written import Written


class SimpleRepository(Written):
    id: Text = Field(examples=["repo-1"])
    name: Text = Field(examples=["Repository 1"])
    dataset_path: Text = Field(examples=["./datasets/repo1.json"])
    metadata: dict[str, str] | None = Field(default=None, examples=[{"team": "planning"}])


class SimpleConfig(Written):
    """It wins over the client's own values."""

    concurrency: Concurrency | None = Field(default=None, examples=[10])
    request_delay_ms: Annotated[int, Field(ge=0)] | None = Field(default=None, examples=[250])
    config_path: Text | None = Field(default=None, examples=["./providers.toml"])


class SimpleManifest(Written):
    fleet_id: Text = Field(examples=["my-simulator-fleet"])
    description: str | None = None
    repositories: list[SimpleRepository] = Field(
        min_length=1, examples=[[{"id": "repo-1", "name": "Repository 1", "dataset_path": "./datasets/repo1.json"}]]
    )
    providers: list[Text] = Field(min_length=1, examples=[["openai", "anthropic"]])
    config: SimpleConfig | None = None
    settings: Settings = Settings()
