"""Small servers with one fault each, as apps that the life of a server is tried on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.frameworks.record import Framework
from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.protocol import Slot

HEAD = """
import http.server, os, signal, subprocess, sys, threading, time
port = int(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    status = 200
    def do_GET(self):
        self.send_response(self.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *words): pass
def serve(at=port):
    http.server.ThreadingHTTPServer(("127.0.0.1", at), Handler).serve_forever()
"""
# A byte now and then: no read of it is ever late.
DRIPPING = (
    "import itertools, socket, sys, threading, time\n"
    "listening = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "def drip(peer):\n"
    "    try:\n"
    "        for byte in itertools.chain(b'HTTP/1.1 200 OK\\r\\nX-Long: ', itertools.repeat(120)):\n"
    "            peer.sendall(bytes([byte]))\n            time.sleep(0.02)\n"
    "    except OSError:\n        pass\n"
    "while True:\n    threading.Thread(target=drip, args=(listening.accept()[0],), daemon=True).start()\n"
)
GOOD = HEAD + "serve()\n"


def framework(**changes: object) -> Framework:
    record = {
        "name": "small", "language": "python", "detect": ["server.py"], "runtime": "python3",
        "start": ["{python}", "{entry}", "{port}"], "grace_s": 5.0,
    }  # fmt: skip
    return Framework.model_validate({**record, **changes})


def app(folder: Path, text: str = GOOD) -> App:
    folder.mkdir(exist_ok=True)
    (folder / "server.py").write_text(text)
    return App(folder)


@contextmanager
def slot(work_dir: Path) -> Iterator[Slot]:
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    with ProcessIsolation(environment).open(work_dir, stop=Stop()) as opened:
        yield opened


def server(
    opened: Slot, tmp_path: Path, text: str = GOOD, *, ready_s: float = 20, port: int = 0, **changes: object
) -> Server:
    return Server(opened, framework(**changes), app(tmp_path / "app", text), logs=tmp_path, ready_s=ready_s, port=port)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    status = Path(f"/proc/{pid}/stat")
    return sys.platform == "linux" and (not status.exists() or ") Z " in status.read_text())
