"""Apps with one fault each, as folders that `benchfleet http run` is given, and what they must not leave behind."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.integration.http.small_servers import HEAD

# Right answers to the gate of `path-simple` and its second request; what comes after them has the fault.
UNDER_LOAD = (
    HEAD.replace("import http.server", "import http.server, json")
    + """
fault, asked, kept = sys.argv[2], 0, []
Handler.protocol_version = "HTTP/1.1"
def answer(self):
    global asked
    asked += self.path.startswith("/path")
    body = json.dumps({"id": self.path.rsplit("/", 1)[1]}).encode()
    late = asked > 2
    length, status = len(body), 200
    time.sleep(0.01)
    if late and fault == "hang":
        time.sleep(600)
    if late and fault == "die":
        print("killed by a bug", file=sys.stderr, flush=True)
        os._exit(9)
    if late and fault == "leak" and len(kept) < 20:
        kept.append(b"x" * 8_000_000)
    if late and fault == "500":
        body = b"no"
        length, status = 2, 500
    if late and fault == "other":
        body = body.replace(b"1", b"2")
    if late and fault == "half":
        length *= 2
        self.close_connection = True
    self.send_response(status)
    self.send_header("Content-Length", str(length))
    self.send_header("Content-Type", "application/json")
    self.end_headers()
    self.wfile.write(body)
    if fault == "leave" and asked == 2:
        print("left early", file=sys.stderr, flush=True)
        os._exit(3)
Handler.do_GET = answer
"""
)
LOADED = UNDER_LOAD + "serve()\n"
# 20 MiB of log, then at work; neither it nor what it has started ends when it is asked to.
FLOODING_AND_DEAF = UNDER_LOAD + (
    "for _ in range(5000):\n    print('x' * 4095)\n"
    "deaf = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)'\n"
    "child = subprocess.Popen([sys.executable, '-c', deaf], start_new_session=True, stdout=subprocess.PIPE)\n"
    "child.stdout.readline()\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nserve()\n"
)
# The port is served by an orphan that it has made.
ORPHANED = HEAD + (
    "if len(sys.argv) > 3:\n    serve()\n"
    "command = [sys.executable, 'server.py', str(port), 'none', 'orphan']\n"
    "inner = f'import subprocess; subprocess.Popen({command!r}, start_new_session=True)'\n"
    "subprocess.run([sys.executable, '-c', inner])\ntime.sleep(600)\n"
)


def folder(at: Path, name: str, text: str, *, fault: str = "none", more: str = "") -> Path:
    """`more`: lines of its bench.toml."""
    made = at / name
    made.mkdir()
    (made / "server.py").write_text(text)
    (made / "bench.toml").write_text(
        f'name = "{name}"\nlanguage = "python"\nruntime = "python3"\ngrace_s = 0.5\n{more}\n'
        f'start = ["{{python}}", "server.py", "{{port}}", "{fault}"]\n'
    )
    return made


@contextmanager
def nothing_left(at: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Below `at`: the cache of apps and all temporary files; nothing runs there afterwards, and no file is new."""
    temporary = at / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("BENCHFLEET_HTTP_APPS", str(at / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield
    assert list(temporary.iterdir()) == []
    assert {path.name for path in at.glob("apps/*/*")} <= {"server.py", "bench.toml", "Gemfile"}
    assert [each.info for each in psutil.process_iter(["cwd", "cmdline"]) if _is_below(each, at)] == []


def _is_below(process: psutil.Process, at: Path) -> bool:
    return process.info["cwd"] is not None and process.info["cwd"].startswith(str(at))
