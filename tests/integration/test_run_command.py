"""`benchfleet run` as a person or a CI job runs it: a process in a pipe, real runners, real archives, exit codes."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from benchfleet.cli.documents.run import RunEnded
from benchfleet.client import Client
from benchfleet.report.analysis import analyse
from benchfleet.report.reading import read_runs

from local_emulator.stack import Emulator
from tests import prepared_start
from tests.integration.command_line import CommandLine
from tests.prepared_start import EMULATOR, RUNNER
from tests.variants import one_now

BENCHFLEET = [sys.executable, "-m", "benchfleet.cli.main"]
ENDS_S = 90
ROOT = Path(__file__).parents[2]
QUICK = {"steps": 2, "step_s": 0}
SLOW = {"steps": 200, "step_s": 0.5}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    assert processes_of(tmp_path) == []


def write(folder: Path, options: dict[str, Any] = QUICK, **more: Any) -> None:
    body = {
        "workload": "mock",
        "workload_options": options,
        "per_instance_type": {"tasks": 2},
        "local": [{"instance_type": "box", "alias": "b"}],
        "provision": {"local": {"isolation": "process"}},
    }
    (folder / "config.json").write_text(json.dumps(body | more))


class Ran:
    """What came of one command line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.out, self.err = process.communicate(timeout=ENDS_S)
        self.code = process.returncode

    @property
    def last_line(self) -> Any:
        document = json.loads(self.out.splitlines()[-1])
        jsonschema.validate(document, RunEnded.model_json_schema())
        return document


def start(
    folder: Path,
    *words: str,
    plane: Emulator | None = None,
    file_bytes: int | None = None,
    command: str = "run",
    truly: bool = False,
    forks: tuple[str, ...] = (),
) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BENCHFLEET_")}
    environment |= prepared_start.forking(*forks) if forks else {}
    if plane:
        known = {"BENCHFLEET_URL": plane.ready.api_url, "BENCHFLEET_API_KEY": plane.ready.keys.admin}
        environment |= known
    return (subprocess.Popen if truly else prepared_start.Popen)(
        [*BENCHFLEET, command, *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes)))
        if file_bytes
        else None,
    )


def run(
    folder: Path,
    *words: str,
    plane: Emulator | None = None,
    file_bytes: int | None = None,
    forks: tuple[str, ...] = (),
) -> Ran:
    return Ran(start(folder, *words, plane=plane, file_bytes=file_bytes, forks=forks))


