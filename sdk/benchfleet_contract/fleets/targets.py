"""From `provider:model` to what is called: the provider's settings, the model, and a name that fits paths."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from benchfleet_contract.fleets.plan import ProviderSettings, Target
from benchfleet_contract.fleets.written import Faults, Path

# What a bare name means where no provider config says it; the first three are the reference system's.
DEFAULT_MODELS = {"openai": "gpt-4o", "anthropic": "claude-3-5-sonnet-latest", "google": "gemini-1.5-pro"}
KEY_VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "openai-responses": "OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "google": "GOOGLE_API_KEY",
    "cohere": "COHERE_API_KEY",
    "azure-openai": "AZURE_OPENAI_API_KEY",
    "mistral": "MISTRAL_API_KEY",
    "groq": "GROQ_API_KEY",
    "together": "TOGETHER_API_KEY",
    "perplexity": "PERPLEXITY_API_KEY",
    "deepseek": "DEEPSEEK_API_KEY",
    "openrouter": "OPENROUTER_API_KEY",
    "fireworks": "FIREWORKS_API_KEY",
    "xai": "XAI_API_KEY",
    "huggingface": "HF_TOKEN",
}
KEYLESS = ("bedrock", "ollama", "lmstudio", "vllm", "llama.cpp", "openai-compatible", "executor")
ALIASES = {
    "azure_openai": "azure-openai",
    "azure": "azure-openai",
    "gemini": "google",
    "lm-studio": "lmstudio",
    "llamacpp": "llama.cpp",
    "llama-cpp": "llama.cpp",
}
KNOWN = (*KEY_VARIABLES, *KEYLESS)
_MOST_NAME_CHARS = 64


def parse_spec(spec: str) -> tuple[str, str]:
    """Split at the first colon only: `ollama:llama2:13b` is (`ollama`, `llama2:13b`); without one the model is empty."""
    provider, _, model = spec.partition(":")
    return provider, model


def path_name(spec: str) -> str:
    """`:` and `/` as `_`, and so whatever else no path should hold. Beyond 64 characters a digest takes the end's place."""
    name = re.sub(r"[^A-Za-z0-9._+-]", "_", spec)
    name = name if name[:1].isalnum() else f"p{name}"
    if len(name) <= _MOST_NAME_CHARS:
        return name
    return f"{name[: _MOST_NAME_CHARS - 9]}-{hashlib.sha256(spec.encode()).hexdigest()[:8]}"


def read_providers(given: Mapping[str, Any], faults: Faults) -> dict[str, ProviderSettings]:
    """Settings by the provider's name. A known name needs no `type`; a known type names its key's variable itself."""
    found = {}
    for name, value in given.items():
        settings = _settings(name, value, faults)
        if settings is not None:
            found[name] = settings
    return found


def _settings(name: str, value: Any, faults: Faults) -> ProviderSettings | None:
    if not isinstance(value, dict):
        faults.refuse((name,), value, "must be an object", 'such as {"type": "openai-compatible", "base_url": "…"}')
        return None
    kind = value.get("type", name)
    kind = ALIASES.get(kind, kind) if isinstance(kind, str) else kind
    if kind not in KNOWN:
        remedy = f"say what it speaks: one of {', '.join(KNOWN)}"
        faults.refuse((name, "type"), value.get("type"), f"{kind!r} is no known type of providers", remedy)
        return None
    known = {"api_key_env": KEY_VARIABLES.get(kind)} if "secret" not in value else {}
    try:
        return ProviderSettings.model_validate({**known, **value, "type": kind})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            faults.refuse((name, *each["loc"]), each["input"], each["msg"], "see docs/fleet.md, providers")
        return None


def provider_of(name: str, configured: Mapping[str, ProviderSettings]) -> ProviderSettings | None:
    """None for one that neither the config nor we know."""
    if name in configured:
        return configured[name]
    kind = ALIASES.get(name, name)
    return ProviderSettings(type=kind, api_key_env=KEY_VARIABLES.get(kind)) if kind in KNOWN else None


def read_target(
    spec: str, configured: Mapping[str, ProviderSettings], faults: Faults, path: Path, *, bare: bool
) -> Target | None:
    """A target; None, and a problem, for what nobody could call. `bare`: may it be a provider's name alone?"""
    provider, model = parse_spec(spec)
    settings = provider_of(provider, configured)
    if settings is None:
        known = ", ".join(sorted({*KNOWN, *configured}))
        remedy = f"one of {known}; or describe it in the provider config"
        faults.refuse(path, spec, f"provider {provider!r} is not known", remedy)
        return None
    if not model and (":" in spec or not bare):
        faults.refuse(path, spec, "names no model", f"write it as {provider}:MODEL")
        return None
    if not model:
        model = settings.model or DEFAULT_MODELS.get(settings.type, "")
        if not model:
            faults.refuse(path, spec, "names no model", f"write {provider}:MODEL, or give it a default_model")
            return None
        if settings.model is None:
            faults.warn(path, f"no model is named: {model} is called")
    return Target(spec=spec, provider=provider, model=model, name=path_name(spec))
