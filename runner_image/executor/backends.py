"""The backends of an executor: a TOML file of theirs, or none.

[executor]
id = "host-a"
max_concurrent = 4

[[backends]]
name = "ollama"
base_url = "http://127.0.0.1:11434"
type = "ollama"            # left out: found out by asking
models = ["gpt-oss:20b"]   # left out: what the backend has
deny = ["*embed*"]
api_key_env = "OPENAI_API_KEY"
max_context_length = 8192  # where the backend does not say
"""

import os
import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.descriptors import BackendType, Feature, ModelDescriptor, ModelId, Pricing
from benchfleet_contract.registry.executors import Capacity, ExecutorId
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MAX_BYTES = 1024 * 1024
ASSUMED_CONTEXT_LENGTH = 2_048  # where nobody says: little, so that nobody is promised what is not there
_ENDINGS = ("/v1", "/api/v0", "/api/v1")
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=2_048)]
_Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]


class BackendsError(Exception):
    """The file cannot be used; every problem is a line of the message."""


class Backend(BaseModel):
    """One server that answers for models. `allow` and `deny` are globs over model ids."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    base_url: _Url
    type: BackendType | None = None
    api_key_env: _Variable | None = None
    models: list[ModelId] = []
    allow: list[str] = []
    deny: list[str] = []
    max_context_length: Annotated[int, Field(ge=1, le=limits.MAX_CONTEXT_LENGTH)] | None = None
    features: list[Feature] = []
    pricing: Pricing | None = None

    @property
    def root(self) -> str:
        """Without what people add to it: discovery and requests agree, whatever was written."""
        return normalised(self.base_url)

    def admits(self, model_id: str) -> bool:
        allowed = not self.allow or any(fnmatchcase(model_id, glob) for glob in self.allow)
        listed = not self.models or model_id in self.models
        return allowed and listed and not any(fnmatchcase(model_id, glob) for glob in self.deny)

    def key(self, environment: Mapping[str, str] = os.environ) -> str | None:
        """From the variable that is named, else from `<NAME>_API_KEY`, where there is one."""
        named = self.api_key_env or f"{self.name.upper().replace('-', '_')}_API_KEY"
        return environment.get(named) or None


class ExecutorTable(BaseModel):
    """`[executor]` of the file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    id: ExecutorId | None = None
    max_concurrent: Annotated[int, Field(ge=1, le=limits.MAX_CONCURRENT)] | None = None
    max_queue: Annotated[int, Field(ge=0, le=limits.MAX_QUEUE)] | None = None
    labels: dict[str, str] = {}


class Backends(BaseModel):
    """The whole file. `models` are announced as they stand, whatever any backend says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    executor: ExecutorTable = ExecutorTable()
    backends: list[Backend] = []
    models: list[ModelDescriptor] = []

    def capacity(self, default: int, *, asked: int | None = None) -> Capacity:
        """`asked` wins over the file, the file over the default."""
        table = self.executor
        most = asked or table.max_concurrent or default
        return Capacity(max_concurrent=most, max_queue=5 if table.max_queue is None else table.max_queue)


def load(path: Path) -> Backends:
    """Raises BackendsError with everything that is wrong."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BackendsError(f"cannot read {path}: {error.strerror}") from None
    if len(text) > MAX_BYTES:
        raise BackendsError(f"{path} has more than {MAX_BYTES} bytes")
    try:
        document = tomllib.loads(text.decode())
        return Backends.model_validate(document)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BackendsError(f"{path} is not TOML: {error}") from None
    except ValidationError as refused:
        problems = [f"  {_place(error)}: {error['msg']}" for error in refused.errors(include_url=False)]
        raise BackendsError(f"{path} cannot be used:\n" + "\n".join(problems)) from None


def normalised(url: str) -> str:
    """`http://host:1234/v1/` and `http://host:1234` are the same server."""
    url = url.rstrip("/")
    for ending in _ENDINGS:
        url = url.removesuffix(ending)
    return url.rstrip("/")


def _place(error: Any) -> str:
    text = ""
    for step in error["loc"]:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text or "(file)"
