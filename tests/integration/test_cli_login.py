"""`benchfleet login` against the emulator: what is tried, what is written, what is told."""

import json
import os
import pty
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from benchfleet import exit_codes
from benchfleet.cli.documents.login import LoggedIn
from benchfleet.cli.frame import application
from benchfleet.cli.login import Wanted, examine
from benchfleet.client import Client
from benchfleet.exceptions import Unreachable
from benchfleet.profiles.file import Profile, read_profiles
from typer.testing import CliRunner, Result

from local_emulator.stack import Emulator

PROMPTS_S = 30


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "config.toml"


def login(file: Path, *flags: str, key: str, **environ: str | None) -> Result:
    env = {"BENCHFLEET_CONFIG": str(file), "BENCHFLEET_URL": None, "BENCHFLEET_PROFILE": None} | environ
    return CliRunner().invoke(application(), ["login", *flags], input=key, env=env)


def test_a_key_that_works_is_kept_and_not_told(emulator: Emulator, file: Path) -> None:
    url, key = emulator.ready.api_url, emulator.ready.keys.admin
    said = login(file, "--api-url", url, key=f"{key}\n")
    assert (said.exit_code, said.stderr) == (0, "")
    assert said.stdout == f"Profile default is {url}, kept in {file}.\n"
    assert read_profiles(file).profiles == {"default": Profile(url, key)}
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_json_is_one_document_and_a_second_profile_is_not_the_default(emulator: Emulator, file: Path) -> None:
    url = emulator.ready.api_url
    login(file, "--api-url", url, key=emulator.ready.keys.admin)
    said = login(file, "--profile", "ci", "--json", key=emulator.ready.keys.runner, BENCHFLEET_URL=url)
    assert said.stderr == ""
    assert LoggedIn.model_validate_json(said.stdout) == LoggedIn(
        profile="ci", file=str(file), api_url=url, default=False, may_create_runs=False
    )
    assert set(read_profiles(file).profiles) == {"default", "ci"}


def test_a_key_that_may_not_create_runs_is_kept_and_said_to_be_one(emulator: Emulator, file: Path) -> None:
    said = login(file, "--api-url", emulator.ready.api_url, key=emulator.ready.keys.reader)
    assert said.exit_code == 0
    assert "may not create or stop runs" in said.stderr


def test_a_refused_key_is_4_and_nothing_is_written(emulator: Emulator, file: Path) -> None:
    """Although the emulator lets everybody read."""
    said = login(file, "--api-url", emulator.ready.api_url, key="sekrit\n")
    assert (said.exit_code, said.stdout) == (exit_codes.AUTH, "")
    assert "does not know this key; nothing was written" in said.stderr
    assert "sekrit" not in said.stderr
    assert not file.parent.exists()


def test_a_login_creates_no_run(emulator: Emulator, file: Path) -> None:
    with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
        before = [run.run_id for run in client.runs()]
        assert login(file, "--api-url", emulator.ready.api_url, key=emulator.ready.keys.admin).exit_code == 0
        assert [run.run_id for run in client.runs()] == before


@pytest.mark.parametrize(
    ("flags", "key", "words"),
    [
        (["--api-url", "ftp://x"], "k", "https://"),
        (["--api-url", "http://127.0.0.1:1"], "", "no key in stdin"),
        ([], "k", "--api-url URL, or set BENCHFLEET_URL"),
        (["--profile", "a b", "--api-url", "http://127.0.0.1:1"], "k", "cannot be called 'a b'"),
    ],
)
def test_wrong_use_is_2_and_nothing_is_written(file: Path, flags: list[str], key: str, words: str) -> None:
    said = login(file, *flags, key=key)
    assert (said.exit_code, said.stdout) == (exit_codes.USAGE, "")
    assert words in said.stderr
    assert not file.parent.exists()


