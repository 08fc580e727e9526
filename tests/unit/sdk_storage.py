"""A run with an archive, and the storage that holds it: with the mishaps that a test orders."""

import gzip
import hashlib
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.unit.sdk_network import Answer, Ask, Body, Network, detail, ok

CONTENT = gzip.compress(random.Random(7).randbytes(3_000_000), mtime=0)  # nothing to compress: about 3 MB
Mishap = Callable[[httpx.Request], Answer]


class Storage(Network):
    """Each request for the archive meets the next of `mishaps`, and then none. URLs are numbered as they are signed."""

    def __init__(self, *mishaps: Mishap, content: bytes = CONTENT, **archive: Any) -> None:
        super().__init__()
        self._mishaps = list(mishaps)
        self.content = content
        self.archive = {
            "state": "ready",
            "size_bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            **archive,
        }
        self.signed = 0

    @property
    def ranges(self) -> list[str | None]:
        return [request.headers.get("Range") for request in self.fetches]

    @property
    def fetches(self) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.host == "storage.test"]

    def answer(self, request: httpx.Request) -> Answer:
        if request.url.host == "api.test":
            self.signed += 1
            url = f"https://storage.test/runs/7/results.tar.gz?X-Amz-Signature=hidden{self.signed}"
            return ok(detail("completed") | {"archive": {"url": url, **self.archive}})
        return self._mishaps.pop(0)(request) if self._mishaps else self.serve(request)

    def serve(self, request: httpx.Request) -> httpx.Response:
        etag = f'"{hashlib.md5(self.content).hexdigest()}"'
        if request.headers.get("If-Match", etag) != etag:
            return httpx.Response(412)
        begin = int(request.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        headers = {"ETag": etag}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(self.content) - 1}/{len(self.content)}"
        return httpx.Response(206 if begin else 200, content=self.content[begin:], headers=headers)

    def breaks_after(self, count: int, error: Exception | None) -> Mishap:
        """Answers as it should, but only for `count` bytes."""

        def mishap(request: httpx.Request) -> Answer:
            whole = self.serve(request)
            headers = {name: value for name, value in whole.headers.items() if name != "content-length"}
            return httpx.Response(whole.status_code, headers=headers, stream=Body(whole.content[:count], error))

        return mishap

    def then(self, *mishaps: Mishap) -> "Storage":
        self._mishaps.extend(mishaps)
        return self


def says(status: int, **more: Any) -> Mishap:
    return lambda _request: httpx.Response(status, **more)


def raises(error: Exception) -> Mishap:
    return lambda _request: error


def download(ask: Ask, storage: Network, to: Path, **more: Any) -> Path:
    found: Path = ask(storage, lambda client: client.download("7", to, **more))
    return found
