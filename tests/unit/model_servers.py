"""Named fakes of model servers: they answer in the words of the real ones' HTTP APIs, over loopback.

LM Studio's REST API (/api/v0), Ollama's API, vLLM's and llama.cpp's OpenAI-compatible servers, and a plain one.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Answer = Callable[[Json], Any]


@dataclass
class ModelServer:
    """`routes`: `GET /path` → what its body is answered with. `asked`: each request, with its key."""

    routes: dict[str, Answer]
    key: str | None = None
    down: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(server: ModelServer) -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            """Quiet."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            key = self.headers.get("Authorization")
            name = f"{self.command} {self.path}"
            server.asked.append((name, key))
            if server.down:
                self._send(503, {"error": "down"})
            elif server.key and key != f"Bearer {server.key}":
                self._send(401, {"error": "no key"})
            elif name in server.routes:
                self._send(200, server.routes[name](json.loads(body or b"{}")))
            else:
                self._send(404, {"error": "not found"})

        do_GET = do_POST = _answer

        def _send(self, status: int, document: Any) -> None:
            text = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        listening.daemon_threads = True
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


def lm_studio(*models: Json) -> ModelServer:
    """Of `GET /api/v0/models`, as LM Studio's documentation shows it."""
    return ModelServer({"GET /api/v0/models": lambda _: {"object": "list", "data": list(models)}, **_openai(models)})


LM_MODEL: Json = {
    "id": "qwen2-vl-7b-instruct", "object": "model", "type": "vlm", "publisher": "mlx-community", "arch": "qwen2_vl",
    "compatibility_type": "mlx", "quantization": "4bit", "state": "not-loaded", "max_context_length": 32768,
}  # fmt: skip


def ollama(*models: Json, running: tuple[Json, ...] = (), shown: dict[str, Json] | None = None) -> ModelServer:
    return ModelServer(
        {
            "GET /api/tags": lambda _: {"models": list(models)},
            "GET /api/ps": lambda _: {"models": list(running)},
            "POST /api/show": lambda asked: (shown or {})[asked["model"]],
            **_openai([{"id": one["name"]} for one in models]),
        }
    )


OLLAMA_MODEL: Json = {
    "name": "gpt-oss:20b", "model": "gpt-oss:20b", "modified_at": "2026-01-01T00:00:00Z", "size": 13793441244,
    "digest": "17052f91a42e97930aa6e28a6c6c06a983e6a58dbb00434885a0cf5313e376f7",
    "details": {"format": "gguf", "family": "gptoss", "parameter_size": "20.9B", "quantization_level": "MXFP4"},
}  # fmt: skip
OLLAMA_SHOWN: Json = {
    "capabilities": ["completion", "tools", "thinking"], "model_info": {"gptoss.context_length": 131072},
}  # fmt: skip
OLLAMA_RUNNING: Json = {
    "name": "gpt-oss:20b",
    "context_length": 8192,
    "size_vram": 1,
    "expires_at": "2026-01-01T01:00:00Z",
}


def vllm(*models: str, length: int = 40960) -> ModelServer:
    data = [{"id": one, "object": "model", "owned_by": "vllm", "max_model_len": length} for one in models]
    return ModelServer({"GET /v1/models": lambda _: {"object": "list", "data": data}, "GET /health": lambda _: b""})


def llama_cpp(model: str) -> ModelServer:
    meta = {"vocab_type": 1, "n_ctx_train": 8192, "n_embd": 576, "n_params": 134515008, "size": 105454432}
    data = [{"id": model, "object": "model", "owned_by": "llamacpp", "meta": meta}]
    return ModelServer({"GET /v1/models": lambda _: {"object": "list", "data": data}})


def compatible(*models: str) -> ModelServer:
    return ModelServer(_openai([{"id": one} for one in models]))


def _openai(models: Any) -> dict[str, Answer]:
    data = [{"id": one["id"], "object": "model", "owned_by": "someone"} for one in models]
    return {"GET /v1/models": lambda _: {"object": "list", "data": data}}
