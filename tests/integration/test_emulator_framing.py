"""The emulator's server takes a body for what its head says, and answers what it cannot take."""

import contextlib
import errno
import io
import json
import socket
from collections.abc import Iterator
from email.message import Message
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_emulator.framing import BadFraming, NoRoom, read_body
from local_emulator.http_server import KeepAliveServer
from tests.each_case import each_case

MOST = 1_000


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    if environ["PATH_INFO"].startswith("/disk"):
        raise OSError(errno.EIO, "Input/output error")
    if environ["PATH_INFO"].startswith("/fail"):
        raise RuntimeError("asked to")
    start_response("200 OK", [])
    return [b"got ", environ["wsgi.input"].read()]


@pytest.fixture(scope="module")
def server() -> Iterator[KeepAliveServer]:
    made = KeepAliveServer(host="127.0.0.1", port=0, most_bytes=lambda _: MOST)
    made.start(echo)
    yield made
    made.stop(within_s=5)


def say(server: KeepAliveServer, request: bytes) -> tuple[int, bytes]:
    """Status and body of the one answer that a connection gets."""
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            answer = file.read()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def post(headers: bytes, body: bytes = b"", *, target: bytes = b"/") -> bytes:
    return b"POST " + target + b" HTTP/1.1\r\nHost: here\r\n" + headers + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"


@each_case(
    "body",
    [
        b"3\r\nabc\r\n0\r\n\r\n", b"1\r\na\r\n2;ext=1\r\nbc\r\n0\r\n\r\n", b"03 \r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
    ],
)  # fmt: skip
def test_chunks_are_put_together(server: KeepAliveServer, body: bytes) -> None:
    assert say(server, post(CHUNKED, body)) == (200, b"got abc")


@each_case(
    "body",
    [
        b"zzz\r\n", b"-1\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"+3\r\nabc\r\n0\r\n\r\n", b"1_0\r\n", b"\r\n\r\n",
        b"3\r\nabcd\r\n0\r\n\r\n", b"3\nabc\n0\n\n", b"f" * 20 + b"\r\n", b"1" * 5_000, b"0\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    ],
)  # fmt: skip
def test_chunks_that_are_none_are_a_400(server: KeepAliveServer, body: bytes) -> None:
    status, words = say(server, post(CHUNKED, body))
    assert (status, set(json.loads(words))) == (400, {"message"})


@each_case(
    ("headers", "status"),
    [
        (b"Transfer-Encoding: gzip\r\n", 501),
        (b"Transfer-Encoding: gzip, chunked\r\n", 501),
        (b"Transfer-Encoding: chunked, chunked\r\n", 501),
        (b"Transfer-Encoding: xchunked\r\n", 501),
        (b"Transfer-Encoding:\r\n", 501),
        (CHUNKED + CHUNKED, 501),
        (CHUNKED + b"Content-Length: 3\r\n", 400),
        (b"Transfer-Encoding: identity\r\nContent-Length: 3\r\n", 400),
        (b"Content-Length: abc\r\n", 400),
        (b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
        (b"Content-Length: 3, 3\r\n", 400),
        (b"Content-Length: -3\r\n", 400),
        (b"no header at all\r\n", 400),
        (b"Content-Length : 3\r\n", 400),
    ],
)
def test_a_head_that_says_no_length_is_refused(server: KeepAliveServer, headers: bytes, status: int) -> None:
    assert say(server, post(headers, b"3\r\nabc\r\n0\r\n\r\n"))[0] == status


@each_case("target", [b"http://here/", b"http://[", b"*", b"x", b"/a#b", b"here:80"])
def test_a_target_that_is_no_path_is_a_400(server: KeepAliveServer, target: bytes) -> None:
    assert say(server, post(b"", target=target))[0] == 400


@each_case("host", [b"[", b"\xff", b"a b", b""])
def test_an_odd_host_is_no_fault_of_the_server(server: KeepAliveServer, host: bytes) -> None:
    assert say(server, b"GET //[ HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")[0] == 200


@each_case(("headers", "body"), [(b"Content-Length: 9\r\n", b"half"), (CHUNKED, b"9\r\nhalf"), (CHUNKED, b"9")])
def test_a_body_that_ends_early_is_a_400_to_who_still_listens(
    server: KeepAliveServer, headers: bytes, body: bytes
) -> None:
    status, words = say(server, post(headers, body))
    assert (status, b"ended before it was whole" in words) == (400, True)


def test_chunks_are_bounded_as_lengths_are(server: KeepAliveServer) -> None:
    assert say(server, post(CHUNKED, b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"))[0] == 413


@pytest.mark.parametrize("path", [b"/fail", b"/disk"])
def test_a_log_holds_no_signature(server: KeepAliveServer, caplog: pytest.LogCaptureFixture, path: bytes) -> None:
    """A file that the app cannot read is its fault, and not the client's going away."""
    assert say(server, post(b"", target=path + b"?X-Amz-Signature=secret"))[0] == 500
    assert "/" + path.decode()[1:] in caplog.text
    assert "secret" not in caplog.text


def test_a_disk_without_room_for_a_body_is_told() -> None:
    class Full(io.BytesIO):
        def write(self, _block: Any) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    headers = Message()
    headers["Content-Length"] = "3"
    with pytest.raises(NoRoom, match="No space left on device; make room"):
        read_body(headers, io.BytesIO(b"abc"), into=Full())
    assert NoRoom.status.startswith("503")


@given(st.binary(max_size=50))
def test_any_bytes_are_a_body_or_refused(data: bytes) -> None:
    headers = Message()
    headers["Transfer-Encoding"] = "chunked"
    into = io.BytesIO()
    with contextlib.suppress(BadFraming):
        assert read_body(headers, io.BytesIO(data), into=into) == len(into.getvalue())
