"""The file of providers: TOML, `[providers.<name>]`. It holds no keys, only the names of their variables.

Later ones win, field by field: `<config dir>/benchfleet/fleet.toml`, `./fleet.toml`, the file that is named, the environment
(`BENCHFLEET_FLEET_PROVIDERS__OPENAI__BASE_URL`; `_` in a name stands for `-`, too).
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from benchfleet_contract.fleets.targets import read_providers
from benchfleet_contract.fleets.written import Faults, Written
from pydantic import Field

from benchfleet.documents.bounded import read_text
from benchfleet.exceptions import ConfigError
from benchfleet.fleet.errors import ProviderConfigError

PREFIX = "BENCHFLEET_FLEET_PROVIDERS__"
NAME = "fleet.toml"
_MOST_BYTES = 1024**2
_Text = Annotated[str, Field(min_length=1)]


class Entry(Written):
    """One provider, as the file says it."""

    type: _Text | None = None
    api_key_env: _Text | None = Field(default=None, examples=["OPENAI_API_KEY"])
    secret: _Text | None = None
    base_url: _Text | None = Field(default=None, examples=["https://api.openai.com/v1"])
    default_model: _Text | None = Field(default=None, examples=["gpt-4o"])
    timeout_seconds: Annotated[float, Field(ge=1, le=300)] | None = Field(default=None, examples=[120])
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = Field(default=None, examples=[3])
    max_concurrency: Annotated[int, Field(ge=1, le=100)] | None = None
    rate_limit_rpm: Annotated[int, Field(ge=1)] | None = Field(default=None, examples=[60])
    rate_limit_tpm: Annotated[int, Field(ge=1)] | None = None
    headers: dict[str, str] | None = None
    options: dict[str, Any] | None = None
    price: dict[str, Any] | None = Field(default=None, examples=[{"input_mtok": "0.15", "output_mtok": "0.60"}])
    prices: dict[str, dict[str, Any]] | None = Field(
        default=None, examples=[{"gpt-4o": {"input_mtok": "2.5", "output_mtok": "10"}}]
    )


_RENAMED = {"default_model": "model", "timeout_seconds": "timeout_s", "rate_limit_rpm": "rpm", "rate_limit_tpm": "tpm"}


def load_providers(
    named: Path | None, *, environ: Mapping[str, str], folder: Path, home: Path
) -> dict[str, dict[str, Any]]:
    """Settings by the provider's name, as the control plane takes them. `folder`: where `./` is; `home`: where `~` is.

    Raises ProviderConfigError with all problems of a file.
    """
    base = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    found: dict[str, dict[str, Any]] = {}
    for path in (base / "benchfleet" / NAME, folder / NAME):
        if path.is_file():
            _merge(found, _entries(path))
    if named is not None:
        _merge(found, _entries(named))
    _merge(found, _of_environment(environ))
    return _sent(found)


def _entries(path: Path) -> Any:
    try:
        document = tomllib.loads(read_text(path, what="provider config", most_bytes=_MOST_BYTES))
    except tomllib.TOMLDecodeError as error:
        raise ProviderConfigError(f"{path} is not TOML: {error}; mend it there") from error
    except ConfigError as error:
        raise ProviderConfigError(str(error)) from error
    entries = document.get("providers", {})
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise ProviderConfigError(f"{path}: providers must be tables: write [providers.openai]")
    return entries


def _of_environment(environ: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Numbers are read as numbers where the field wants one."""
    found: dict[str, dict[str, Any]] = {}
    for variable, text in environ.items():
        name, _, field = variable.removeprefix(PREFIX).partition("__")
        if variable.startswith(PREFIX) and name and field:
            found.setdefault(name.lower().replace("_", "-"), {})[field.lower()] = _number(field.lower(), text)
    return found


def _number(field: str, text: str) -> Any:
    if not field.startswith(("timeout", "max_", "rate_")):
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _merge(found: dict[str, dict[str, Any]], entries: Mapping[str, Mapping[str, Any]]) -> None:
    for name, entry in entries.items():
        found.setdefault(name, {}).update(entry)


def _sent(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    faults = Faults("providers")
    sent: dict[str, dict[str, Any]] = {}
    for name, entry in entries.items():
        if "api_key" in entry:
            faults.refuse((name, "api_key"), None, "no key may stand here", "name its variable with api_key_env")
        read = faults.read(Entry, dict(entry), (name,))
        if read is not None:
            known = {field: value for field, value in read if value is not None and field in Entry.model_fields}
            sent[name] = {_RENAMED.get(field, field): value for field, value in known.items()}
    read_providers(sent, faults)
    if faults.found:
        lines = [f"{fault.field}: {fault.message}; {fault.remedy}" for fault in faults.found]
        raise ProviderConfigError("\n".join(["the provider config has problems", *lines]), problems=faults.found)
    return sent
