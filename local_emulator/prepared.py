"""A request that botocore has made ready to be sent, as a WSGI app takes it, and the app's answer as botocore reads it."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

Start = Callable[..., Any]


def environ_of(request: AWSPreparedRequest) -> dict[str, Any]:
    """As the emulator's HTTP server would make it, path and query undecoded in `RAW_URI`."""
    url = urlsplit(request.url)
    body = _stream(request.body)
    target = url._replace(scheme="", netloc="").geturl() or "/"
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "RAW_URI": target,
        "REQUEST_URI": target,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": url.hostname,
        "HTTP_HOST": url.netloc,
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value.decode() if isinstance(value, bytes) else value
    environ["CONTENT_LENGTH"] = environ.pop("HTTP_CONTENT_LENGTH", None) or str(_length(body))
    return environ


def answered(request: AWSPreparedRequest, ask: Callable[[Start], Iterable[bytes]]) -> AWSResponse:
    head: list[Any] = []
    body = b"".join(ask(lambda status, headers, _=None: head.extend((status, headers))))
    headers: Any = HeadersDict()
    for name, value in head[1]:
        headers[name] = value
    headers.setdefault("Content-Length", str(len(body)))
    raw: Any = _Raw(b"" if request.method == "HEAD" else body)
    return AWSResponse(request.url, int(head[0].split()[0]), headers, raw)


class _Raw(io.BytesIO):
    """A body as urllib3 hands it over."""

    def stream(self, amt: int = 64 * 1024, **_: Any) -> Iterator[bytes]:
        while chunk := self.read(amt):
            yield chunk


def _stream(body: Any) -> Any:
    if hasattr(body, "read"):
        return body
    return io.BytesIO(body.encode() if isinstance(body, str) else body or b"")


def _length(body: Any) -> int:
    start = body.tell()
    length: int = body.seek(0, io.SEEK_END) - start
    body.seek(start)
    return length
