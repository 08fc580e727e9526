"""The server: it takes requests of every protocol at one address, answers by rules, and remembers what came."""

import asyncio
import re
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tests.providers.behaviour import Asked, Behaviour, Rule
from tests.providers.dialects import DIALECTS, Dialect
from tests.providers.http import Reply, Request, read_request

_IN_PATH = re.compile(r"/(?:models|model|deployments)/(.+?)(?::streamGenerateContent|/converse-stream|/chat/)")


@dataclass
class Providers:
    """`keys`: those that are let in; None lets everybody in. `rpm`: requests a minute, beyond which 429 is answered."""

    default: Behaviour = field(default_factory=Behaviour)
    rules: list[Rule] = field(default_factory=list)
    keys: set[str] | None = None
    rpm: int | None = None
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _taken: deque[float] = field(default_factory=deque)

    @property
    def served(self) -> list[Asked]:
        """Those that were answered with a stream."""
        return [each for each in self.asked if each.status == 200]

    def _behaviour(self, model: str, prompt: str) -> Behaviour:
        if self.rpm is not None and not self._admitted():
            return Behaviour(status=429, headers={"Retry-After": "1"}, message="slow down")
        return next((rule.behaviour for rule in self.rules if rule.takes(model, prompt)), self.default)

    def _admitted(self) -> bool:
        """A sliding minute."""
        now = time.monotonic()
        while self._taken and self._taken[0] <= now - 60:
            self._taken.popleft()
        if len(self._taken) >= (self.rpm or 0):
            return False
        self._taken.append(now)
        return True

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                await self._answer(request, Reply(writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    async def _answer(self, request: Request, reply: Reply) -> None:
        if request.path.startswith("/_control"):
            await reply.whole(200, self._control(request))
            return
        dialect = next((each for each in DIALECTS if each.path.search(request.path)), None)
        if dialect is None or request.method != "POST":
            await self._other(request, reply)
            return
        named = _IN_PATH.search(request.path)
        model = str(request.body.get("model") or (named[1] if named else ""))
        asked = Asked(
            request.path, model, dialect.prompt(request.body), request.body, request.headers, at=time.monotonic()
        )
        self.asked.append(asked)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await self._stream(asked, dialect, request, reply)
        except ConnectionError:
            asked.closed_early = True
            raise
        finally:
            self._at_once -= 1

    async def _stream(self, asked: Asked, dialect: Dialect, request: Request, reply: Reply) -> None:
        if self.keys is not None and dialect.key(request.headers) not in self.keys:
            behaviour = Behaviour(status=401, message="no such key", code="invalid_api_key")
        else:
            behaviour = self._behaviour(asked.model, asked.prompt)
        asked.status = behaviour.status
        if behaviour.raw is not None:
            await reply.raw(behaviour.raw, hang=behaviour.hang)
        if behaviour.hang:
            await asyncio.sleep(3600)
        if behaviour.status != 200:
            await reply.whole(behaviour.status, dialect.error(behaviour), behaviour.headers)
            return
        await reply.begin(dialect.content_type, behaviour.headers)
        await _Stream(asked, dialect, behaviour, reply).send(request)

    async def _other(self, request: Request, reply: Reply) -> None:
        """What Ollama, LM Studio and llama.cpp tell of themselves."""
        models = [{"id": "loopback", "object": "model", "owned_by": "tests"}]
        known: dict[str, Any] = {
            "/v1/models": {"object": "list", "data": models},
            "/api/v0/models": {"object": "list", "data": models},
            "/api/tags": {"models": [{"name": "loopback", "model": "loopback"}]},
            "/api/version": {"version": "0.12.0"},
            "/health": {"status": "ok"},
        }
        if request.path == "/tokenize":
            words = str(request.body.get("content") or request.body.get("prompt") or "").split()
            await reply.whole(200, {"tokens": list(range(len(words))), "count": len(words)})
        elif request.path in known:
            await reply.whole(200, known[request.path])
        else:
            await reply.whole(404, {"error": {"message": f"no {request.path}", "type": "not_found"}})

    def _control(self, request: Request) -> Any:
        """For clients in another process: PUT sets the default and the rules, GET tells what came."""
        if request.method == "PUT":
            body = request.body
            self.default = _behaviour(body.get("default", {}))
            self.rules = [Rule(_behaviour(each.pop("behaviour")), **each) for each in body.get("rules", [])]
            self.keys = set(body["keys"]) if "keys" in body else None
            self.rpm = body.get("rpm")
            self.asked.clear()
            self.most_at_once = 0
        return {"asked": [asdict(each) for each in self.asked], "most_at_once": self.most_at_once}


@dataclass
class _Stream:
    asked: Asked
    dialect: Dialect
    behaviour: Behaviour
    reply: Reply

    async def send(self, request: Request) -> None:
        due, sent = self.asked.at + self.behaviour.ttft_s, 0
        for kind, content in self.dialect.stream(self.behaviour, self.asked.model, request):
            if kind == "token":
                if sent == self.behaviour.cut_after:
                    self.reply.cut()
                    return
                if sent == self.behaviour.error_after:
                    await self.reply.chunk(self.dialect.failed(self.behaviour))
                    break
                await _until(due)
                due += self.behaviour.itl_s
                self.asked.written.append(time.monotonic())
                await self._write(self.dialect.broken if sent == self.behaviour.malformed_at else content)
                sent += 1
            else:
                await self._write(content)
        if self.behaviour.cut_after is not None and sent <= self.behaviour.cut_after:
            self.reply.cut()
            return
        await asyncio.sleep(self.behaviour.tail_s)
        await self.reply.end()

    async def _write(self, content: bytes) -> None:
        if not self.behaviour.split:
            await self.reply.chunk(content)
            return
        middle = next((at for at, byte in enumerate(content) if byte >= 0xC0), len(content) // 2) + 1
        await self.reply.chunk(content[:middle])
        await asyncio.sleep(0.001)
        await self.reply.chunk(content[middle:])


async def _until(due: float) -> None:
    wait_s = due - time.monotonic()
    if wait_s > 0:
        await asyncio.sleep(wait_s)


def _behaviour(document: dict[str, Any]) -> Behaviour:
    pieces = {name: tuple(document[name]) for name in ("pieces", "thoughts") if document.get(name) is not None}
    return replace(Behaviour(), **{**document, **pieces})


@contextmanager
def serving(providers: Providers | None = None, *, port: int = 0) -> Iterator[Providers]:
    """A server in a thread of its own."""
    found = providers or Providers()
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def main() -> None:
        server = await asyncio.start_server(found.connected, "127.0.0.1", port, limit=2**22, backlog=1024)
        found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        async with server:
            await server.serve_forever()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(main())
        except asyncio.CancelledError:
            pass
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="providers", daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(_cancel_all, loop)
        thread.join(10)


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
