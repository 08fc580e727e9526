"""WebSockets and server-sent events: the gate, and a load whose times count from when each message was due."""

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from benchfleet_contract.http_results import Resources, StreamResult
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from runner_image.workloads.http.streams.gate import verify
from runner_image.workloads.http.streams.measure import measure
from runner_image.workloads.http.streams.plan import Protocol, StreamPlan
from tests.integration.http.load_parts import slot_commands

pytestmark = pytest.mark.system


class StreamServer:
    """`late_s`: how long each message waits. `breaks_after`: messages of a stream. Its fault is in its `mode`."""

    def __init__(self, mode: str, *, late_s: float = 0.0) -> None:
        self.mode, self.late_s, self.port = mode, late_s, 0
        self._loop, self._ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._run(),))

    def __enter__(self) -> "StreamServer":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)
        self._loop.close()

    async def _run(self) -> None:
        self._over = asyncio.Event()
        async with serve(self._echo, "127.0.0.1", 0, process_request=self._refuse, compression=None) as ws:
            sse = await asyncio.start_server(self._events, "127.0.0.1", 0)
            wanted = sse if self.mode.startswith("sse") else ws.server
            self.port = next(iter(wanted.sockets)).getsockname()[1]
            self._ready.set()
            await self._over.wait()
            sse.close()

    def _refuse(self, connection: ServerConnection, _request: Request) -> Response | None:
        return connection.respond(404, "nothing here") if self.mode == "none" else None

    async def _echo(self, socket: ServerConnection) -> None:
        seen = 0
        async for text in socket:
            seen += 1
            await asyncio.sleep(self.late_s)
            if self.mode == "breaks" and seen > 4:
                return
            guess = re.sub(r'("message":)(\d+)', lambda found: f"{found[1]}{int(found[2]) + 1}", str(text))
            if self.mode == "ahead" and guess != text:  # of the load: the gate's messages have no number
                await socket.send(guess if seen > 1 else text)
                text = guess
                if seen > 1:
                    continue
            await socket.send("other" if self.mode == "wrong" else text)

    async def _events(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        query = dict(pair.split("=") for pair in head.split(b" ")[1].decode().partition("?")[2].split("&"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        if self.mode == "sse-endless" or (self.mode == "sse-endless-later" and query["count"] != "3"):  # 3: the gate
            with contextlib.suppress(ConnectionError):
                while not writer.is_closing():
                    writer.write(b"data: " + b"x" * 65_536)
                    await writer.drain()
            return
        start, every = asyncio.get_running_loop().time() + self.late_s, float(query["interval_ms"]) / 1000
        for number in range(int(query["count"])):
            if self.mode != "sse-at-once":
                await asyncio.sleep(start + number * every - asyncio.get_running_loop().time())
            writer.write(f'id: {number}\r\ndata: {{"tick": {number}}}\r\n\r\n'.encode())
        await writer.drain()
        writer.close()


class Alive:
    def __init__(self, port: int) -> None:
        self.port = port

    def alive(self) -> None:
        pass


class Quiet:
    def start(self) -> None:
        pass

    def stop(self) -> Resources:
        return Resources()


@pytest.fixture(scope="module")
def work_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


def loaded(work_dir: Path, protocol: Protocol, mode: str, *, late_s: float = 0.0) -> StreamResult:
    with StreamServer(mode, late_s=late_s) as server, slot_commands(work_dir) as commands:
        plan = StreamPlan(protocol, "127.0.0.1", server.port, connections=4, interval_s=0.05, duration_s=0.5, drain_s=2)
        (found,) = measure(Alive(server.port), [plan], commands, capabilities=None, watch=Quiet)
    return found


@contextmanager
def gated(mode: str) -> Iterator[int]:
    with StreamServer(mode) as server:
        yield server.port


@pytest.mark.parametrize(("protocol", "mode"), [("websocket", "right"), ("sse", "sse")])
def test_messages_are_counted_and_timed_from_when_they_were_due(work_dir: Path, protocol: Protocol, mode: str) -> None:
    found = loaded(work_dir, protocol, mode, late_s=0.04)
    assert (found.expected, found.received, found.ok, found.wrong) == (40, 40, 40, 0)
    assert found.established == 4
    assert found.latency
    assert found.latency.p50
    assert 40 <= found.latency.p50 < 2000
    assert found.latency.count == 36
    assert found.first_message
    assert found.first_message.count == 4
    assert found.status in ("measured", "invalid")
    assert (found.messages_per_s is None) is (found.status == "invalid")  # where this machine is busy, it is told


@pytest.mark.proof
def test_a_stream_that_others_disturbed_is_loaded_again(work_dir: Path) -> None:
    held = iter([0.5, 0.0])

    class First(Quiet):
        def stop(self) -> Resources:
            return Resources(held_back_cores=next(held))

    with StreamServer("right") as server, slot_commands(work_dir) as commands:
        plan = StreamPlan("websocket", "127.0.0.1", server.port, connections=2, interval_s=0.05, duration_s=0.2)
        steps: list[str] = []
        (found,) = measure(
            Alive(server.port), [plan], commands, capabilities=None, watch=First, tries=2, on_step=steps.append
        )
    assert found.earlier
    assert "others held the server back for 50% of the time" in found.earlier[0]
    assert steps[1].startswith("websocket again: ")
    assert not any("held the server back" in reason for reason in found.reasons)


def test_a_stream_that_breaks_or_echoes_something_else_never_counts(work_dir: Path) -> None:
    broken = loaded(work_dir, "websocket", "breaks")
    assert (broken.status, broken.messages_per_s) == ("invalid", None)
    assert any("were wrong or missing (4 read)" in reason for reason in broken.reasons), broken.reasons
    with gated("wrong") as port:
        assert "echo: expected" in verify(port, "websocket", capabilities=None).reasons[0]


@pytest.mark.proof
def test_a_line_without_end_does_not_fill_the_memory(work_dir: Path) -> None:
    with gated("sse-endless") as port:
        assert "more bytes than so few events need" in verify(port, "sse", capabilities=None).reasons[0]
    found = loaded(work_dir, "sse", "sse-endless-later")
    assert (found.status, found.ok, found.errors["read"]) == ("invalid", 0, 4)


def test_messages_that_are_guessed_before_they_were_sent_are_wrong(work_dir: Path) -> None:
    found = loaded(work_dir, "websocket", "ahead")
    assert found.wrong
    assert (found.status, found.messages_per_s) == ("invalid", None)
    assert found.ok is not None
    assert found.ok <= 4 * 3  # of four streams, what came before the first guess


def test_events_that_come_all_at_once_are_no_stream() -> None:
    with gated("sse-at-once") as port:
        verdict = verify(port, "sse", capabilities=None)
    assert (verdict.status, verdict.reasons) == ("fail", ("events came all at once: something holds them back",))


def test_what_an_app_lacks_is_unsupported_and_what_it_declares_it_must_have() -> None:
    with gated("none") as port:
        assert verify(port, "websocket", capabilities=None).status == "unsupported"
        assert verify(port, "websocket", capabilities={"websocket"}).status == "fail"
        assert verify(port, "websocket", capabilities={"sse"}).reasons == ("the app does not declare websocket",)
    assert verify(9, "sse", capabilities=None).status == "fail"
