"""The scripts of executors and models: what they check holds, what is broken is named, and nothing is left running."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.each_case import each_case

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted([*ROOT.glob("scripts/*.sh"), *ROOT.glob(".devops/*/*.sh")])
OURS = ("BENCHFLEET_", "NO_PROXY", "no_proxy", "VALIDATOR_", "EXECUTOR_", "API_KEY")
STOP = "kill -STOP $EXECUTOR_PID"
REMOVE = 'curl -sf -X DELETE -H "Authorization: Bearer $BENCHFLEET_API_KEY" $API_URL/executors/$EXECUTOR_ID'
FAULTS = {  # check → what breaks it
    "X1": {"SUBSCRIBE_ANNOUNCEMENTS": "false", "START_TIMEOUT": "3"},
    "X2": {"ANNOUNCE_MODELS": "false", "START_TIMEOUT": "3"},
    "X3": {"BEFORE_X3": f"{STOP}; {REMOVE}"},
    "X4": {"TEST_TIMEOUT": "0.01"},
    "X5": {"QUERY_MODEL": "nobody-has-this"},
    "X6": {"BEFORE_X6": STOP},
    "X7": {"BEFORE_X7": STOP},
    "X8": {"REMOVAL_TIMEOUT": "3600"},
}  # fmt: skip


def environment(folder: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    own = {"TMPDIR": str(folder), "XDG_RUNTIME_DIR": str(folder), "XDG_CACHE_HOME": str(folder)}
    return {**clean, **own, "VALIDATOR_PORT": "0", "EXECUTOR_PORT": "0", **more}


def run(script: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(ROOT / script)], env=environment(folder, **more), capture_output=True, text=True, timeout=110, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def left_running(folder: Path) -> list[int]:
    """Processes whose environment names this test's own folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("XDG_CACHE_HOME") == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


@each_case("script", SCRIPTS)
def test_it_is_a_script_that_the_shell_reads_and_it_kills_nothing_by_name(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)
    assert "pkill" not in script.read_text()
    assert os.access(script, os.X_OK) == (script.name != "announcements.sh")


def test_a_client_that_is_asked_for_nothing_says_what_it_can_be_asked(tmp_path: Path) -> None:
    ended = run(".devops/client/run-client-local.sh", tmp_path, API_KEY="k")
    assert (ended.returncode, "DISCOVER_MODELS" in ended.stderr) == (2, True)


def test_a_mode_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    ended = run("scripts/run-system-with-announcements.sh", tmp_path, CLIENT_MODE="guess")
    assert (ended.returncode, "discover, query or list" in ended.stderr) == (2, True)


@pytest.mark.proof
def test_all_eight_hold_in_under_a_minute_and_nothing_is_left(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = run("scripts/test-model-announcement.sh", tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [line[:4] for line in ended.stdout.splitlines()[:8]] == [f"✅ X{number}" for number in range(1, 9)]
    assert time.monotonic() - began < 60
    assert left_running(tmp_path) == []


@pytest.mark.proof
@pytest.mark.parametrize("check", FAULTS)
def test_each_that_is_broken_on_purpose_is_named(check: str, tmp_path: Path) -> None:
    ended = run("scripts/test-model-announcement.sh", tmp_path, **FAULTS[check])
    said = ended.stdout.splitlines()
    assert ended.returncode == 1, ended.stdout + ended.stderr
    number = int(check[1])
    assert said[number - 1].startswith(f"❌ {check}"), ended.stdout
    assert all(line.startswith("✅") for line in said[: number - 1]), ended.stdout
    assert left_running(tmp_path) == []


@pytest.mark.proof
@pytest.mark.parametrize(
    ("mode", "more", "code", "words"),
    [
        ("discover", {}, 0, "gpt-4"),
        ("query", {"QUERY_MODEL": "gpt-4"}, 0, "available"),
        ("query", {"QUERY_MODEL": "nobody-has-this"}, 3, "nobody-has-this"),
        ("list", {}, 0, "gpt-4"),
    ],
)
def test_the_whole_system_answers_one_question_and_is_gone(
    mode: str, more: dict[str, str], code: int, words: str, tmp_path: Path
) -> None:
    ended = run(
        "scripts/run-system-with-announcements.sh", tmp_path, CLIENT_MODE=mode, VALIDATOR_PORT=free_port(), **more
    )
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert words in ended.stdout + ended.stderr
    assert left_running(tmp_path) == []


@pytest.mark.proof
def test_interrupted_it_leaves_nothing_and_kept_it_leaves_what_it_says(tmp_path: Path) -> None:
    script = str(ROOT / "scripts/test-model-announcement.sh")
    with subprocess.Popen([script], env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert left_running(tmp_path) == []
    ended = run(
        "scripts/run-system-with-announcements.sh", tmp_path, VALIDATOR_PORT=free_port(), CLEANUP_ON_EXIT="false"
    )
    kept = left_running(tmp_path)
    try:
        assert (ended.returncode, len(kept)) == (0, 2)
    finally:
        for pid in kept:
            os.kill(pid, signal.SIGTERM)
