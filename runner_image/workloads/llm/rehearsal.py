"""One exchange with ourselves before the first real one: what is loaded and made at first use costs 100 ms and more.

Without it the first answer of a shard would seem that much slower. Nothing leaves this machine.
"""

import asyncio
import gc

import httpx

from runner_image.workloads.llm.client.dialect import Call
from runner_image.workloads.llm.client.openai import Chat
from runner_image.workloads.llm.stream import exchanged

_ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    b'data: {"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)
TIMEOUT_S = 2.0


async def rehearse(http: httpx.AsyncClient) -> None:
    """Its own failure is no failure of the task: then the first request pays for it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_ANSWER)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/chat/completions"
        await exchanged(http, Call(url, {}, b"{}"), Chat(), timeout_s=TIMEOUT_S)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: the collector need not look through it while chunks arrive
