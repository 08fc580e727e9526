"""Errors in the words of each protocol, and small WSGI answers."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

Start = Callable[..., Any]


def answer(start: Start, status: int, body: bytes = b"", kind: str = "application/json", **headers: str) -> list[bytes]:
    """`headers`: underscores stand for hyphens."""
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    start(f"{status} {phrase}", [("Content-Type", kind), *named])
    return [body]


def answer_json(start: Start, status: int, document: Any, **headers: str) -> list[bytes]:
    return answer(start, status, json.dumps(document, default=str).encode(), **headers)


def answer_error(start: Start, protocol: str, *, status: int, code: str, message: str) -> list[bytes]:
    """`protocol` as in ApiRequest."""
    match protocol:
        case "json":
            body = {"__type": code, "message": message}
            return answer(start, status, json.dumps(body).encode(), "application/x-amz-json-1.1")
        case "rest-json":
            return answer_json(start, status, {"message": message, "Message": message}, x_amzn_ErrorType=code)
        case "cbor":
            headers = {"smithy-protocol": "rpc-v2-cbor"}
            return answer(start, status, _cbor({"__type": code, "message": message}), "application/cbor", **headers)
        case "ec2":
            inner = f"<Errors><Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error></Errors>"
            return answer(start, status, f"<Response>{inner}<RequestID>-</RequestID></Response>".encode(), "text/xml")
        case "s3":
            inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            return answer(start, status, f"<Error>{inner}</Error>".encode(), "application/xml")
        case _:
            inner = f"<Type>Sender</Type><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            text = f"<ErrorResponse><Error>{inner}</Error><RequestId>-</RequestId></ErrorResponse>"
            return answer(start, status, text.encode(), "text/xml")


# How each protocol says that a policy does not allow a request: code and status.
DENIED: Mapping[str, tuple[str, int]] = {
    "json": ("AccessDeniedException", 400),
    "rest-json": ("AccessDeniedException", 403),
    "cbor": ("AccessDeniedException", 403),
    "ec2": ("UnauthorizedOperation", 403),
    "s3": ("AccessDenied", 403),
    "query": ("AccessDenied", 403),
}


def _cbor(texts: Mapping[str, str]) -> bytes:
    """A map of short texts."""
    return bytes([0xA0 + len(texts)]) + b"".join(_cbor_text(k) + _cbor_text(v) for k, v in texts.items())


def _cbor_text(text: str) -> bytes:
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data
