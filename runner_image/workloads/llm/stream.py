"""One request and its stream: sent, stamped as it is read, decoded after that."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

import httpx
from benchfleet_contract.redaction import redacted
from httpx_sse import EventSource

from runner_image.workloads.llm.client.answer import Answer, ProviderError, malformed, whole_text
from runner_image.workloads.llm.client.bedrock import frames
from runner_image.workloads.llm.client.dialect import Call, Dialect
from runner_image.workloads.llm.measures import Stamps
from runner_image.workloads.llm.network import StampedStream
from runner_image.workloads.llm.refusals import MOST_CHARS, refusal, told, used_up_s

Clock = Callable[[], float]
_Part = TypeVar("_Part", bytes, str)
_CONTENT_TYPES = {"sse": "text/event-stream", "eventstream": "application/vnd.amazon.eventstream"}
_MOST_ERROR_BYTES = 64 * 1024
_MOST_LENGTH = 64 * 1024 * 1024  # of a whole stream, unpacked: bytes, or characters of text
_END_S = 0.25  # from the last event to the end of the response: the connection is used again only after that


@dataclass
class Exchange:
    """One try. `answer` and `stamps` hold what had come, also where it failed. `rest_s`: a limit was used up by it."""

    answer: Answer = field(default_factory=Answer)
    stamps: Stamps = field(default_factory=Stamps)
    rest_s: float | None = None
    unsent: bool = False  # there was no connection
    error: ProviderError | None = None


class _Stamped(httpx.AsyncByteStream):
    """Passes a response's bytes on. `last` is when the newest of them arrived: nothing has looked into them yet."""

    def __init__(self, response: httpx.Response, clock: Clock) -> None:
        self._stream: httpx.AsyncByteStream = response.stream  # type: ignore[assignment]  # of an AsyncClient
        connection = response.extensions.get("network_stream")
        self._connection = connection if isinstance(connection, StampedStream) else None
        self._clock = clock
        self.last = 0.0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for content in self._stream:
            self.last = self._connection.read_at if self._connection else self._clock()
            yield content

    async def aclose(self) -> None:
        await self._stream.aclose()


async def exchanged(
    http: httpx.AsyncClient,
    call: Call,
    dialect: Dialect,
    *,
    timeout_s: float,
    key: str | None = None,
    clock: Clock = time.perf_counter,
) -> Exchange:
    """Sends the request and reads its answer to the end. A failure stands in `error`, never raised, whatever came."""
    exchange = Exchange()
    exchange.stamps.sent = clock()
    try:
        async with asyncio.timeout(timeout_s) as deadline:
            await _read(http, call, dialect, exchange, clock, key, deadline)
            _require_whole(exchange)
    except Exception as error:  # one odd answer must not cost the other tests of the shard
        exchange.error = _failure(error, exchange, timeout_s)
        exchange.unsent = isinstance(error, _Unwritten | httpx.ConnectError | httpx.ConnectTimeout)
    exchange.stamps.ended = clock()
    if exchange.error:
        exchange.error.message = whole_text(redacted(exchange.error.message, key))[:MOST_CHARS]
        exchange.error.again &= (
            not exchange.stamps.chunks
        )  # its tokens will be on the bill: they are not paid for twice
    return exchange


async def _read(
    http: httpx.AsyncClient,
    call: Call,
    dialect: Dialect,
    exchange: Exchange,
    clock: Clock,
    key: str | None,
    deadline: asyncio.Timeout,
) -> None:
    response = await http.send(_request(http, call, dialect), stream=True)
    connection = response.extensions.get("network_stream")
    if isinstance(connection, StampedStream):
        exchange.stamps.sent = connection.wrote_at
    try:
        exchange.rest_s = used_up_s(response.headers)
        if response.status_code != 200:
            raise refusal(response.status_code, response.headers, await _some(response), key=key)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != _CONTENT_TYPES[dialect.framing]:
            raise _no_stream(kind, await _some(response), wanted=_CONTENT_TYPES[dialect.framing])
        stamped = _Stamped(response, clock)
        response.stream = stamped
        response.encoding = "utf-8-sig"  # whatever it calls itself; a byte order mark is none of the data
        await _events(response, stamped, dialect, exchange, deadline)
    finally:
        await response.aclose()


