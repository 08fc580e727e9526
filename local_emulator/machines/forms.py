"""Requests in EC2's query protocol, and its answers."""

import io
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4
from xml.sax.saxutils import escape

NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15"
XML = "text/xml;charset=UTF-8"
Start = Callable[..., Any]
Tree = str | int | Mapping[str, Any] | list[Any]


def form_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """The fields of the body, which can be read again afterwards."""
    body = environ["wsgi.input"]
    text = body.read()
    body.seek(0)
    return dict(parse_qsl(text.decode(errors="replace"), keep_blank_values=True))


def with_form(environ: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The same request, of the same caller, with another body."""
    body = urlencode(form).encode()
    kept = {name: value for name, value in environ.items() if not name.startswith("werkzeug.")}
    return {**kept, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}


def numbered(form: Mapping[str, str], name: str) -> list[str]:
    """`InstanceId.1`, `InstanceId.2` …, in order."""
    found = [(int(key.rpartition(".")[2]), value) for key, value in form.items() if re.fullmatch(rf"{name}\.\d+", key)]
    return [value for _, value in sorted(found)]


def answer(action: str, members: Mapping[str, Tree], start_response: Start) -> list[bytes]:
    """200, with these members in EC2's XML: a list becomes `item` elements."""
    inner = _xml({"requestId": str(uuid4()), **members})
    start_response("200 OK", [("Content-Type", XML)])
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return [f'{head}<{action}Response xmlns="{NAMESPACE}">{inner}</{action}Response>'.encode()]


def _xml(value: Tree) -> str:
    if isinstance(value, Mapping):
        return "".join(f"<{name}>{_xml(inner)}</{name}>" for name, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<item>{_xml(each)}</item>" for each in value)
    return escape(str(value))
