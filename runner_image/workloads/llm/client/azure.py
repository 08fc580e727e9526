"""Azure OpenAI: chat completions of a deployment. The model in the manifest is the deployment's name.

https://learn.microsoft.com/azure/ai-services/openai/reference
"""

from dataclasses import dataclass

from runner_image.workloads.llm.client.dialect import Ask, Call
from runner_image.workloads.llm.client.openai import Chat

API_VERSION = "2024-10-21"  # the newest that is generally available


@dataclass(frozen=True)
class Azure(Chat):
    """`base_url` is the resource's address; option `api_version`."""

    max_tokens: str = "max_completion_tokens"

    def call(self, ask: Ask) -> Call:
        version = ask.options.get("api_version", API_VERSION)
        url = f"{ask.base_url}/openai/deployments/{ask.model}/chat/completions?api-version={version}"
        key = {"api-key": ask.key} if ask.key else {}
        return Call(url, {**key, **ask.headers}, self.content(ask))