class _Unwritten(ProviderError):
    pass


def _request(http: httpx.AsyncClient, call: Call, dialect: Dialect) -> httpx.Request:
    """Raises ProviderError for what cannot be written, as a key with characters that no header has."""
    accept = {
        "Accept": _CONTENT_TYPES[dialect.framing],
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
    }
    try:
        return http.build_request("POST", call.url, headers={**accept, **call.headers}, content=call.content)
    except (ValueError, httpx.InvalidURL) as error:
        what = "a header has characters that HTTP has not" if isinstance(error, UnicodeError) else str(error)
        raise _Unwritten("invalid_request", f"the request cannot be written: {what}") from None


def _no_stream(kind: str, content: bytes, *, wanted: str) -> ProviderError:
    """Some say with status 200 and a document of JSON that they failed."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and document.get("error"):
        return told(document["error"])
    return malformed(f"answered with {kind or 'no content type'} in place of {wanted}: {content[:80]!r}")


async def _some(response: httpx.Response) -> bytes:
    """The beginning of an error's body."""
    content = b""
    async with aclosing(response.aiter_bytes()) as parts:  # type: ignore[type-var]  # httpx calls its generator an iterator
        async for part in parts:
            content += part
            if len(content) >= _MOST_ERROR_BYTES:
                break
    return content


async def _events(
    response: httpx.Response, stamped: _Stamped, dialect: Dialect, exchange: Exchange, deadline: asyncio.Timeout
) -> None:
    """What comes after the last event of the protocol is not looked at, and waited for only shortly."""
    answer = exchange.answer
    async for event, data in _frames(response) if dialect.framing == "eventstream" else _sse(response):
        if answer.over or not data:
            continue
        try:
            if dialect.read(event, data, answer):
                exchange.stamps.chunks.append(stamped.last)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise malformed(f"a chunk is not what the protocol says ({type(error).__name__}): {data[:80]!r}") from None
        if answer.over:
            deadline.reschedule(asyncio.get_running_loop().time() + _END_S)


async def _sse(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    async for event in EventSource(_Bounded(response)).aiter_sse():  # type: ignore[arg-type]  # all that it asks for
        yield event.event, event.data


class _Bounded:
    """What `EventSource` asks of a response."""

    def __init__(self, response: httpx.Response) -> None:
        self.headers = {"content-type": _CONTENT_TYPES["sse"]}
        self._response = response

    def aiter_text(self) -> AsyncIterator[str]:
        return _bounded(self._response.aiter_text())


async def _bounded(parts: AsyncIterator[_Part]) -> AsyncIterator[_Part]:
    left = _MOST_LENGTH
    async for part in parts:
        left -= len(part)
        if left < 0:
            raise malformed(f"an answer of more than {_MOST_LENGTH // 1024**2} MiB")
        yield part


async def _frames(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    decode = frames()
    async for content in _bounded(response.aiter_bytes()):
        for event in decode(content):
            yield event


def _require_whole(exchange: Exchange) -> None:
    if not exchange.answer.complete:
        raise ProviderError("cut", "the stream ended before the provider said that the answer is complete", again=True)
    if not exchange.stamps.chunks:
        why = f" (finish reason {exchange.answer.finish})" if exchange.answer.finish else ""
        raise ProviderError("empty", f"a complete answer without a token{why}")


def _failure(error: Exception, exchange: Exchange, timeout_s: float) -> ProviderError | None:
    """None where the answer was whole before the connection broke, or its end did not come."""
    words = f"{type(error).__name__}: {error}"
    if isinstance(error, ProviderError):
        return error
    if isinstance(error, httpx.DecodingError):
        return malformed(words)
    if not isinstance(error, TimeoutError | httpx.HTTPError):
        return ProviderError("internal", words)
    if exchange.answer.complete and exchange.stamps.chunks:
        return None
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return ProviderError("timeout", f"no complete answer within {timeout_s:g} s", again=True)
    return ProviderError("cut" if exchange.stamps.chunks else "network", words, again=True)
