"""llm: the prompts of a fleet, sent to providers of language models. Its tasks are made by `POST /fleets/runs`."""

from pydantic import Field

from benchfleet_contract.workloads.kinds import Kind, no_shards
from benchfleet_contract.workloads.options import Options


class LlmOptions(Options):
    """What a task does is its shard, which its runner fetches: an option could not hold it."""

    fleet_id: str | None = Field(default=None, min_length=1, description="Set by the control plane, from the manifest.")


KIND = Kind("llm", LlmOptions, no_shards("a fleet's shards come from its manifest"), splits=False)
