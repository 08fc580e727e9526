"""No benchmark finds the runner's key: not in the environment, arguments, descriptors or input of what is above it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner_image.key_handover import is_on_show, without
from tests.integration.runner_server import ControlPlane, Reply, control_plane
from tests.variants import one_now

ROOT = Path(__file__).resolve().parents[2]
KEY = "open-sesame-and-nothing-else"
SPY = """
import glob, os
key = "-".join(["open", "sesame", "and", "nothing", "else"])
pid, found, looked = os.getpid(), [], 0
while pid > 1 and pid != int(os.environ["ABOVE"]):
    for name in ("environ", "cmdline", "stat"):
        text = open(f"/proc/{pid}/{name}", "rb").read()
        looked += 1
        if name != "stat" and key.encode() in text:
            found.append(name)
    for link in glob.glob(f"/proc/{pid}/fd/*"):
        try:
            target = os.readlink(link)
        except OSError:
            continue
        if target.startswith(os.environ["ROOT"]) and os.path.isfile(target) and key in open(target, errors="replace").read():
            found.append(target)
    if open(f"/proc/{pid}/fdinfo/0").read() and os.readlink(f"/proc/{pid}/fd/0").startswith("pipe:"):
        found.append("a pipe as stdin")
    pid = int(text.rpartition(b")")[2].split()[1])
open(os.environ["SEEN"], "w").write(repr((found, looked)))
print("spied")
"""


@pytest.fixture
def plane() -> Iterator[ControlPlane]:
    with control_plane() as plane:
        yield plane


def run(plane: ControlPlane, tmp_path: Path, *more: str, stdin: str | None = None, **told: str) -> tuple[int, str]:
    """A runner executes a benchmark that looks at everything above it, up to this test."""
    options = {"argv": [sys.executable, "-c", SPY]}
    plane.script["claim"] = [
        plane.assigned(workload="command", workload_options=options),
        Reply(body={"status": "done"}),
    ]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    seen = {"SEEN": str(tmp_path / "seen"), "ROOT": str(tmp_path), "ABOVE": str(os.getpid())}
    ended = subprocess.run(
        [sys.executable, "-m", "runner_image", "--orchestrator-url", plane.url, "--provider", "local", "--run-id", "r1",
         "--instance-type", "box", "--slots", "1", "--isolation", "process", "--work-root", str(tmp_path), *more],
        cwd=ROOT, env={**clean, **seen, **told}, input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert {call.headers["Authorization"] for call in plane.of("claim")} == {f"Bearer {KEY}"}, ended.stderr
    assert KEY not in ended.stderr + ended.stdout
    assert plane.of("fail") == [], [call.body for call in plane.of("fail")]
    return ended.returncode, (tmp_path / "seen").read_text()


@pytest.mark.system
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("way", one_now("variable", "argument", "argument=", "stdin", "variable and file"))
def test_a_benchmark_that_looks_at_its_parents_finds_no_key(plane: ControlPlane, tmp_path: Path, way: str) -> None:
    (tmp_path / "key").write_text(KEY if "file" in way else "")
    more: dict[str, list[str]] = {
        "argument": ["--api-key", KEY],
        "argument=": [f"--api-key={KEY}"],
        "stdin": ["--api-key-file", "-"],
        "variable and file": ["--api-key-file", str(tmp_path / "key")],
    }
    told = {"BENCHFLEET_API_KEY": KEY} if "variable" in way else {}
    code, seen = run(plane, tmp_path, *more.get(way, []), stdin=f"{KEY}\n" if way == "stdin" else None, **told)
    assert code == 0
    assert seen.startswith("([], ")
    assert int(seen.rpartition(" ")[2].rstrip(")")) >= 9  # itself, its keeper, the runner


def test_only_the_key_is_taken_from_a_command_line() -> None:
    words = ["-m", "runner_image", "--api-key", KEY, "--api-key-file", "-", f"--api-key={KEY}", "--slots", "1"]
    assert without("--api-key", words) == ["-m", "runner_image", "--api-key-file", "-", "--slots", "1"]
    assert without("--api-key", ["--api-key"]) == []


def test_a_process_that_shows_its_key_is_known(tmp_path: Path) -> None:
    block = tmp_path / "environ"
    block.write_bytes(b"HOME=/x\0BENCHFLEET_API_KEY_FILE=/k\0X=BENCHFLEET_API_KEY=no\0")
    assert not is_on_show(["--slots", "1"], block=block)
    assert is_on_show(["--api-key", "k"], block=block)
    block.write_bytes(b"HOME=/x\0BENCHFLEET_API_KEY=k\0")
    assert is_on_show([], block=block)
    assert not is_on_show([], block=tmp_path / "none")


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="needs root, to become somebody who is not")
def test_another_process_of_the_same_user_reads_neither_environment_nor_memory() -> None:
    code = "import sys; sys.path.insert(0, %r); from runner_image.key_handover import shut; print(shut(), flush=True); input()"
    shut = [sys.executable, "-c", code % str(ROOT)]
    with subprocess.Popen(shut, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "True\n"
        looks = (
            "import json, sys\n"
            "def opens(name):\n"
            "    try: open(f'/proc/{sys.argv[1]}/{name}', 'rb').close()\n"
            "    except OSError: return False\n"
            "    return True\n"
            "print(json.dumps([opens(name) for name in ('environ', 'mem', 'maps', 'cmdline')]))"
        )
        assert Path(f"/proc/{process.pid}/environ").stat().st_uid == 0
        found = subprocess.run(["python3", "-c", looks, str(process.pid)], user=65534, capture_output=True, text=True)
        assert json.loads(found.stdout) == [False, False, False, True]
        process.communicate("\n", timeout=60)
