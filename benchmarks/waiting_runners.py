"""Many runners that wait for work: each keeps a connection and claims in vain every so often.

    python -m benchmarks.waiting_runners API_URL KEY RUN_ID RUNNERS EVERY_S

Until standard input ends; then one line of JSON: how many claims, by status, and their times in seconds.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from random import random
from urllib.parse import urlsplit

CLAIM = {"provider": "local", "instance_type": "docker"}


class Crowd:
    def __init__(self, url: str, key: str, run_id: str) -> None:
        self._url = urlsplit(url)
        self._head = (
            f"POST /runs/{run_id}/tasks/claim HTTP/1.1\r\nHost: {self._url.netloc}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self.statuses: Counter[str] = Counter()
        self.took_s: list[float] = []

    async def wait(self, number: int, every_s: float) -> None:
        """One runner. What breaks its connection is counted as a status, and it opens another."""
        body = json.dumps(CLAIM | {"runner_id": f"waits-{number}"})
        request = f"{self._head}{len(body)}\r\n\r\n{body}".encode()
        await asyncio.sleep(random() * every_s)
        while True:
            try:
                reader, writer = await asyncio.open_connection(self._url.hostname, self._url.port)
                while True:
                    await self._claim(reader, writer, request)
                    await asyncio.sleep(every_s)
            except (OSError, EOFError) as error:
                self.statuses[type(error).__name__] += 1
                await asyncio.sleep(every_s)

    async def _claim(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        asked_at = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(head.partition("content-length:")[2].split()[0]))
        self.took_s.append(time.perf_counter() - asked_at)
        self.statuses[head.split()[1]] += 1


async def main(url: str, key: str, run_id: str, runners: int, every_s: float) -> None:
    crowd = Crowd(url, key, run_id)
    waiting = [asyncio.create_task(crowd.wait(number, every_s)) for number in range(runners)]
    await asyncio.to_thread(sys.stdin.read)
    for task in waiting:
        task.cancel()
    print(json.dumps({"statuses": crowd.statuses, "took_s": crowd.took_s}))


if __name__ == "__main__":
    api_url, admin_key, run, how_many, seconds = sys.argv[1:]
    asyncio.run(main(api_url, admin_key, run, int(how_many), float(seconds)))
