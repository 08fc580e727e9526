"""The program as a process: what a shell sees of it."""

import contextlib
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.integration.api_client import Api
from tests.integration.command_line import CommandLine, command_line
from tests.prepared_start import TRULY
from tests.variants import one_now

PROGRAM = [sys.executable, "-m", "benchfleet.cli.main"]
SCRIPT = Path(sys.executable).with_name("benchfleet")


def start(*argv: str, **environment: str) -> subprocess.Popen[str]:
    return prepared_start.Popen(
        [*PROGRAM, *argv],
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "BENCHFLEET_CONFIG": "/nowhere/config.toml", **environment},
    )


def run(*argv: str, **environment: str) -> tuple[int, str, str]:
    with start(*argv, **environment) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        yield server


def url_of(server: socket.socket) -> str:
    return f"http://127.0.0.1:{server.getsockname()[1]}"


def environment(emulator: Emulator) -> dict[str, str]:
    return {"BENCHFLEET_URL": emulator.ready.api_url, "BENCHFLEET_API_KEY": emulator.ready.keys.admin}


@pytest.mark.parametrize("number", one_now(signal.SIGINT, signal.SIGTERM))
def test_watching_that_is_interrupted_ends_with_130_and_says_that_the_run_goes_on(
    silent: socket.socket, number: signal.Signals
) -> None:
    with start("runs", "watch", "7", BENCHFLEET_URL=url_of(silent), BENCHFLEET_API_KEY="key") as process:
        connection, _ = silent.accept()
        with connection:
            process.send_signal(number)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-2:] == [
        "Run 7 goes on: only the watching has ended. To look again: benchfleet runs watch 7",
        "benchfleet: interrupted",
    ]
    assert "Traceback" not in err


def test_exit_codes_of_processes(emulator: Emulator, api: Api) -> None:
    run_id = api.create()["run_id"]
    known = environment(emulator)
    assert run("runs", "show", run_id, **known)[::2] == (0, "")
    code, out, _ = run("runs", "stop", run_id, "--yes", **{**known, "BENCHFLEET_API_KEY": "unknown"})
    assert (code, out) == (4, "")


