"""How exactly streams of tokens are timed, and what that costs: 64 at a time from a server in another process.

Both clocks are the machine's monotonic one (on Linux `time.perf_counter` is that, too): each stamp is compared with when the
server wrote the chunk.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import httpx
from benchfleet_contract.authorities import authorities
from benchfleet_contract.fleets.plan import Parameters
from benchfleet_results.fleets.percentile import interpolated

from benchmarks.child_cpu import ROOT
from benchmarks.metric import Metric
from runner_image.workloads.llm.client.dialect import Ask
from runner_image.workloads.llm.client.openai import Chat
from runner_image.workloads.llm.network import client
from runner_image.workloads.llm.rehearsal import rehearse
from runner_image.workloads.llm.stream import Exchange, exchanged

STREAMS, REQUESTS, TOKENS = 64, 256, 40
TTFT_S, ITL_S = 0.2, 0.05
MEDIAN_MS, P99_MS = 1.0, 5.0


def metrics() -> list[dict[str, Any]]:
    with serving_streams() as url:
        httpx.put(f"{url}/_control", json={"default": {"ttft_s": TTFT_S, "itl_s": ITL_S, "tokens": TOKENS}})
        found, cpu_s, wall_s = asyncio.run(_measured(url, REQUESTS))
        asked = {each["prompt"]: each for each in httpx.get(f"{url}/_control", timeout=60).json()["asked"]}
    ttft, itl = _errors(found, asked)
    tokens = sum(len(each.stamps.chunks) for each in found.values())
    how = f"{STREAMS} streams at a time, {REQUESTS} of {TOKENS} tokens, one every {ITL_S * 1000:g} ms"
    rows = [
        Metric(f"error of {name}, {what}", round(interpolated(sorted(errors), p), 3), "ms", limit, how)
        for name, errors in (("TTFT", ttft), ("inter-token latency", itl))
        for what, p, limit in (("median", 50, MEDIAN_MS), ("p99", 99, P99_MS))
    ]
    rows.append(Metric("client CPU of 1,000 streamed tokens", round(1000 * cpu_s / tokens, 4), "s", None, how))
    rows.append(Metric("streams", round(len(found) / wall_s, 1), "requests/s", None, how))
    return [row.as_dict() for row in rows]


def measured_streams(url: str, requests: int) -> list[Exchange]:
    """Of a server that is told already how to answer."""
    return list(asyncio.run(_measured(url, requests))[0].values())


async def _measured(url: str, requests: int) -> tuple[dict[str, Exchange], float, float]:
    found: dict[str, Exchange] = {}
    waiting = iter([f"p{number}" for number in range(requests)])
    async with client(verify=authorities({}), trust_env=False, connect_s=10) as http:
        await rehearse(http)

        async def sender() -> None:
            for prompt in waiting:
                call = Chat().call(Ask("m", prompt, None, Parameters(), f"{url}/v1"))
                found[prompt] = await exchanged(http, call, Chat(), timeout_s=60, clock=time.perf_counter)

        cpu_s, wall_s = time.process_time(), time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(STREAMS):
                group.create_task(sender())
        return found, time.process_time() - cpu_s, time.monotonic() - wall_s


def _errors(found: dict[str, Exchange], asked: dict[str, dict[str, Any]]) -> tuple[list[float], list[float]]:
    """Milliseconds. Raises ValueError where a chunk is missing: then nothing was measured."""
    ttft, itl = [], []
    for prompt, exchange in found.items():
        for stamp_pair, written_pair in zip(
            pairwise(exchange.stamps.chunks), pairwise(asked[prompt]["written"]), strict=True
        ):
            itl.append(abs((stamp_pair[1] - stamp_pair[0]) - (written_pair[1] - written_pair[0])) * 1000)
        ttft.append(abs(exchange.stamps.chunks[0] - asked[prompt]["written"][0]) * 1000)
    return ttft, itl


@contextmanager
def serving_streams() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.providers"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