def processes_of(folder: Path) -> list[str]:
    """What still runs of what was started in `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if Path(os.readlink(path / "cwd")) == folder and (line := (path / "cmdline").read_text()):
                found.append(line.replace("\0", " "))
        except OSError:
            continue
    return found


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_wrong_options_are_refused_before_anything_is_started(folder: Path) -> None:
    write(folder, {"argvv": ["true"], "repeats": "five"}, workload="command")
    ran = run(folder, "-c", "config.json", "--emulator", "--json")
    assert (ran.code, ran.out, files(folder)) == (5, "", ["config.json"])
    assert ": workload_options.argvv: Option argvv is unknown" in ran.err
    assert "did you mean argv?" in ran.err
    assert "workload_options.repeats: Option repeats must be a valid integer" in ran.err


@pytest.mark.proof
def test_two_subjects_take_turns_and_are_compared(folder: Path, emulator: Emulator) -> None:
    """The shipped config, with less to do."""
    shipped = yaml.safe_load((ROOT / "configs" / "two-commands.yaml").read_text())
    shipped["workload_options"] |= {"repeats": 1, "warmup": 0}
    (folder / "config.json").write_text(json.dumps({**shipped, "per_instance_type": {"tasks": 2}}))
    ran = run(folder, "-c", "config.json", plane=emulator)
    assert ran.code == 0, ran.err
    results = Path(ran.last_line["results_dir"])
    tasks = json.loads((results / "manifest.json").read_text())["tasks"]
    turns = [(task["run_number"], task["subject"]) for task in tasks]
    assert {frozenset(turns[:2]), frozenset(turns[2:])} == {
        frozenset({(repeat, "sha256"), (repeat, "sha3-256")}) for repeat in (1, 2)
    }
    report = analyse(read_runs([results]))
    (board,) = report.boards
    assert (report.by, {row.label: row.tasks for row in board.ranking}) == (["subject"], {"sha256": 2, "sha3-256": 2})
    assert [one.name for one in report.differences] == ["option argv"]
    assert [one.level for one in report.differences] == ["note"]


def test_with_its_own_control_plane_it_leaves_nothing_but_results(folder: Path) -> None:
    write(folder)
    ran = run(folder, "-c", "config.json", "--emulator", "--json", forks=(RUNNER, EMULATOR))
    assert ran.code == 0, ran.err
    assert ran.out.count("\n") == 1
    told = ran.last_line
    assert (told["status"], told["tasks"]) == ("completed", {"total": 2, "completed": 2, "failed": 0, "cancelled": 0})
    results = Path(told["results_dir"])
    assert results == folder / "results" / told["run_id"]
    assert {"b-1", "b-2"} <= {path.name for path in results.iterdir()}
    assert told["dashboard_url"] is None
    kept = [name for name in files(folder) if not name.startswith("results/")]
    assert kept == [f".benchfleet/runs/{told['run_id']}.json", "config.json"]
    shown = Ran(start(folder, "show", "latest", "--json", command="runs"))
    assert (json.loads(shown.out)["run_id"], json.loads(shown.out)["tasks"]["completed"]) == (told["run_id"], 2)
    assert f"no control plane is asked: this is from results/{told['run_id']}/" in shown.err
    again = run(folder, "--resume", "latest")
    assert (again.code, again.last_line) == (0, told)
    assert "Ranking" in again.out


def test_a_pipe_gets_stable_lines_a_ranking_and_a_last_line(folder: Path, emulator: Emulator) -> None:
    write(folder)
    ran = run(folder, "-c", "config.json", "--run-id", "pipe", plane=emulator, forks=(RUNNER,))
    assert ran.code == 0, ran.err
    assert "[100%] Pending: 0 | Running: 0 | ✓ 2 | ✗ 0" in ran.err.splitlines()
    assert "local: 1 runner, isolation process (the config asks for it)" in ran.err.splitlines()
    assert "geometric mean" in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert emulator.ready.keys.admin not in ran.out + ran.err + (folder / ".benchfleet/runs/pipe.json").read_text()


def test_failed_tasks_are_exit_code_1_and_their_logs_stay(folder: Path, emulator: Emulator) -> None:
    write(folder, {"steps": 2, "step_s": 0, "fail_at": 1})
    ran = run(folder, "-c", "config.json", "--run-id", "failed-run", plane=emulator, forks=(RUNNER,))
    assert ran.code == 1, ran.err
    assert "task failed-run.1 failed: The mock failed with exit code 1" in ran.err
    assert ran.last_line["tasks"]["failed"] == 2
    assert ".benchfleet/runs/failed-run/runner-b-1.log" in files(folder)


@pytest.mark.proof
def test_time_allowed_leaves_everything_running_and_resume_takes_it_up(folder: Path, emulator: Emulator) -> None:
    write(folder, SLOW)
    ran = run(folder, "-c", "config.json", "--run-id", "timed", "--timeout", "2", plane=emulator)
    assert ran.code == 124, ran.err
    assert "benchfleet run --resume timed" in ran.err
    assert (ran.last_line["status"], ran.last_line["exit_code"]) == ("running", 124)
    (runner,) = [line for line in processes_of(folder) if "-m runner_image" in line]
    assert emulator.ready.keys.admin not in runner
    with start(folder, "--resume", "timed", plane=emulator) as resumed:
        wait_for(folder / ".benchfleet/runs/timed/runner-b-1.log")
        assert [line for line in processes_of(folder) if "-m runner_image" in line] == [runner]
        with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
            client.stop_run("timed")
        ended = Ran(resumed)
    assert ended.code == 1, ended.err
    assert (ended.last_line["status"], "is cancelled" in ended.err) == ("cancelled", True)


def wait_for(path: Path) -> None:
    until = time.monotonic() + ENDS_S
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_a_pipe_ends_what_is_here(folder: Path, emulator: Emulator, number: signal.Signals) -> None:
    write(folder, SLOW)
    run_id = f"interrupted-{number.value}"
    with start(folder, "-c", "config.json", "--run-id", run_id, plane=emulator, truly=True) as process:
        wait_for(folder / f".benchfleet/runs/{run_id}/runner-b-1.log")
        process.send_signal(number)
        ran = Ran(process)
    assert ran.code == 130, ran.err
    assert f"benchfleet run --resume {run_id}" in ran.err
    assert ran.last_line["exit_code"] == 130
    assert processes_of(folder) == []
    with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
        client.stop_run(run_id)


@pytest.mark.proof
def test_a_full_disk_is_one_line_and_resume_finishes_it(folder: Path, emulator: Emulator) -> None:
    """The limit on a file's size stands for the disk's end: writes beyond it fail."""
    write(folder, {"argv": ["head", "-c", "60000", "/dev/urandom"], "benchmark": "noise"}, workload="command")
    left = run(folder, "-c", "config.json", "--run-id", "full", "--detach", plane=emulator)
    assert left.code == 0, left.err
    with Client(emulator.ready.api_url, key=emulator.ready.keys.admin) as client:
        client.wait("full", timeout_s=ENDS_S)
    ran = run(folder, "--resume", "full", plane=emulator, file_bytes=20_000)
    assert ran.code == 3, ran.err
    (line,) = [line for line in ran.err.splitlines() if "File too large" in line]
    assert line.startswith("benchfleet: cannot write ")
    assert [name for name in files(folder) if name.startswith("results/")] == []
    again = run(folder, "--resume", "full", plane=emulator)
    assert again.code == 0, again.err
    assert "results/full/b-1/output.json" in files(folder)


CANNOT_BEGIN = [
    (("-c", "missing.json"), 5, "missing.json"),
    (("-c", "config.json", "--provider", "aws"), 2, "no provider aws"),
    (("-c", "config.json", "--api-key", "@wrong.key"), 4, "(Unauthorized): keep one that is known there with"),
    (
        ("-c", "config.json", "--emulator", "--results", "/proc/x"),
        3,
        "cannot write /proc/x: No such file or directory\n",
    ),
    (("-c", "garbage.json"), 5, "garbage.json"),
    (("--resume", "latest"), 2, "nothing to resume"),
    (("--resume", "latest", "--emulator"), 2, "leave out --emulator"),
    (("-c", "config.json", "--emulator", "--api-url", "http://x"), 2, "omit --api-url"),
    ((), 2, "--config"),
    (("-c", "config.json", "--timeout", "0"), 2, "--timeout"),
]


@pytest.fixture
def untouched(folder: Path) -> Iterator[None]:
    write(folder)
    (folder / "garbage.json").write_text("\x00{")
    (folder / "wrong.key").write_text("wrong")
    yield
    assert files(folder) == ["config.json", "garbage.json", "wrong.key"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("words", "code", "said"), CANNOT_BEGIN)
def test_what_cannot_begin_leaves_nothing(cli: CommandLine, words: tuple[str, ...], code: int, said: str) -> None:
    ran = cli("run", *words)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert ran.out == ""


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(("words", "code", "said"), one_now(*CANNOT_BEGIN))
def test_nor_does_it_as_a_process(
    folder: Path, emulator: Emulator, words: tuple[str, ...], code: int, said: str
) -> None:
    ran = run(folder, *words, plane=emulator)
    assert (ran.code, said in ran.err, ran.out) == (code, True, ""), ran.err


def runs(folder: Path, *words: str) -> Ran:
    return Ran(start(folder, *words, command="runs"))


@pytest.mark.proof
def test_a_run_that_is_left_with_its_emulator_can_be_looked_at_by_its_id(folder: Path) -> None:
    write(folder)
    left = run(folder, "-c", "config.json", "--run-id", "left", "--emulator", "--detach")
    assert "In the background stay 1 runner, until the run ends; and its emulator, until --resume" in left.err
    watched = runs(folder, "watch", "latest", "--json")
    assert (watched.code, json.loads(watched.out)["run_id"]) == (0, "left"), watched.err
    assert runs(folder, "explain", "left.1").code == 0
    assert run(folder, "--resume", "left").code == 0
    ended = runs(folder, "show", "left", "--json")
    assert (ended.code, json.loads(ended.out)["status"]) == (0, "completed"), ended.err  # from its results


@pytest.mark.proof
def test_proxies_and_closed_streams_are_no_trouble(folder: Path) -> None:
    """A proxy knows nothing of this machine's own ports; a daemon has no stdin."""
    write(folder)
    nowhere = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *BENCHFLEET, "run", "-c", "config.json", "--emulator", "--json"],
        cwd=folder, capture_output=True, text=True, env={**os.environ, **nowhere}, timeout=ENDS_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
