"""A download over real connections that are cut: each piece is kept, the rest is asked for."""

import asyncio
import gzip
import hashlib
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from benchfleet import AsyncClient, Client

from tests.unit.sdk_network import detail


class Cutting(ThreadingHTTPServer):
    """An API with one run, and the storage of its archive, which cuts each connection after `PIECE_BYTES`."""

    PIECE_BYTES = 100_000

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _CuttingHandler)
        self.content, self.ranges = content, list[str | None]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def run(self) -> bytes:
        sha256, size = hashlib.sha256(self.content).hexdigest(), len(self.content)
        archive = {"state": "ready", "url": f"{self.url}/archive", "size_bytes": size, "sha256": sha256}
        return json.dumps(detail("completed") | {"archive": archive}).encode()


class _CuttingHandler(BaseHTTPRequestHandler):
    server: Cutting

    def do_GET(self) -> None:
        if self.path == "/runs/7":
            self._send(200, self.server.run(), cut=None)
            return
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        begin = int((asked or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        self._send(206 if begin else 200, self.server.content[begin:], cut=self.server.PIECE_BYTES, begin=begin)

    def _send(self, status: int, body: bytes, *, cut: int | None, begin: int = 0) -> None:
        self.send_response(status)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Range", f"bytes {begin}-{begin + len(body) - 1}/{begin + len(body)}")
        self.end_headers()
        self.wfile.write(body[:cut])

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_connection_that_is_cut_again_and_again(kind: Any, tmp_path: Path) -> None:
    async def quickly(_seconds: float) -> None: ...

    async def awaited(url: str) -> None:
        async with AsyncClient(url, sleep=quickly) as client:
            await client.download("7", tmp_path / "a")

    with Cutting(gzip.compress(os.urandom(350_000))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            if kind is AsyncClient:
                asyncio.run(awaited(server.url))
            else:
                with Client(server.url, sleep=lambda _seconds: None) as client:
                    client.download("7", tmp_path / "a")
        finally:
            server.shutdown()
            thread.join()
    assert (tmp_path / "a").read_bytes() == server.content
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-", "bytes=300000-"]
