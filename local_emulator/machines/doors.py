"""The server that machines ask: each finds its own metadata and commands below an address that only it knows.

Always on loopback. `/<secret>/latest/…` is what is at 169.254.169.254 on EC2; `/<secret>/machine/<command>` is for the
machine's programs.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from http import HTTPStatus
from typing import Any

from local_emulator.config import LOOPBACK
from local_emulator.http_server import KeepAliveServer
from local_emulator.machines.commands import Commands, as_json
from local_emulator.machines.instances import Instance, Instances
from local_emulator.machines.metadata import Reply, answer
from local_emulator.signed_headers import headers_of

MOST_BYTES = 4 * 1024 * 1024


class Doors:
    def __init__(self) -> None:
        self._server = KeepAliveServer(host=LOOPBACK, port=0, most_bytes=lambda _: MOST_BYTES)
        self.url = self._server.url

    def open(self, instances: Instances, commands: Commands, *, lock: AbstractContextManager[object]) -> None:
        self._instances, self._commands, self._lock = instances, commands, lock
        self._server.start(self)

    def close(self) -> None:
        self._server.stop(within_s=1)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        secret, _, path = environ["PATH_INFO"].lstrip("/").partition("/")
        instance = self._instances.with_secret(secret)
        status, text = self._answer(instance, f"/{path}", environ) if instance else (404, "Not Found")
        kind = "application/json" if path.startswith("machine/") else "text/plain"
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", kind)])
        return [text.encode()]

    def _answer(self, instance: Instance, path: str, environ: dict[str, Any]) -> Reply:
        if path.startswith("/latest/"):
            with self._lock:
                facts = instance.facts()
            return answer(environ["REQUEST_METHOD"], path, headers_of(environ), facts, instance.tokens)
        try:
            arguments = json.loads(environ["wsgi.input"].read())["arguments"]
            return 200, as_json(self._commands.run(path.removeprefix("/machine/"), arguments, instance))
        except (LookupError, ValueError, TypeError):
            return 400, "Bad Request"
