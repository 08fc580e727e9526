"""Typed assertions about an answer, as datasets and manifests write them: what is checked, at which threshold and weight."""

import hashlib
import json
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from benchfleet_contract.document import Document

MAX_PATTERN = 2000
TextKind = Literal["contains", "icontains", "equals", "iequals", "starts-with"]
ManyKind = Literal["contains-any", "contains-all", "icontains-any", "icontains-all"]
Share = Annotated[float, Field(ge=0, le=1)]


class _Assertion(Document):
    """`weight` counts in the test's score; `metric` names a group whose mean is reported; `negate`: it must not hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    weight: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    metric: str | None = None
    negate: bool = False


class Text(_Assertion):
    """Spaces around the answer do not count for `equals` and `starts-with`. A name with `i` ignores case."""

    type: TextKind
    value: str


class Many(_Assertion):
    """`…-all` scores the share of values that the answer has, and passes at `threshold`; `…-any` needs one."""

    type: ManyKind
    value: Annotated[list[str], Field(min_length=1)]
    threshold: Share = 1.0


class Pattern(_Assertion):
    """Searched anywhere in the answer, for a second at most."""

    type: Literal["regex"]
    value: Annotated[str, Field(max_length=MAX_PATTERN)]


class IsJson(_Assertion):
    """`value` is a JSON Schema (2020-12), if any. A fence of Markdown around the document is taken off."""

    type: Literal["is-json"]
    value: dict[str, Any] | bool | None = None


class Similarity(_Assertion):
    """Words in the same order: 2 · common / all (Ratcliff and Obershelp). `value` None: the test's `expected`."""

    type: Literal["similarity"]
    value: str | None = None
    threshold: Share = 0.75


class Custom(_Assertion):
    """`value` is `package.module:function`, called as f(answer: str, test: dict) → bool, number from 0 to 1, or dict."""

    type: Literal["python"]
    value: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    threshold: Share = 0.5


class Rubric(_Assertion):
    """A model reads the answer and gives a score from 0 to 1 by the rubric in `value`; None: that of `settings.judge`."""

    type: Literal["llm-rubric"]
    value: Annotated[str, Field(min_length=1)] | None = None
    threshold: Share = 0.5


class Limit(_Assertion):
    """`cost` in USD, `tokens` of the completion, `latency` in milliseconds (end to end): at most `value`."""

    type: Literal["cost", "tokens", "latency"]
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Threshold(Document):
    """The test passes when its weighted score reaches `value`, whatever single assertions say. Once for each test."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["threshold"]
    value: Share


Checked = Text | Many | Pattern | IsJson | Similarity | Custom | Rubric | Limit
Assertion = Annotated[Checked | Threshold, Field(discriminator="type")]
OUTSIDE = frozenset({"python", "llm-rubric"})  # need a process, or a request
GRADED = OUTSIDE | {"regex", "is-json"}  # made where the answer came, and kept: the control plane has not the packages
_MODELS: tuple[type[BaseModel], ...] = (Text, Many, Pattern, IsJson, Similarity, Custom, Rubric, Limit, Threshold)
KINDS: tuple[str, ...] = tuple(kind for model in _MODELS for kind in get_args(model.model_fields["type"].annotation))
_ADAPTER: TypeAdapter[Checked | Threshold] = TypeAdapter(Assertion)


def read_assertion(written: dict[str, Any]) -> Checked | Threshold:
    """Raises ValueError with a message for the person who wrote it."""
    try:
        return assertion_of(written)
    except ValidationError as error:
        raise ValueError(_words(error)) from None


def assertion_of(written: dict[str, Any]) -> Checked | Threshold:
    """`not-contains` is `contains` with `negate`. Raises pydantic's ValidationError."""
    kind = written.get("type")
    if isinstance(kind, str) and kind.startswith("not-"):
        written = {**written, "type": kind.removeprefix("not-"), "negate": not written.get("negate", False)}
    return _ADAPTER.validate_python(written)


def grade_key(assertion: Checked | Threshold, judge: str | None) -> str:
    """By what an answer was graded: the kind and its value, and for a rubric the model that judges. Weights may change."""
    told = [assertion.type, getattr(assertion, "value", None), judge if assertion.type == "llm-rubric" else None]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
