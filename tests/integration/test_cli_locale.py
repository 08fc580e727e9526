"""Commands on terminals and systems that can do less."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.report_runs import of_values, write_run
from tests.variants import in_proof, one_now

pytestmark = pytest.mark.system

NO_FCNTL = "import sys; sys.modules['fcntl'] = None; from benchfleet.cli.main import main; main(sys.argv[1:])"


def run(*words: str, program: str | None = None, **environment: str) -> subprocess.CompletedProcess[bytes]:
    start = ["-c", program] if program else ["-m", "benchfleet.cli.main"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHON"))}
    return subprocess.run([sys.executable, *start, *words], capture_output=True, env={**clean, **environment})


@pytest.mark.parametrize(
    "environment",
    one_now(
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
    ),
)
@pytest.mark.parametrize("form", one_now([], ["--json"], ["--md"], ["--csv"]))
def test_a_stream_of_few_characters_ends_no_report(
    tmp_path: Path, environment: dict[str, str], form: list[str]
) -> None:
    folder = write_run(
        tmp_path, "r", [of_values("caf\u00e9 \u4e2d\u6587", {"b\u00fcrste \u2603": [1.0 + n / 9]}) for n in range(3)]
    )
    done = run("report", str(folder), *form, **environment)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    if form == ["--json"]:
        import json

        assert json.loads(done.stdout)["boards"][0]["benchmarks"][0]["benchmark"] == "b\u00fcrste \u2603"


@pytest.mark.parametrize(
    ("streams", "code"),
    one_now(
        (">&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0), ("2>/dev/full", 3), (">/dev/full", 3), (">/dev/full 2>&1", 3)
    ),
)
@pytest.mark.parametrize("words", one_now("report {}", "--help", "--version", "completion bash"))
def test_a_stream_that_is_closed_or_full_is_no_verdict(tmp_path: Path, words: str, streams: str, code: int) -> None:
    """Exit code 1 says that something is worse, failed or was not measured: nothing of it is so."""
    folder = write_run(tmp_path, "r", [of_values("m", {"b": [1.0 + n / 9]}) for n in range(3)], manifest=False)
    line = f"{sys.executable} -m benchfleet.cli.main {words.format(folder)} {streams}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    nothing_to_say = not words.startswith("report") and streams == "2>/dev/full"
    assert done.returncode == (0 if nothing_to_say else code), done.stderr
    assert "Traceback" not in done.stderr
    if streams == ">/dev/full":
        assert done.stderr.endswith("benchfleet: No space left on device\n")


def test_a_working_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path, "r", [of_values("m", {"b": [1.0 + n / 9]}) for n in range(3)])
    line = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m benchfleet.cli.main report {folder} --baseline {folder}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        3,
        "benchfleet: the working folder is gone: change to one that is there\n",
    )


@pytest.mark.proof
def test_a_system_without_file_locks_is_told_of(tmp_path: Path) -> None:
    assert run("--version", program=NO_FCNTL).returncode == 0
    folder = write_run(tmp_path, "r", [of_values("m", {"b": [1.0]})])
    assert run("report", str(folder), program=NO_FCNTL).returncode == 0
    config = tmp_path / "c.json"
    config.write_text('{"workload": "mock", "per_instance_type": {"tasks": 1}, "local": ["m"]}')
    done = run("run", "-c", str(config), "--emulator", program=NO_FCNTL)
    assert (done.returncode, done.stderr) == (
        2,
        b"benchfleet: this command needs Linux or macOS: this system has no fcntl\n",
    )


MODULE = "import runpy, sys; sys.modules['fcntl'] = None; name = sys.argv.pop(1); runpy.run_module(name, run_name='__main__')"
RUNNER = (
    *("--orchestrator-url", "http://127.0.0.1:9", "--api-key-file", "-", "--provider", "local"),
    *("--instance-type", "box", "--isolation", "process"),
)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["benchfleet.cli.main", "emulator"], 2),
        *in_proof(
            (["runner_image", *RUNNER], 1),
            (["benchfleet.cli.main", "demo"], 2),
            (["benchfleet.cli.main", "runner", *RUNNER], 2),
            (["local_emulator"], 2),
        ),
    ],
)
def test_every_entry_says_which_systems_it_needs(words: list[str], code: int) -> None:
    done = subprocess.run([sys.executable, "-c", MODULE, *words], capture_output=True, input=b"key\n")
    assert (done.returncode, done.stderr.count(b"\n")) == (code, 1), done.stderr
    assert b"needs Linux or macOS: this system has no fcntl" in done.stderr


@pytest.mark.proof
@pytest.mark.parametrize("words", one_now(["runs", "show", "latest"], ["doctor"]))
def test_what_needs_no_locks_works_without(tmp_path: Path, words: list[str]) -> None:
    done = run(*words, program=NO_FCNTL, BENCHFLEET_CONFIG=str(tmp_path / "none.toml"), BENCHFLEET_URL="")
    assert b"fcntl" not in done.stderr + done.stdout
    assert b"Traceback" not in done.stderr
