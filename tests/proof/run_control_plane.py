"""A control plane of a few answers, on a loopback port: it hangs, goes away and comes back when it is told to."""

import gzip
import hashlib
import io
import json
import tarfile
import threading
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

WITHIN_S = 60.0
LARGE_BYTES = 1024**3  # zeros: a few megabytes as gzip, some seconds of unpacking
DETAIL: dict[str, Any] = {
    "ruby_version": None,
    "per_instance_type": {"tasks": 1},
    "gzip_url": None,
    "created_at": "2026-01-01T00:00:00Z",
    "completed_at": None,
    "deadline_at": "2026-01-02T00:00:00Z",
    "reason": None,
    "workload": "mock",
    "workload_options": {},
    "metadata": {},
}


class ControlPlane:
    """Knows one run at a time. `hangs` names a request that gets no answer until the end, as `POST /runs`."""

    def __init__(self) -> None:
        self.hangs: str | None = None
        self.created = 0
        self._hung, self._over = threading.Event(), threading.Event()
        self._run_id: str | None = None
        self._archive: bytes | None = None
        plane = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: Any) -> None: ...

            def do_GET(self) -> None:
                plane.answer(self, "GET")

            def do_POST(self) -> None:
                plane.answer(self, "POST")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def finish(self, *, archive: bytes) -> None:
        """From now on every run has completed, with this archive."""
        self._archive = archive

    def wait_until_it_hangs(self) -> None:
        assert self._hung.wait(WITHIN_S)

    @cached_property
    def small_archive(self) -> bytes:
        return _archive(100)

    @cached_property
    def large_archive(self) -> bytes:
        return _archive(LARGE_BYTES)

    def answer(self, request: BaseHTTPRequestHandler, method: str) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        body = json.loads(request.rfile.read(length) or b"{}")
        if self.hangs and f"{method} {request.path}".startswith(self.hangs):
            self._hung.set()
            self._over.wait(WITHIN_S)
            return
        if request.path == "/archive":
            _send(request, 200, self._archive or b"")
            return
        status, document = self._route(method, request.path, body)
        _send(request, status, json.dumps(document).encode())

    def _route(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if (method, path) == ("POST", "/runs"):
            self._run_id = body["run_id"]
            self.created += 1
            return 201, {"run_id": self._run_id, "tasks_created": 1, "tasks": [], "warnings": []}
        if path == "/whoami":
            return 200, {"role": "admin", "key_id": None, "may": ["read", "run_tasks", "manage_runs"]}
        if path.endswith("/claim"):
            return 200, {"status": "done"}
        if self._run_id is None or not path.startswith(f"/runs/{self._run_id}"):
            return 404, {"error": "Run not found", "code": "run_not_found"}
        if "/tasks" in path or "/runners" in path:
            return 200, {"run_id": self._run_id, "tasks": [], "runners": []}
        return 200, self._detail()

    def _detail(self) -> dict[str, Any]:
        done = self._archive is not None
        counts = {"total": 1, "completed": int(done), "pending": int(not done)}
        archive: dict[str, Any] = {"state": "none"}
        if self._archive is not None:
            digest = hashlib.sha256(self._archive).hexdigest()
            archive = {"state": "ready", "url": f"{self.url}/archive", "sha256": digest}
            archive["size_bytes"] = len(self._archive)
        group = {**counts, "provider": "local", "instance_type": "box"}
        status = "completed" if done else "running"
        return {
            **DETAIL,
            "run_id": self._run_id,
            "status": status,
            "tasks": counts,
            "archive": archive,
            "groups": [group],
        }


def _send(request: BaseHTTPRequestHandler, status: int, data: bytes) -> None:
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(data)))
    request.end_headers()
    request.wfile.write(data)


def _archive(size: int) -> bytes:
    """One manifest, then a file of so many zeros."""
    data = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=data, mode="wb", compresslevel=1) as stream,
        tarfile.open(fileobj=stream, mode="w|") as tar,
    ):
        for name, length in (("manifest.json", 2), ("b-1/zeros", size)):
            member = tarfile.TarInfo(name)
            member.size = length
            tar.addfile(member, _Zeros() if name.endswith("zeros") else io.BytesIO(b"{}"))
    return data.getvalue()


class _Zeros(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return bytes(size)