def test_an_open_file_is_refused_before_a_key_is_taken(emulator: Emulator, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.touch(mode=0o644)
    said = login(file, "--api-url", emulator.ready.api_url, key=emulator.ready.keys.admin)
    assert said.exit_code == exit_codes.AUTH
    assert f"chmod 600 {file}" in said.stderr
    assert file.read_text() == ""


class Stranger(BaseHTTPRequestHandler):
    """A web server that is not ours; remembers what keys it was told."""

    keys: list[str | None]
    status: int

    def do_GET(self) -> None:
        self.keys.append(self.headers.get("Authorization"))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture(params=[404, 403])
def stranger(request: pytest.FixtureRequest) -> Iterator[ThreadingHTTPServer]:
    handler = type("Handler", (Stranger,), {"keys": [], "status": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_something_else_is_not_told_the_key(stranger: ThreadingHTTPServer, file: Path) -> None:
    said = login(file, "--api-url", f"http://127.0.0.1:{stranger.server_port}", key="sekrit")
    assert said.exit_code == exit_codes.USAGE
    assert "is not a benchfleet API" in said.stderr
    assert stranger.RequestHandlerClass.keys == [None]  # type: ignore[attr-defined]


class Older(Stranger):
    """A control plane of before `GET /whoami`."""

    def do_GET(self) -> None:
        body = b'{"status":"up"}' if self.path == "/up" else b'{"error":"No such route","code":"no_such_route"}'
        self.send_response(200 if self.path == "/up" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_an_older_control_plane_cannot_tell_and_the_key_is_kept(file: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Older) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        where = ("--api-url", f"http://127.0.0.1:{server.server_port}")
        said, told = login(file, *where, key="sekrit"), login(file, "--json", *where, key="sekrit")
        server.shutdown()
        thread.join()
    assert (said.exit_code, json.loads(told.stdout)["may_create_runs"]) == (0, None)
    assert "this control plane is older than this client" in said.stderr
    assert read_profiles(file).profiles["default"].key == "sekrit"


def test_no_answer_is_3() -> None:
    patient_for_nothing = partial(Client, sleep=lambda seconds: None)
    with pytest.raises(Unreachable) as caught:
        examine(Wanted("x", "http://127.0.0.1:1", "sekrit"), make_client=patient_for_nothing)
    assert caught.value.exit_code == exit_codes.INFRASTRUCTURE
    assert "sekrit" not in str(caught.value)


def test_at_a_terminal_both_are_asked_for_and_the_key_is_not_shown(emulator: Emulator, file: Path) -> None:
    screen, terminal = pty.openpty()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    command = [sys.executable, "-m", "benchfleet.cli.main", "login", "--json"]
    with subprocess.Popen(
        command, stdin=terminal, stderr=terminal, stdout=subprocess.PIPE, text=True, start_new_session=True,
        env=environ | {"BENCHFLEET_CONFIG": str(file)},
    ) as process:  # fmt: skip
        os.close(terminal)
        shown = until(screen, "API URL")
        os.write(screen, f"{emulator.ready.api_url}\n".encode())
        shown += until(screen, "Key (not shown)")
        os.write(screen, f"{emulator.ready.keys.admin}\n".encode())
        told = process.communicate(timeout=PROMPTS_S)[0]
    shown += drained(screen)
    os.close(screen)
    assert process.returncode == 0, shown
    assert json.loads(told)["may_create_runs"] is True
    assert emulator.ready.keys.admin not in shown
    assert read_profiles(file).profiles["default"].key == emulator.ready.keys.admin


def until(screen: int, words: str) -> str:
    """What appears until the words do; fails if nothing does for long."""
    shown = ""
    while words not in shown:
        assert select.select([screen], [], [], PROMPTS_S)[0], f"no {words} in {shown!r}"
        shown += os.read(screen, 4096).decode()
    return shown


def drained(screen: int) -> str:
    shown = ""
    while select.select([screen], [], [], 0)[0]:
        try:
            shown += os.read(screen, 4096).decode()
        except OSError:  # on Linux the end of a terminal is an error
            break
    return shown
