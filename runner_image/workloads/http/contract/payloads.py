"""Bodies of exactly the declared size, the same on every machine. `word` is a name in them: another gives another body."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

JSON_BYTES = {"small": 86, "medium": 1_536, "large": 15_360, "very-large": 153_600}
FORM_BYTES = {"simple": 60, "complex": 300}
FILES = {"small": (1, 1_024), "medium": (2, 5_120), "large": (5, 20_480)}  # number of files, bytes of each
LONGEST = 255  # of a string in a validated body
BOUNDARY = "benchfleet-7d1f0c5a93e84b62"

_Shape = tuple[Callable[[str], dict[str, Any]], str | None, Callable[[int], Any]]


class WrongSize(ValueError):
    """A body cannot have the size that was declared for it."""

    def __init__(self, what: str, wanted: int, got: int) -> None:
        super().__init__(f"The body of {what} is to have {wanted} bytes and has {got}: change its fields or its size")


@cache
def json_body(size: str, word: str = "widget") -> tuple[bytes, dict[str, Any]]:
    """Bytes and value, which is shared: change a copy. Raises WrongSize.

    Entries are added as long as there is room; `description` takes what is left.
    """
    wanted = JSON_BYTES[size]
    base, entries, entry = _SHAPES[size]
    value = base(word) | {"description": "x"}
    if entries is not None:
        _fill(value, entries, entry, wanted)
    room = wanted - len(dump(value)) + 1
    if 1 <= room <= LONGEST:
        value["description"] = _text(room)
    return _sized(f"json-{size}", dump(value), wanted), value


def form_body(size: str, word: str = "ada") -> tuple[bytes, list[tuple[str, str]]]:
    """Bytes and fields in order; the last one takes what is left. Raises WrongSize."""
    wanted = FORM_BYTES[size]
    fields = [(name, word if name in ("name", "first_name") else value) for name, value in _FORMS[size]]
    name, _ = fields[-1]
    room = wanted - len(urlencode([*fields[:-1], (name, "")]))
    fields[-1] = (name, _text(max(room, 0)))
    return _sized(f"urlencoded-{size}", form(fields), wanted), fields


def form(fields: Sequence[tuple[str, str]]) -> bytes:
    return urlencode(fields).encode()


def form_value(fields: list[tuple[str, str]]) -> dict[str, Any]:
    """The right echo: a flat object in which repeated keys are lists."""
    value: dict[str, Any] = {}
    for name, text in fields:
        if name not in value:
            value[name] = text
        elif isinstance(value[name], list):
            value[name].append(text)
        else:
            value[name] = [value[name], text]
    return value


def multipart_body(files: int, bytes_each: int) -> bytes:
    """`files` files of `bytes_each` bytes of text, with a fixed boundary."""
    parts = [
        (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file{number}"; filename="file{number}.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{_text(bytes_each)}\r\n"
        )
        for number in range(1, files + 1)
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode()


def field_only_body() -> bytes:
    """Multipart with a plain field and no file."""
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="note"\r\n\r\nno file\r\n--{BOUNDARY}--\r\n'.encode()


def _fill(value: dict[str, Any], entries: str, entry: Callable[[int], Any], wanted: int) -> None:
    """Adds entries until less than a string's length is missing. Sizes add up: many entries are dumped at once."""
    found: list[Any] = []
    value[entries] = found
    size = len(dump(value))
    for step in (256, 16, 1):
        while True:
            fresh = [entry(len(found) + number) for number in range(step)]
            more = len(dump(fresh)) - len("[]") + (1 if found else 0)
            if size + more > wanted:
                break
            found += fresh
            size += more


def dump(value: Any) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def _sized(what: str, body: bytes, wanted: int) -> bytes:
    if len(body) != wanted:
        raise WrongSize(what, wanted, len(body))
    return body


def _text(length: int) -> str:
    return ("benchmark-" * (length // 10 + 1))[:length]


def _image(number: int) -> dict[str, Any]:
    return {"url": f"https://images.example.com/{number}.png", "name": f"image-{number}"}


_SHAPES: dict[str, _Shape] = {
    "small": (lambda word: {"name": word, "price": 42.5, "tax": 3.25}, None, _image),
    "medium": (
        lambda word: {"name": word, "price": 42.5, "image": _image(1)},
        "reviews",
        lambda number: {"author": f"reader-{number}", "comment": "as it was told", "rating": number % 5 + 1},
    ),
    "large": (
        lambda word: {
            "name": word,
            "price": 42.5,
            "seller": {
                "name": "acme",
                "address": {"street": "1 Main St", "city": "Springfield", "country": {"name": "Norway", "code": "NO"}},
            },
        },
        "variants",
        lambda number: {"sku": f"sku-{number}", "color": "green", "stock": number, "price": number + 0.5},
    ),
    "very-large": (lambda word: {"name": word, "tags": ["electronics", "phone"]}, "images", _image),
}
_FORMS: dict[str, list[tuple[str, str]]] = {
    "simple": [("name", "ada"), ("age", "36"), ("subscribe", "true"), ("email", "")],
    "complex": [
        ("first_name", "ada"),
        ("last_name", "lovelace"),
        ("email", "ada@example.com"),
        ("phone", "5550100"),
        ("street", "1 Main St"),
        ("city", "London"),
        ("state", "LDN"),
        ("zip", "12345"),
        ("country", "GB"),
        ("company", "acme"),
        ("age", "36"),
        ("height", "1.65"),
        ("subscribe", "true"),
        ("terms", "true"),
        ("language", "en"),
        ("theme", "dark"),
        ("tag", "math"),
        ("tag", "poetry"),
        ("note", ""),
    ],
}
