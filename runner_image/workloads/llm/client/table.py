"""Which providers are known, and how each is spoken to. One line each: what speaks OpenAI's protocol needs no code."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchfleet_contract.fleets.targets import ALIASES

from runner_image.workloads.llm.client.anthropic import Messages
from runner_image.workloads.llm.client.azure import Azure
from runner_image.workloads.llm.client.bedrock import Converse
from runner_image.workloads.llm.client.cohere import CohereChat
from runner_image.workloads.llm.client.dialect import Dialect
from runner_image.workloads.llm.client.google import GenerateContent
from runner_image.workloads.llm.client.openai import Chat, Responses


@dataclass(frozen=True)
class Known:
    """`base_url` None: the provider's settings must say it. Variables of keys are the contract's `KEY_VARIABLES`.

    `tokenize`: the path of the server's own tokenizer, from the address without `/v1`.
    """

    dialect: Dialect
    base_url: str | None
    tokenize: str | None = None


_CHAT = Chat()
_NO_STREAM_OPTIONS = Chat(stream_usage=False)  # they report usage unasked
_OPENAI = "https://api.openai.com/v1"

TABLE: Mapping[str, Known] = MappingProxyType(
    {
        "openai": Known(Chat(max_tokens="max_completion_tokens"), _OPENAI),
        "openai-responses": Known(Responses(), _OPENAI),
        "anthropic": Known(Messages(), "https://api.anthropic.com/v1"),
        "google": Known(GenerateContent(), "https://generativelanguage.googleapis.com/v1beta"),
        "cohere": Known(CohereChat(), "https://api.cohere.com/v2"),
        "azure-openai": Known(Azure(), None),
        "bedrock": Known(Converse(), "https://bedrock-runtime.{region}.amazonaws.com"),
        "mistral": Known(Chat(seed="random_seed", stream_usage=False), "https://api.mistral.ai/v1"),
        "groq": Known(_CHAT, "https://api.groq.com/openai/v1"),
        "together": Known(_CHAT, "https://api.together.xyz/v1"),
        "perplexity": Known(_NO_STREAM_OPTIONS, "https://api.perplexity.ai"),
        "deepseek": Known(_CHAT, "https://api.deepseek.com/v1"),
        "openrouter": Known(_CHAT, "https://openrouter.ai/api/v1"),
        "fireworks": Known(_CHAT, "https://api.fireworks.ai/inference/v1"),
        "xai": Known(_CHAT, "https://api.x.ai/v1"),
        "huggingface": Known(_CHAT, "https://router.huggingface.co/v1"),
        "ollama": Known(_CHAT, "http://localhost:11434/v1"),
        "lmstudio": Known(_CHAT, "http://localhost:1234/v1"),
        "vllm": Known(_CHAT, "http://localhost:8000/v1", tokenize="/tokenize"),
        "llama.cpp": Known(_CHAT, "http://localhost:8080/v1", tokenize="/tokenize"),
        "openai-compatible": Known(_CHAT, None),
        "executor": Known(_CHAT, None),  # of our own registry: its address is asked for
    }
)


def known(kind: str) -> Known:
    """Raises KeyError for a type that nobody knows."""
    return TABLE[ALIASES.get(kind, kind)]
