"""The body of a fixture's request, and the headers that go with it."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Protocol, Self
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, model_validator

from runner_image.workloads.http.contract.fixture_words import HeaderValue
from runner_image.workloads.http.contract.workload import Pairs

BOUNDARY = "benchfleet-fixture-boundary"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


class File(BaseModel):
    """`content_encoding`: `base64`, else the content is text."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    field_name: str
    filename: str | None = None
    content: str = ""
    content_encoding: str | None = None
    content_type: HeaderValue | None = None

    def raw(self) -> bytes:
        return base64.b64decode(self.content) if self.content_encoding == "base64" else self.content.encode()

    @model_validator(mode="after")
    def _can_be_decoded(self) -> Self:
        try:
            if self.content_encoding == "base64":
                base64.b64decode(self.content, validate=True)
        except (binascii.Error, ValueError) as error:  # the latter: no ASCII
            raise ValueError(f"the content of {self.field_name} is no base64: {error}") from error
        return self


class _Request(Protocol):
    """Members without setters: models are frozen."""

    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def body(self) -> Any: ...
    @property
    def body_raw(self) -> str | None: ...
    @property
    def files(self) -> list[File]: ...
    @property
    def data(self) -> dict[str, Any]: ...


def body_of(asked: _Request) -> tuple[Pairs, bytes]:
    """Headers and body. Raises ValueError for a Content-Length that is not the body's."""
    headers, body = _body_of(asked)
    for name, value in headers:
        if name.lower() == "content-length" and value.strip() != str(len(body)):
            raise ValueError(f"request.headers.{name}: {value!r}, but the body has {len(body)} bytes: leave it out")
    return tuple(pair for pair in headers if pair[0].lower() != "content-length"), body


def _body_of(asked: _Request) -> tuple[Pairs, bytes]:
    kind = next((value for name, value in asked.headers.items() if name.lower() == "content-type"), None)
    if asked.files:
        return _typed(asked.headers, f"multipart/form-data; boundary={BOUNDARY}"), _multipart(asked.data, asked.files)
    if asked.body_raw is not None:
        return tuple(asked.headers.items()), asked.body_raw.encode()
    if asked.data:
        return _typed(asked.headers, kind or FORM), urlencode(asked.data, doseq=True).encode()
    if asked.body is None:
        return tuple(asked.headers.items()), b""
    if isinstance(asked.body, str) and kind and "json" not in kind:
        return tuple(asked.headers.items()), asked.body.encode()
    if isinstance(asked.body, dict) and kind and kind.startswith(FORM):
        return tuple(asked.headers.items()), urlencode(asked.body, doseq=True).encode()
    return _typed(asked.headers, kind or JSON), json.dumps(asked.body, ensure_ascii=False).encode()


def _typed(headers: Mapping[str, str], kind: str) -> Pairs:
    rest = tuple((name, value) for name, value in headers.items() if name.lower() != "content-type")
    return (*rest, ("Content-Type", kind))


def _multipart(data: Mapping[str, Any], files: list[File]) -> bytes:
    texts = [(name, one) for name, value in data.items() for one in (value if isinstance(value, list) else [value])]
    parts = [
        _part(name, None, None, (one if isinstance(one, str) else json.dumps(one)).encode()) for name, one in texts
    ]
    parts += [_part(file.field_name, file.filename or "", file.content_type, file.raw()) for file in files]
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


def _part(name: str, filename: str | None, kind: str | None, content: bytes) -> bytes:
    name, filename = _quoted(name), filename and _quoted(filename)
    file = "" if filename is None else f'; filename="{filename}"'
    typed = "" if filename is None else f"Content-Type: {kind or 'application/octet-stream'}\r\n"
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n{typed}\r\n'
    return head.encode() + content + b"\r\n"


def _quoted(text: str) -> str:
    """As browsers write names of fields and files (WHATWG HTML, 4.10.21.8)."""
    return text.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
