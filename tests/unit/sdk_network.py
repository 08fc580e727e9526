"""A network that is a function, for both clients: time passes only by sleeping, and the dice always show the bound."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
from benchfleet import AsyncClient, Client
from benchfleet.api.runtime import Entropy

Json = dict[str, Any]
Answer = httpx.Response | Exception
NOW_S = 1_700_000_000.0  # 2023-11-14T22:13:20Z
PIECE_BYTES = 65_536
KEY = "secret-key-of-the-test"


class Network:
    """Answers each request with the next of `answers`, or raises it. Keeps what was sent."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses_s: list[float] = []
        self.bodies: list[Body] = []
        self.dice = 1.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answer(request)
        if isinstance(answer, Exception):
            raise answer
        response = _fresh(answer)
        assert isinstance(response.stream, Body)
        self.bodies.append(response.stream)
        return response

    def answer(self, request: httpx.Request) -> Answer:
        assert self._answers, f"nobody expected {request.method} {request.url}"
        return self._answers.pop(0)

    @property
    def paths(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]

    @property
    def now_s(self) -> float:
        return sum(self.pauses_s)

    @property
    def entropy(self) -> Entropy:
        return Entropy(clock=lambda: self.now_s, now=lambda: NOW_S + self.now_s, random=lambda: self.dice)

    async def sleep(self, seconds: float) -> None:
        self.pauses_s.append(seconds)


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Some bytes, in pieces; then the end, or `error`."""

    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        self._content, self._error = content, error
        self.closed = False

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        for begin in range(0, len(self._content), PIECE_BYTES):
            yield self._content[begin : begin + PIECE_BYTES]
        if self._error:
            raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def _fresh(answer: httpx.Response) -> httpx.Response:
    """As from a wire: not read yet, and nobody's. An answer whose stream was given is both already."""
    try:
        body = Body(answer.content)
    except httpx.ResponseNotRead:
        return answer
    return httpx.Response(answer.status_code, headers=answer.headers, stream=body)


class Ask:
    """`ask(network, lambda client: client.run("7"))`: what the client says; an iterator's items as a list."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(
        self, network: Network, question: Callable[[Any], Any], *, key: str | None = KEY, url: str = "http://api.test"
    ) -> Any:
        if self.kind == "awaited":
            return asyncio.run(self._awaited(network, question, key, url))
        transport = httpx.MockTransport(network)
        with Client(
            url, key=key, transport=transport, sleep=network.pauses_s.append, entropy=network.entropy
        ) as client:
            found = question(client)
            return list(found) if isinstance(found, Iterator) else found

    async def _awaited(self, network: Network, question: Callable[[Any], Any], key: str | None, url: str) -> Any:
        transport = httpx.MockTransport(network)
        async with AsyncClient(
            url, key=key, transport=transport, sleep=network.sleep, entropy=network.entropy
        ) as client:
            found = question(client)
            return [item async for item in found] if isinstance(found, AsyncIterator) else await found


def ok(document: Any = None, *, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json=document)


def refused(status: int, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
    return httpx.Response(status, json=body, headers=headers)


def detail(status: str = "running", archive: str = "none", **changes: Any) -> Json:
    return {
        "run_id": "7", "status": status, "ruby_version": None, "per_instance_type": {"tasks": 1}, "tasks": {},
        "gzip_url": None, "created_at": "2026-01-01T00:00:00Z", "completed_at": None,
        "deadline_at": "2026-01-02T00:00:00Z", "reason": None, "workload": "mock", "workload_options": {},
        "metadata": {}, "archive": {"state": archive}, "groups": [], **changes,
    }  # fmt: skip


def task(number: int) -> Json:
    absent = (
        "instance_type_alias runner_id claimed_at heartbeat_at heartbeat_status heartbeat_message current_benchmark "
        "progress_pct error_type error_message failure_class reason lease_until ended_at result_key error_key"
    )
    known = {"id": f"7.{number}", "provider": "local", "instance_type": "box", "run_number": number}
    return known | {"status": "pending", "attempt": 0, "max_attempts": 1} | dict.fromkeys(absent.split())
