"""What may stand in the head of a fixture's request: refused here, it would break a request on its way, or a load tool."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import AfterValidator

# The load tools write these themselves; a second one makes a request that servers refuse.
RESERVED = frozenset({"host", "connection", "transfer-encoding"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VISIBLE = re.compile(r"[\t\x20-\x7e]*")  # RFC 9110, 5.5, without bytes of which nobody knows the encoding
_COOKIE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")  # the same without ; and tab


def _token(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header or cookie: use ASCII letters, digits and - _ . only")
    return name


def _name(name: str) -> str:
    if name.lower() in RESERVED:
        raise ValueError(f"{name} is set by the load tools: leave it out")
    return _token(name)


def _value(text: str) -> str:
    if not _VISIBLE.fullmatch(text):
        raise ValueError(f"{text!r} cannot stand in a header: percent-encode what is no visible ASCII character")
    return text


def _cookie(text: str) -> str:
    if not _COOKIE.fullmatch(text):
        raise ValueError(
            f"{text!r} cannot stand in a cookie: percent-encode `;` and what is no visible ASCII character"
        )
    return text


def _bare(path: str) -> str:
    if "?" in path or "#" in path:
        raise ValueError(f"{path!r} has more than a path: write the query into query_params")
    return path


BarePath = Annotated[str, AfterValidator(_bare)]
AnyName = Annotated[str, AfterValidator(_token)]
HeaderName = Annotated[str, AfterValidator(_name)]
HeaderValue = Annotated[str, AfterValidator(_value)]
CookieValue = Annotated[str, AfterValidator(_cookie)]


def not_unicode(value: Any, place: str = "") -> Iterator[str]:
    r"""Places of texts with half a surrogate pair: JSON can write them (`\ud800`), nothing can send them."""
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            yield f"{place}: {value!r} has half of a surrogate pair: write the whole character"
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from not_unicode(name, f"{place}, a name")
            yield from not_unicode(one, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from not_unicode(one, f"{place}.{number}")
