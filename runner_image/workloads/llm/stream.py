"""One request and its stream: sent, stamped as it is read, decoded after that."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx
from benchfleet_contract.redaction import redacted
from httpx_sse import EventSource

from runner_image.workloads.llm.client.answer import Answer, ProviderError, malformed
from runner_image.workloads.llm.client.bedrock import frames
from runner_image.workloads.llm.client.dialect import Call, Dialect
from runner_image.workloads.llm.measures import Stamps
from runner_image.workloads.llm.network import StampedStream
from runner_image.workloads.llm.refusals import refusal, used_up_s

Clock = Callable[[], float]
_CONTENT_TYPES = {"sse": "text/event-stream", "eventstream": "application/vnd.amazon.eventstream"}
_MOST_ERROR_BYTES = 64 * 1024


@dataclass
class Exchange:
    """One try. `answer` and `stamps` hold what had come, also where it failed. `rest_s`: a limit was used up by it."""

    answer: Answer = field(default_factory=Answer)
    stamps: Stamps = field(default_factory=Stamps)
    rest_s: float | None = None
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
    """Sends the request and reads its answer to the end. A failure stands in `error`, never raised."""
    exchange = Exchange()
    accept = {
        "Accept": _CONTENT_TYPES[dialect.framing],
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
    }
    request = http.build_request("POST", call.url, headers={**accept, **call.headers}, content=call.content)
    exchange.stamps.sent = clock()
    try:
        async with asyncio.timeout(timeout_s):
            await _read(http, request, dialect, exchange, clock, key)
    except ProviderError as error:
        exchange.error = error
    except (TimeoutError, httpx.TimeoutException):
        exchange.error = ProviderError("timeout", f"no complete answer within {timeout_s:g} s", again=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        exchange.error = _broken(error, exchange, key)
    exchange.stamps.ended = clock()
    _paid_once(exchange)
    return exchange


async def _read(
    http: httpx.AsyncClient,
    request: httpx.Request,
    dialect: Dialect,
    exchange: Exchange,
    clock: Clock,
    key: str | None,
) -> None:
    response = await http.send(request, stream=True)
    connection = response.extensions.get("network_stream")
    if isinstance(connection, StampedStream):
        exchange.stamps.sent = connection.wrote_at
    try:
        exchange.rest_s = used_up_s(response.headers)
        if response.status_code != 200:
            raise refusal(response.status_code, response.headers, await _some(response), key=key)
        kind = response.headers.get("content-type", "").partition(";")[0].strip()
        if kind != _CONTENT_TYPES[dialect.framing]:
            raise malformed(f"answered with {kind or 'no content type'} in place of {_CONTENT_TYPES[dialect.framing]}")
        stamped = _Stamped(response, clock)
        response.stream = stamped
        await _events(response, stamped, dialect, exchange)
    finally:
        await response.aclose()
    _require_whole(exchange.answer, exchange.stamps)


async def _some(response: httpx.Response) -> bytes:
    """The beginning of an error's body."""
    content = b""
    async with aclosing(response.aiter_bytes()) as parts:  # type: ignore[type-var]  # httpx calls its generator an iterator
        async for part in parts:
            content += part
            if len(content) >= _MOST_ERROR_BYTES:
                break
    return content


async def _events(response: httpx.Response, stamped: _Stamped, dialect: Dialect, exchange: Exchange) -> None:
    events = _frames(response) if dialect.framing == "eventstream" else _sse(response)
    async for event, data in events:
        if not data:
            continue
        try:
            if dialect.read(event, data, exchange.answer):
                exchange.stamps.chunks.append(stamped.last)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise malformed(f"a chunk is not what the protocol says ({type(error).__name__}): {data[:80]!r}") from None


async def _sse(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    async for event in EventSource(response).aiter_sse():
        yield event.event, event.data


async def _frames(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    decode = frames()
    async for content in response.aiter_bytes():
        for event in decode(content):
            yield event


def _require_whole(answer: Answer, stamps: Stamps) -> None:
    if not answer.complete:
        raise ProviderError("cut", "the stream ended before the provider said that the answer is complete", again=True)
    if not stamps.chunks:
        why = f" (finish reason {answer.finish})" if answer.finish else ""
        raise ProviderError("empty", f"a complete answer without a token{why}")


def _broken(error: Exception, exchange: Exchange, key: str | None) -> ProviderError:
    words = redacted(f"{type(error).__name__}: {error}", key)
    return ProviderError("cut" if exchange.stamps.chunks else "network", words, again=True)


def _paid_once(exchange: Exchange) -> None:
    """What has sent tokens will be on the bill: the same request is not sent, and paid for, a second time."""
    if exchange.error and exchange.stamps.chunks:
        exchange.error.again = False
