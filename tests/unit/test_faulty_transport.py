"""The faulty network does what it says, over a real loopback server."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from tests.proof.faulty_transport import FaultyTransport, Mishap, Rates, seeded


class Counting(ThreadingHTTPServer):
    """Answers every POST with how many it has had."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Counting

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        reply = str(len(self.server.bodies)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Counting]:
    with Counting() as counting:
        thread = Thread(target=counting.serve_forever)
        thread.start()
        yield counting
        counting.shutdown()
        thread.join()


def client(draw: Callable[[], Mishap]) -> httpx.Client:
    return httpx.Client(transport=FaultyTransport(httpx.HTTPTransport(), draw=draw))


@pytest.mark.parametrize(
    ("mishap", "arrived", "reply"),
    [(Mishap.NONE, 1, "1"), (Mishap.SENT_TWICE, 2, "1"), (Mishap.ECHOED, 2, "2")],
)
def test_what_arrives_and_what_is_answered(server: Counting, mishap: Mishap, arrived: int, reply: str) -> None:
    with client(lambda: mishap) as http:
        assert http.post(server.url, json={"request": 1}).text == reply
    assert server.bodies == [b'{"request":1}'] * arrived


@pytest.mark.parametrize(("mishap", "arrived"), [(Mishap.REQUEST_LOST, 0), (Mishap.REPLY_LOST, 1)])
def test_what_is_lost_looks_like_a_broken_network(server: Counting, mishap: Mishap, arrived: int) -> None:
    with client(lambda: mishap) as http, pytest.raises(httpx.TransportError):
        http.post(server.url, json={})
    assert len(server.bodies) == arrived


def test_the_same_seed_gives_the_same_mishaps_and_every_kind() -> None:
    one, two = seeded(Rates(), seed=7), seeded(Rates(), seed=7)
    drawn = [one() for _ in range(500)]
    assert drawn == [two() for _ in range(500)]
    assert set(drawn) == set(Mishap)
