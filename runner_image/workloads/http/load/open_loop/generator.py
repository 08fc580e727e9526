"""Sends each request when it is due, over a bounded number of connections, and writes down when what happened."""

import asyncio
import time
from array import array
from collections import Counter, deque
from contextlib import suppress
from typing import Any, cast

from runner_image.workloads.http.load.driver import Request
from runner_image.workloads.http.load.open_loop.answers import Answer, Answers, Malformed
from runner_image.workloads.http.load.open_loop.plan import Plan, due_times, wire
from runner_image.workloads.http.load.open_loop.timer import Timer

GRAIN_S = 0.0002  # what falls due within this is sent together: waking for each would cost more than sending
AGAIN_S = 0.05  # before a refused connection is tried again
CONNECT_S = 5.0

now = time.monotonic


class Record:
    """What happened. Times are seconds; `due`, `sent` and `done` belong together, of right answers only."""

    def __init__(self) -> None:
        self.due, self.sent_at, self.done = array("d"), array("d"), array("d")
        self.lags = array("d")
        self.sent = self.completed = self.wrong_body = self.bytes = self.max_queue = self.waiting = 0
        self.statuses: Counter[int] = Counter()
        self.errors: Counter[str] = Counter()


class Connection(asyncio.Protocol):
    """Carries one request at a time. `due` is the intended time of the one under way, None while idle."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator
        self._answers = Answers(bodiless=generator.plan.request.method == "HEAD")
        self.due: float | None = None
        self.sent_at = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._generator.connected(self)

    def send(self, due: float, request: bytes) -> None:
        assert self._transport
        self.due, self.sent_at = due, now()
        self._transport.write(request)

    @property
    def is_usable(self) -> bool:
        """Whether it can carry a request: one that the other side has just closed is not told of as lost yet."""
        return self._transport is not None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        if self.due is None:
            self._generator.unasked()
            self.close()
            return
        try:
            answer = self._answers.feed(data)
        except Malformed:
            self.close()
            return
        if answer is not None:
            self._answered(answer)

    def _answered(self, answer: Answer) -> None:
        due, self.due = cast(float, self.due), None
        self._generator.answered(answer, due, self.sent_at)
        if answer.closes or not self._generator.plan.keep_alive:
            self.close()
        else:
            self._generator.free(self)

    def close(self) -> None:
        if self._transport:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        last = self._answers.end() if exc is None else None
        if last is not None and self.due is not None:
            self._generator.answered(last, self.due, self.sent_at)
            self.due = None
        self._generator.lost(self)


class Generator:
    """One run of a plan. It never waits for an answer to send: what finds no free connection waits in a queue."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.record = plan, Record()
        self._wire = wire(plan)
        self._due = due_times(rate=plan.rate, duration_s=plan.duration_s, seed=plan.seed)
        self._next, self._start = 0, 0.0
        self._idle: list[Connection] = []
        self._queue: deque[float] = deque()
        self._all: set[Connection] = set()
        self._opening, self._ending = 0, False
        self._failure: Exception | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> Record:
        """Takes `duration_s`, and up to `drain_s` more while answers are missing."""
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._failed)
        await self._connect()
        timer = self._timer = Timer(self._loop, self._tick)
        self._start = now() + 0.01
        self._tick()
        await asyncio.sleep(self._start + self.plan.duration_s - now())
        await self._drain()
        timer.close()
        self._end()
        if self._failure:
            raise self._failure
        return self.record

    @property
    def start(self) -> float:
        return self._start

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A fault of the generator must not look like one of the server."""
        self._failure = self._failure or context.get("exception") or RuntimeError(context["message"])

    async def _connect(self) -> None:
        """With keep-alive, all connections are made before the first request is due."""
        if not self.plan.keep_alive:
            return
        for _ in range(self.plan.connections):
            self._open()
        until = now() + CONNECT_S
        while len(self._all) < self.plan.connections and not self.record.errors["connect"] and now() < until:
            await asyncio.sleep(0.005)

    async def _drain(self) -> None:
        until = now() + self.plan.drain_s
        while self._missing() and now() < until:
            await asyncio.sleep(0.01)

    def _missing(self) -> bool:
        """Whether answers may still come."""
        under_way = any(each.due is not None for each in self._all)
        return under_way or (bool(self._queue) and (bool(self._all) or self._opening > 0))

    def _end(self) -> None:
        self._ending = True
        late = sum(each.due is not None for each in self._all)
        self.record.errors["timeout"] += late
        self.record.waiting = len(self._queue) + len(self._due) - self._next
        for each in [*self._all]:
            each.due = None
            each.close()
        for task in self._tasks:
            task.cancel()

    def _tick(self) -> None:
        """Sends, or queues, all that is due; then sleeps until the next."""
        at, start, due, total = now(), self._start, self._due, len(self._due)
        while self._next < total and (when := start + due[self._next]) <= at:
            self.record.lags.append(at - when)
            self._next += 1
            self._dispatch(when)
            at = now()
        if self._next < total:
            self._timer.set(max(start + due[self._next], at + GRAIN_S))

    def _dispatch(self, when: float) -> None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_usable:
                self._send(connection, when)
                return
        self._queue.append(when)
        self.record.max_queue = max(self.record.max_queue, len(self._queue))
        if not self.plan.keep_alive:
            self._open_more()

    def _send(self, connection: Connection, when: float) -> None:
        self.record.sent += 1
        connection.send(when, self._wire)

    def _open_more(self) -> None:
        if self._opening < len(self._queue) and self._opening + len(self._all) < self.plan.connections:
            self._open()

    def _open(self) -> None:
        self._opening += 1
        task = self._loop.create_task(self._opened())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _opened(self) -> None:
        target = self.plan.target
        try:
            await self._loop.create_connection(lambda: Connection(self), target.host, target.port)
        except OSError:
            self.record.errors["connect"] += 1
            await asyncio.sleep(AGAIN_S)
        finally:
            self._opening -= 1
        if not self._ending:
            self._refill()

    def _refill(self) -> None:
        """As many connections as there should be."""
        if not self.plan.keep_alive:
            self._open_more()
        elif self._opening + len(self._all) < self.plan.connections:
            self._open()

    def connected(self, connection: Connection) -> None:
        self._all.add(connection)
        self.free(connection)

    def free(self, connection: Connection) -> None:
        if self._queue:
            self._send(connection, self._queue.popleft())
        elif self.plan.keep_alive:
            self._idle.append(connection)
        else:
            connection.close()

    def unasked(self) -> None:
        """An answer that nobody asked for: the next one of this connection would be taken for another request's."""
        if not self._ending:
            self.record.errors["read"] += 1

    def lost(self, connection: Connection) -> None:
        self._all.discard(connection)
        with suppress(ValueError):
            self._idle.remove(connection)
        if connection.due is not None:
            self.record.errors["read"] += 1
        if not self._ending:
            self._refill()

    def answered(self, answer: Answer, due: float, sent_at: float) -> None:
        done, record, request = now(), self.record, self.plan.request
        record.completed += 1
        record.bytes += answer.received
        record.statuses[answer.status] += 1
        if answer.status != request.expected_status:
            return
        if is_right(answer.body, request):
            record.due.append(due)
            record.sent_at.append(sent_at)
            record.done.append(done)
        else:
            record.wrong_body += 1


def is_right(body: bytes, request: Request) -> bool:
    if request.response_bytes is not None and len(body) != request.response_bytes:
        return False
    return request.response_body is None or body == request.response_body
