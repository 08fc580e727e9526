"""What is known of a model on an executor, and what of that may be true."""

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from benchfleet_contract.document import Document
from benchfleet_contract.registry import limits

BackendType = Literal["openai", "openai_compatible", "lmstudio", "ollama", "vllm", "custom", "mock"]
ModelState = Literal["loaded", "not_loaded", "loading"]
Currency = Literal["wei", "usd"]

_CONTROL = {chr(code) for code in (*range(32), 127)}


def _model_id(value: str) -> str:
    if value != value.strip():
        raise ValueError("must not begin or end with a space")
    if _CONTROL & set(value):
        raise ValueError("must not hold control characters")
    return value


ModelId = Annotated[
    str, StringConstraints(min_length=1, max_length=limits.MAX_MODEL_ID_CHARS), AfterValidator(_model_id)
]
Feature = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
_Word = Annotated[str, StringConstraints(min_length=1, max_length=256)]
_Measure = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Sent(Document):
    """A number is a number: no text is taken for one, and no truth value either. Unknown fields are left out."""

    model_config = ConfigDict(strict=True)


class Performance(_Sent):
    """As announced, not measured by us. Seconds, but for `avg_latency_ms`."""

    avg_tokens_per_second: _Measure | None = None
    avg_time_to_first_token: _Measure | None = None
    success_rate: _Share | None = None
    avg_latency_ms: Annotated[int, Field(ge=0)] | None = None


class Modalities(_Sent):
    input: list[Feature] = Field(default=[], max_length=limits.MAX_FEATURES)
    output: list[Feature] = Field(default=[], max_length=limits.MAX_FEATURES)


class Capabilities(_Sent):
    """`loaded_context_length`: what the backend has allocated, often below `max_context_length` (both in tokens)."""

    max_context_length: int = Field(ge=1, le=limits.MAX_CONTEXT_LENGTH)
    loaded_context_length: Annotated[int, Field(ge=1, le=limits.MAX_CONTEXT_LENGTH)] | None = None
    max_output_tokens: Annotated[int, Field(ge=1, le=limits.MAX_CONTEXT_LENGTH)] | None = None
    features: list[Feature] = Field(default=[], max_length=limits.MAX_FEATURES)
    architecture: _Word | None = None
    model_size: _Word | None = None
    quantization: _Word | None = None
    format: _Word | None = None
    model_digest: _Word | None = None
    modalities: Modalities | None = None
    performance: Performance | None = None
    metadata: dict[str, Any] = {}

    @field_validator("metadata")
    @classmethod
    def _bounded(cls, value: dict[str, Any]) -> dict[str, Any]:
        if _depth(value) > limits.MAX_METADATA_DEPTH:
            raise ValueError(f"must be at most {limits.MAX_METADATA_DEPTH} levels deep")
        try:
            size = len(json.dumps(value, allow_nan=False).encode())
        except ValueError:
            raise ValueError("must hold no infinite number and no NaN") from None
        if size > limits.MAX_METADATA_BYTES:
            raise ValueError(f"must have at most {limits.MAX_METADATA_BYTES} bytes of JSON, has {size}")
        return value


class Pricing(_Sent):
    """Decimal text for each token: wei may have 78 digits, more than any number of JSON or DynamoDB."""

    input_token_price: str
    output_token_price: str
    minimum_fee: str | None = None
    currency: Currency = "wei"

    @model_validator(mode="after")
    def _priced(self) -> "Pricing":
        for name in ("input_token_price", "output_token_price", "minimum_fee"):
            value = getattr(self, name)
            if value is not None and not _is_price(value, self.currency):
                digits = "1 to 78 digits" if self.currency == "wei" else "a plain decimal such as 0.0000025"
                raise ValueError(f"{name} must be {digits}, as text")
        return self

    @property
    def total(self) -> Decimal:
        """Of one token in and one out."""
        return Decimal(self.input_token_price) + Decimal(self.output_token_price)


class ModelDescriptor(_Sent):
    """A model as an executor announces it. `pricing` None means that it costs nothing."""

    model_id: ModelId
    backend_type: BackendType
    backend_name: _Word | None = None
    capabilities: Capabilities
    is_available: bool = True
    state: ModelState = "loaded"
    source: Literal["configured", "discovered"] = "configured"
    pricing: Pricing | None = None


def descriptor_digest(descriptor: ModelDescriptor) -> str:
    """SHA-256 (hex) of what the model is: a run pins it. Whether it is available just now, or loaded, is not part of it."""
    document = descriptor.model_dump(mode="json", exclude={"is_available", "state"})
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _is_price(value: str, currency: Currency) -> bool:
    if currency == "wei":
        return value.isascii() and value.isdigit() and len(value) <= 78
    try:
        price = Decimal(value)
    except InvalidOperation:
        return False
    return len(value) <= 40 and price.is_finite() and price >= 0 and "e" not in value.lower()


def _depth(value: Any) -> int:
    """Levels of objects and lists; never recurses deeper than what may be kept."""
    level, deep = [value], 0
    while level and deep <= limits.MAX_METADATA_DEPTH:
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        deep += 1
    return deep
