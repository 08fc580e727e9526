"""Images of tasks on an engine that answers oddly, or not at all: a stand-in for it over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from runner_image.errors import TaskError
from runner_image.image.task_images import TaskImages

FOUND = {"Id": "sha256:1", "Config": {}}


@contextmanager
def images_of(answers: dict[str, tuple[int, object]]) -> Iterator[TaskImages]:
    """An engine that answers each path that holds such a word with (status, JSON); None: the connection breaks."""

    class Engine(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = next(
                (found for word, found in answers.items() if word in self.path), (404, {"message": "no such image"})
            )
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data) + (body is None)))  # one more never comes
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Engine) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"tcp://127.0.0.1:{server.server_address[1]}"
        try:
            with closing(docker.DockerClient(base_url=address, version="1.43")) as engine:
                yield TaskImages(engine)
        finally:
            server.shutdown()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"/build": (500, {"message": "no space left"}), "/images/ruby": (200, FOUND)}, "no space left"),
        ({"/images/create": (200, None)}, "cannot be pulled"),
        ({"/images/": (400, {"message": "invalid reference format"})}, "invalid reference format"),
    ],
    ids=["a build that is refused", "a pull that breaks off", "a name that the engine does not take"],
)
def test_an_image_that_cannot_be_had_is_told_as_such(answers: dict[str, tuple[int, object]], words: str) -> None:
    with images_of(answers) as images, pytest.raises(TaskError, match=words) as failed:
        images.with_packages("ruby:3.4", ("git",), check=lambda: None)
    assert failed.value.error_type == "image_unavailable"
    assert "docker pull ruby:3.4" in str(failed.value)
