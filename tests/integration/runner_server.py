"""A control plane and a store over loopback HTTP that answer by script, and write down everything that they are asked."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

DROP = "drop"  # takes the request, then hangs up without an answer


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = b""  # bytes as they are, anything else as JSON
    headers: dict[str, str] = field(default_factory=dict)
    after: threading.Event | None = None  # answers only once this is set


@dataclass(frozen=True)
class Call:
    kind: str  # claim, heartbeat, complete, fail, upload-urls, put, or the last part of the path
    path: str
    body: Any
    headers: dict[str, str]
    query: dict[str, str]


class ControlPlane:
    """`script[kind]` holds the replies in order; the last one stays. Without a script, calls just succeed."""

    def __init__(self) -> None:
        self.script: dict[str, list[Reply | str]] = {}
        self.hooks: dict[str, Callable[[], None]] = {}  # what else happens when such a call comes
        self.calls: list[Call] = []
        self.uploads: dict[str, bytes] = {}
        self.lease_s, self.beat_s = 30.0, 10.0
        self.url = ""
        self._changed = threading.Condition()
        self._asked: dict[str, int] = defaultdict(int)

    def of(self, kind: str) -> list[Call]:
        with self._changed:
            return [call for call in self.calls if call.kind == kind]

    def beats(self) -> list[str]:
        return [call.body["status"] for call in self.of("heartbeat")]

    def wait_for(self, seen: Callable[[], bool], *, timeout_s: float = 60) -> None:
        with self._changed:
            assert self._changed.wait_for(seen, timeout_s), f"seen: {[call.kind for call in self.calls]}"

    def assigned(self, *, attempt_token: str | None = None, **changes: Any) -> Reply:
        task = {
            "id": "r1.1",
            "provider": "local",
            "instance_type": "box",
            "instance_type_alias": "b",
            "run_number": 1,
            "ruby_version": None,
            "run_id": "r1",
            "workload": "tiny",
            "workload_options": {},
            "attempt": 1,
            "max_attempts": 1,
            "lease_until": self.lease_until(),
            "next_heartbeat_in_s": self.beat_s,
            **changes,
        }
        token = {"attempt_token": attempt_token} if attempt_token else {}
        return Reply(body={"status": "assigned", "task": task, "presigned_urls": self.urls("claim"), **token})

    def urls(self, name: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        return {
            "result_upload_url": f"{self.url}/store/{name}-result",
            "error_upload_url": f"{self.url}/store/{name}-error",
            "result_key": f"{name}-result-key",
            "error_key": f"{name}-error-key",
            "expires_at": "2030-01-01T00:00:00Z",
            "required_headers": headers or {},
        }

    def lease_until(self) -> str:
        return (datetime.now(UTC) + timedelta(seconds=self.lease_s)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def answer_to_beat(self, *, cancel: bool = False) -> Reply:
        until = {"lease_until": self.lease_until(), "next_heartbeat_in_s": self.beat_s}
        return Reply(body={"message": "Heartbeat received", "cancel": cancel, **until})

    def answer(self, call: Call) -> Reply | str:
        with self._changed:
            self.calls.append(call)
            replies = self.script.get(call.kind)
            number, self._asked[call.kind] = self._asked[call.kind], self._asked[call.kind] + 1
            self.hooks.get(call.kind, lambda: None)()
            self._changed.notify_all()
        return replies[min(number, len(replies) - 1)] if replies else self._usual(call)

    def _usual(self, call: Call) -> Reply:
        if call.kind == "heartbeat":
            return self.answer_to_beat()
        if call.kind == "upload-urls":
            return Reply(status=404, body={"error": "Not found"})
        return Reply(body={"status": "done"} if call.kind == "claim" else {"message": "ok"})


@contextmanager
def control_plane() -> Iterator[ControlPlane]:
    plane = ControlPlane()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"plane": plane}))
    server.daemon_threads = True
    plane.url = f"http://127.0.0.1:{server.server_port}/stage"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield plane
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    plane: ControlPlane
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        return

    def _serve(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        kind = "put" if self.command == "PUT" else parts.path.rsplit("/", 1)[-1]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(content) if content and self.command == "POST" else None
        reply = self.plane.answer(Call(kind, parts.path, body, dict(self.headers), query))
        if isinstance(reply, Reply) and reply.after:
            reply.after.wait(60)
        if kind == "put" and isinstance(reply, Reply) and reply.status == 200:
            self.plane.uploads[parts.path.rsplit("/", 1)[-1]] = content
        self._answer(reply)

    def _answer(self, reply: Reply | str) -> None:
        if isinstance(reply, str):
            self.close_connection = True
            return
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        try:
            self.send_response(reply.status)
            for name, value in {**reply.headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True