def test_exit_codes(api: Api, cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{]")
    run_id = api.create()["run_id"]
    ended = {
        2: cli("runs", "show"),
        3: cli("runs", "download", run_id, "--results", "/dev/null/x"),
        5: cli("run", "-c", "config.json"),
        124: cli("runs", "watch", run_id, "--timeout", "1"),
    }
    assert {code: (said.code, said.out) for code, said in ended.items()} == {code: (code, "") for code in ended}


@pytest.mark.system
def test_a_run_that_failed_is_1(emulator: Emulator, api: Api) -> None:
    run_id = api.create()["run_id"]
    assert api("POST", f"/runs/{run_id}/stop").status_code == 200
    code, out, err = run("runs", "watch", run_id, "--json", **TRULY, **environment(emulator))
    assert (code, f"benchfleet: run {run_id} is cancelled" in err) == (1, True), err
    assert out.startswith("{")


@pytest.mark.parametrize("argv", one_now(["--help"], ["completion", "bash"], ["--version"]))
def test_a_reader_that_goes_away_is_no_error(argv: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with subprocess.Popen([*PROGRAM, *argv], stdout=write_end, stderr=subprocess.PIPE, text=True) as process:
        os.close(write_end)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, "")


@pytest.mark.proof
def test_a_table_in_a_pipe_is_plain(emulator: Emulator, api: Api) -> None:
    api.create()
    code, out, err = run("runs", "list", **environment(emulator), FORCE_COLOR="")
    assert (code, "\x1b" in out + err) == (0, False)
    assert [line for line in out.splitlines() if line != line.rstrip()] == []


def on_a_terminal(argv: list[str], *, typed: str, **environment: str) -> tuple[int, str]:
    """Runs with a terminal, types once something was asked, returns exit code and screen."""
    ours, theirs = pty.openpty()
    screen = ""
    environment = {**os.environ, "TERM": "xterm", "BENCHFLEET_CONFIG": "/nowhere/config.toml", **environment}
    with prepared_start.Popen(
        [*PROGRAM, *argv], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        with contextlib.suppress(OSError):  # how Linux tells that nobody writes any more
            while some := os.read(ours, 4096):
                screen += some.decode()
                if typed and "?" in screen:
                    os.write(ours, typed.encode())
                    typed = ""
        os.close(ours)
    return process.returncode, screen


@pytest.mark.parametrize(
    ("typed", "code", "status", "said"),
    one_now(
        ("y\n", 0, "cancelled", "is stopped"), ("n\n", 0, "running", "goes on"), ("\x04", 130, "running", "interrupted")
    ),
)
def test_stop_asks_on_a_terminal(emulator: Emulator, api: Api, typed: str, code: int, status: str, said: str) -> None:
    run_id = api.create()["run_id"]
    ended, screen = on_a_terminal(["runs", "stop", run_id], typed=typed, **environment(emulator))
    assert (ended, api("GET", f"/runs/{run_id}").json()["status"]) == (code, status), screen
    assert "1 of 1 tasks will be cancelled" in screen
    assert said in screen


@pytest.mark.proof
@pytest.mark.parametrize(
    ("typed", "code", "status", "said"),
    one_now(("y\n", 0, 404, "is deleted"), ("n\n", 0, 200, "Nothing is deleted"), ("\x04", 130, 200, "interrupted")),
)
def test_delete_asks_on_a_terminal(emulator: Emulator, api: Api, typed: str, code: int, status: int, said: str) -> None:
    runs = [api.create()["run_id"] for _ in range(2)]
    for run_id in runs:
        assert api("POST", f"/runs/{run_id}/stop").status_code == 200
        api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    ended, screen = on_a_terminal(["runs", "delete", *runs], typed=typed, **environment(emulator))
    assert [api("GET", f"/runs/{run_id}").status_code for run_id in runs] == [status, status]
    assert (ended, f"Delete 2 runs ({', '.join(runs)})" in " ".join(screen.split())) == (code, True), screen
    assert said in screen
    assert ("deleting runs" in screen) == (status == 404)


def test_a_terminal_gets_colours_unless_it_asks_for_none(emulator: Emulator, api: Api) -> None:
    run_id = api.create()["run_id"]
    command = ["runs", "show", run_id]
    assert "\x1b[36mrunning" in on_a_terminal(command, typed="", **environment(emulator))[1]
    assert "\x1b[3" not in on_a_terminal(command, typed="", **environment(emulator), NO_COLOR="1")[1]


Complete = Callable[[str, str], list[str]]


@pytest.fixture
def ask_to_complete(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What the scripts of `benchfleet completion` ask for, in `folder`: a shell and the line up to the cursor."""
    monkeypatch.chdir(folder)
    call = command_line(capsys)

    def ask(shell: str, words: str) -> list[str]:
        position = len(words.split()) - (not words.endswith(" "))
        asked = {
            "bash": {"COMP_WORDS": words, "COMP_CWORD": str(position)},
            "zsh": {"_TYPER_COMPLETE_ARGS": words},
            "fish": {"_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        }[shell]
        for name, value in {"_BENCHFLEET_COMPLETE": f"complete_{shell}", **asked}.items():
            monkeypatch.setenv(name, value)
        said = call()
        assert (said.code, said.err) == (0, "")
        return said.out.splitlines()

    return ask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where two runs were made and a third was downloaded."""
    (tmp_path / ".benchfleet" / "runs" / "100").mkdir(parents=True)
    for name in ("100.json", "200.json", ".200.json.4711"):
        (tmp_path / ".benchfleet" / "runs" / name).write_text("{}")
    (tmp_path / "results" / "300").mkdir(parents=True)
    return tmp_path


def test_commands_options_and_run_ids_are_completed(ask_to_complete: Complete) -> None:
    assert ask_to_complete("bash", "benchfleet ru") == ["run", "runs", "runner"]
    assert ask_to_complete("bash", "benchfleet runs s") == ["show", "stop"]
    assert ask_to_complete("bash", "benchfleet runs list --st") == ["--status"]
    assert ask_to_complete("bash", "benchfleet runs list --status c") == ["completed", "cancelled"]
    found = ask_to_complete("bash", "benchfleet runs show ")
    assert (found[0], sorted(found[1:])) == ("latest", ["100", "200", "300"])
    assert ask_to_complete("bash", "benchfleet runs stop 3") == ["300"]


def test_zsh_and_fish_are_told_what_commands_do(ask_to_complete: Complete) -> None:
    assert ask_to_complete("fish", "benchfleet runs st") == ["stop\tStop a run early and keep the results so far."]
    assert '"stop":"Stop a run early and keep the results so far."' in "\n".join(
        ask_to_complete("zsh", "benchfleet runs st")
    )


@pytest.mark.proof
@pytest.mark.skipif(not (shutil.which("bash") and SCRIPT.exists()), reason="needs bash and the installed program")
def test_bash_completes_with_the_script(folder: Path) -> None:
    code = """
eval "$(benchfleet completion bash)"
COMP_WORDS=(benchfleet runs show 2) COMP_CWORD=3
_benchfleet_completion benchfleet
printf '%s\\n' "${COMPREPLY[@]}"
"""
    path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
    said = subprocess.run(
        ["bash", "--norc", "-c", code], capture_output=True, text=True, cwd=folder, env={**os.environ, "PATH": path}
    )
    assert (said.stdout, said.stderr) == ("200\n", "")


@pytest.mark.parametrize("shell", one_now("bash", "zsh", "fish"))
def test_each_shell_has_a_script(shell: str) -> None:
    code, out, _ = run("completion", shell)
    assert (code, f"_BENCHFLEET_COMPLETE=complete_{shell}" in out) == (0, True)


def test_another_shell_is_wrong_use() -> None:
    assert run("completion", "tcsh")[0] == 2
