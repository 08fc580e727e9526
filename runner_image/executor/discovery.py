"""What a backend has: its own API is asked, one table entry a kind of server.

| type | list | detail | loaded |
|---|---|---|---|
| lmstudio | GET /api/v0/models | context, arch, quantization | state |
| ollama | GET /api/tags | family, parameter size, quantization, digest; POST /api/show: context | GET /api/ps |
| vllm | GET /v1/models | max_model_len | listed |
| openai_compatible | GET /v1/models | llama.cpp: meta.n_ctx_train | listed |

A server whose type is not told is asked in this order; vLLM and llama.cpp give themselves away by `owned_by`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from benchfleet_contract.registry.descriptors import BackendType, Capabilities, ModelDescriptor, ModelState
from pydantic import ValidationError

from runner_image.executor.backends import ASSUMED_CONTEXT_LENGTH, Backend

PROBE_S = 5.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
_MOST_MODELS = 1_000
_OLLAMA_FEATURES = {"completion": "completion", "tools": "functions", "vision": "vision", "embedding": "embeddings"}


class ProbeFailed(Exception):
    """The backend cannot be asked, or does not answer as its kind does."""


@dataclass(frozen=True)
class Seen:
    """One model as a backend tells of it."""

    model_id: str
    context: int | None = None
    loaded_context: int | None = None
    state: ModelState = "loaded"
    features: tuple[str, ...] = ("chat", "completion", "streaming")
    architecture: str | None = None
    size: str | None = None
    quantization: str | None = None
    format: str | None = None
    digest: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """What a backend has, and what kind of server it is. `left_out`: what cannot be announced, with the reason."""

    type: BackendType
    models: tuple[ModelDescriptor, ...]
    left_out: tuple[tuple[str, str], ...] = ()


class Discovery:
    """Asks backends. One for an agent: what does not change is not asked again."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._shown: dict[tuple[str, str], Mapping[str, Any]] = {}  # Ollama's details, by server and digest

    def __call__(self, backend: Backend, key: str | None) -> Found:
        """Raises ProbeFailed."""
        kinds: list[BackendType] = [backend.type] if backend.type in _PROBES else [*_PROBES]
        reasons: list[str] = []
        for kind in kinds:
            try:
                told, seen = _PROBES[kind](self, backend, _Asking(self._http, backend.root, key))
            except ProbeFailed as failed:
                reasons.append(f"{kind}: {failed}")
                continue
            return _found(backend, backend.type or told, seen)
        raise ProbeFailed("; ".join(reasons))

    def lmstudio(self, _backend: Backend, ask: "_Asking") -> tuple[BackendType, list[Seen]]:
        return "lmstudio", [_of_lmstudio(one) for one in _list(ask.get("/api/v0/models"), "data", "id")]

    def ollama(self, _backend: Backend, ask: "_Asking") -> tuple[BackendType, list[Seen]]:
        tags = _list(ask.get("/api/tags"), "models", "name")
        running = {one["name"]: one for one in _list(ask.get("/api/ps"), "models", "name")}
        return "ollama", [_of_ollama(one, running.get(one["name"]), self._show(ask, one)) for one in tags]

    def openai(self, _backend: Backend, ask: "_Asking") -> tuple[BackendType, list[Seen]]:
        listed = _list(ask.get("/v1/models"), "data", "id")
        is_vllm = any(one.get("owned_by") == "vllm" or "max_model_len" in one for one in listed)
        return "vllm" if is_vllm else "openai_compatible", [_of_openai(one) for one in listed]

    def vllm(self, backend: Backend, ask: "_Asking") -> tuple[BackendType, list[Seen]]:
        kind, seen = self.openai(backend, ask)
        if kind != "vllm":
            raise ProbeFailed("/v1/models names no vLLM")
        ask.alive("/health")
        return kind, seen

    def _show(self, ask: "_Asking", one: Mapping[str, Any]) -> Mapping[str, Any]:
        known = (ask.root, str(one.get("digest") or one["name"]))
        if known not in self._shown:
            try:
                self._shown[known] = ask.post("/api/show", {"model": one["name"]})
            except ProbeFailed:
                return {}
        return self._shown[known]


_Probe = Callable[[Discovery, Backend, "_Asking"], tuple[BackendType, list[Seen]]]
_PROBES: dict[BackendType, _Probe] = {
    "lmstudio": Discovery.lmstudio,
    "ollama": Discovery.ollama,
    "vllm": Discovery.vllm,
    "openai_compatible": Discovery.openai,
}


