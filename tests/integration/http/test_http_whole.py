"""Answers that drip: no single read is late, so only a limit for all of it ends them."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner_image.workloads.http.apps.fetch import Archive, FetchFailed, fetch
from runner_image.workloads.http.contract.gate import verify
from runner_image.workloads.http.contract.workloads import workloads
from runner_image.workloads.http.streams import gate as streams

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000000\r\n"
DRIPS = {"headers": HEAD + b"X-Long: ", "body": HEAD + b"\r\n"}
LONGEST_S = 0.3


@pytest.fixture(params=sorted(DRIPS))
def dripping(request: pytest.FixtureRequest) -> Iterator[int]:
    """Its port. The start comes at once, then a byte every 20 ms for a minute."""
    over = threading.Event()

    def drip(peer: socket.socket) -> None:
        with peer:
            peer.sendall(DRIPS[request.param])
            for _ in itertools.takewhile(lambda _: not over.wait(0.02), range(3000)):
                try:
                    peer.sendall(b"x")
                except OSError:
                    return

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                drip(listening.accept()[0])
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,))
        thread.start()
        yield listening.getsockname()[1]
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_the_gate_ends_it(dripping: int) -> None:
    (one,) = workloads("path-simple")
    began = time.monotonic()
    verdict = verify(f"http://127.0.0.1:{dripping}", one, longest_s=LONGEST_S)
    assert verdict.status == "fail"
    assert verdict.reasons[0].endswith("the answer was not whole after 0.3 s")
    assert time.monotonic() - began < 20


def test_the_gate_of_streams_ends_it(dripping: int) -> None:
    verdict = streams.verify(dripping, "sse", capabilities=None, longest_s=LONGEST_S)
    assert verdict.status == "fail"
    assert "no whole stream" in verdict.reasons[0]


def test_a_download_ends(dripping: int, tmp_path: Path) -> None:
    with pytest.raises(FetchFailed, match=r"not whole after 0\.3 s"):
        fetch(Archive(f"http://127.0.0.1:{dripping}/a.zip", "0" * 64), tmp_path / "to", longest_s=LONGEST_S)