@dataclass(frozen=True)
class _Asking:
    """Requests to one server, of bounded time and size."""

    http: httpx.Client
    root: str
    key: str | None

    def get(self, path: str) -> Mapping[str, Any]:
        return self._json("GET", path, None)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._json("POST", path, body)

    def alive(self, path: str) -> None:
        self._bytes("GET", path, None)

    def _json(self, method: str, path: str, body: Mapping[str, Any] | None) -> Mapping[str, Any]:
        try:
            document = json.loads(self._bytes(method, path, body))
        except ValueError:
            raise ProbeFailed(f"{path} is not answered with JSON") from None
        if not isinstance(document, dict):
            raise ProbeFailed(f"{path} is not answered with an object")
        return document

    def _bytes(self, method: str, path: str, body: Mapping[str, Any] | None) -> bytes:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        try:
            with self.http.stream(method, self.root + path, json=body, headers=headers, timeout=PROBE_S) as answer:
                if not answer.is_success:
                    raise ProbeFailed(f"{path}: status {answer.status_code}")
                taken = bytearray()
                for chunk in answer.iter_bytes():
                    taken += chunk
                    if len(taken) > MAX_ANSWER_BYTES:
                        raise ProbeFailed(f"{path} is answered with more than {MAX_ANSWER_BYTES} bytes")
                return bytes(taken)
        except httpx.HTTPError as error:
            raise ProbeFailed(f"{path}: {type(error).__name__}") from None


def _list(document: Mapping[str, Any], name: str, needed: str) -> list[dict[str, Any]]:
    found = document.get(name)
    if not isinstance(found, list):
        raise ProbeFailed(f"the answer has no list of {name}")
    return [one for one in found[:_MOST_MODELS] if isinstance(one, dict) and isinstance(one.get(needed), str)]


def _of_lmstudio(one: Mapping[str, Any]) -> Seen:
    kind = one.get("type")
    features = ("embeddings",) if kind == "embeddings" else ("chat", "completion", "streaming")
    return Seen(
        one["id"], context=_length(one.get("max_context_length")), loaded_context=_length(one.get("loaded_context_length")),
        state="loaded" if one.get("state") == "loaded" else "not_loaded",
        features=(*features, "vision") if kind == "vlm" else features,
        architecture=_text(one.get("arch")), quantization=_text(one.get("quantization")),
        format=_text(one.get("compatibility_type")),
    )  # fmt: skip


def _of_ollama(one: Mapping[str, Any], running: Mapping[str, Any] | None, shown: Mapping[str, Any]) -> Seen:
    details = one["details"] if isinstance(one.get("details"), dict) else {}
    said = shown.get("capabilities")
    features = [_OLLAMA_FEATURES[word] for word in said if word in _OLLAMA_FEATURES] if isinstance(said, list) else []
    chats = ["chat", "streaming"] if "completion" in features or not features else []
    return Seen(
        one["name"], context=_ollama_context(shown), loaded_context=_length((running or {}).get("context_length")),
        state="loaded" if running else "not_loaded", features=tuple(sorted({*features, *chats})),
        architecture=_text(details.get("family")), size=_text(details.get("parameter_size")),
        quantization=_text(details.get("quantization_level")), format=_text(details.get("format")),
        digest=_text(one.get("digest")),
    )  # fmt: skip


def _ollama_context(shown: Mapping[str, Any]) -> int | None:
    """`<architecture>.context_length` of the model's own file."""
    info = shown.get("model_info")
    lengths = (
        [value for name, value in info.items() if name.endswith(".context_length")] if isinstance(info, dict) else []
    )
    return _length(lengths[0]) if lengths else None


def _of_openai(one: Mapping[str, Any]) -> Seen:
    meta = one["meta"] if isinstance(one.get("meta"), dict) else {}
    owner = _text(one.get("owned_by"))
    return Seen(
        one["id"], context=_length(one.get("max_model_len")) or _length(meta.get("n_ctx_train")),
        loaded_context=_length(meta.get("n_ctx")), metadata={"owned_by": owner} if owner else {},
    )  # fmt: skip


def _found(backend: Backend, kind: BackendType, seen: Iterable[Seen]) -> Found:
    models, left_out = [], []
    for one in seen:
        if not backend.admits(one.model_id):
            continue
        try:
            models.append(_descriptor(backend, kind, one))
        except ValidationError as refused:
            left_out.append((one.model_id[:80], refused.errors()[0]["msg"]))
    return Found(kind, tuple(models), tuple(left_out))


def _descriptor(backend: Backend, kind: BackendType, one: Seen) -> ModelDescriptor:
    """Raises ValidationError for what cannot be announced."""
    context = one.context or backend.max_context_length
    metadata = dict(one.metadata) | ({} if context else {"max_context_length": "assumed"})
    return ModelDescriptor(
        model_id=one.model_id, backend_type=kind, backend_name=backend.name, source="discovered", state=one.state,
        is_available=one.state != "loading", pricing=backend.pricing,
        capabilities=Capabilities(
            max_context_length=context or ASSUMED_CONTEXT_LENGTH, loaded_context_length=one.loaded_context,
            features=backend.features or list(one.features), architecture=one.architecture, model_size=one.size,
            quantization=one.quantization, format=one.format, model_digest=one.digest, metadata=metadata,
        ),
    )  # fmt: skip


def _length(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(value: Any) -> str | None:
    return value[:256] if isinstance(value, str) and value else None
