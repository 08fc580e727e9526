"""Each fault of an app, through all that `benchfleet http run` measures with: its class, the end of its log, what helps.

Nothing of it is left, and none of it wins a comparison.
"""

import shutil
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from benchfleet.http.comparison import Comparison
from benchfleet.report.analysis import Options, analyse
from benchfleet.report.reading import read_runs
from benchfleet_contract.http_results import Failure, HttpResult
from benchfleet_contract.workloads.http import AppSource, HttpOptions

from runner_image.workloads.http.frameworks.registry import Registry
from tests.integration.http.faulty_apps import FLOODING_AND_DEAF, LOADED, ORPHANED, folder, nothing_left
from tests.integration.http.small_servers import HEAD
from tests.variants import one_now

pytestmark = [pytest.mark.system, pytest.mark.needs_load_tools]
UNDER_LOAD = {
    "good": (LOADED, "none"),
    "errors": (LOADED, "500"),
    "wrong": (LOADED, "other"),
    "half": (LOADED, "half"),
    "half-dead": (LOADED, "hang"),
    "dying": (LOADED, "die"),
    "leaking": (LOADED, "leak"),
    "odd": (FLOODING_AND_DEAF, "none"),
}
FAULTY = ["errors", "wrong", "half", "half-dead", "dying", "leaking"]
SOME = ["wrong", "dying", "leaking", "odd"]


def options(app: Path, **more: object) -> HttpOptions:
    given: dict[str, object] = {
        "workloads": ["path-simple"], "primer_s": 0, "warmup_s": 0, "duration_s": 1, "concurrencies": [2],
        "fractions": [], "memory_limit_mb": 96, "tries": 1, **more,
    }  # fmt: skip
    return HttpOptions(app=AppSource(path=str(app)), **given)  # type: ignore[arg-type]


def compared(at: Path, subjects: dict[str, HttpOptions]) -> dict[str, HttpResult]:
    found = Comparison(subjects, 1, at / "results", Registry.load(), again=0).measured()
    return {one.subject: one for one in found}


@dataclass(frozen=True)
class Loaded:
    folder: Path
    results: dict[str, HttpResult]

    def reasons(self, name: str) -> str:
        (cell,) = self.results[name].workloads
        assert cell.status in ("failed", "invalid")
        assert cell.best_rps is None
        return "\n".join(cell.reasons)

    def notes(self, name: str) -> str:
        return "\n".join(self.results[name].validity.reasons)


@pytest.fixture(scope="module", params=one_now(SOME, [*UNDER_LOAD]), ids=["some", "all"])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """Together: each costs a second of load."""
    at = tmp_path_factory.mktemp("faults")
    (at / "apps").mkdir()
    with pytest.MonkeyPatch.context() as patch, nothing_left(at, patch):
        subjects = {
            name: options(folder(at / "apps", name, UNDER_LOAD[name][0], fault=UNDER_LOAD[name][1]))
            for name in request.param
        }
        yield Loaded(at / "results", compared(at, subjects))


def test_what_fails_under_load_is_told_by_its_reason(loaded: Loaded) -> None:
    for name in {"errors", "wrong", "half"} & loaded.results.keys():
        assert "no right answer at all" in loaded.reasons(name)
    assert "half-dead" not in loaded.results or loaded.reasons("half-dead")
    assert "ended with exit code 9 under load: see the end of its log\nstderr: killed by a bug" in loaded.reasons(
        "dying"
    )


def test_a_server_that_leaks_is_ended_before_it_takes_the_machine_s_memory(loaded: Loaded) -> None:
    assert "more than 96: it may leak; or allow more with memory_limit_mb" in loaded.reasons("leaking")


def test_floods_and_stubborn_grandchildren_are_told_beside_the_numbers(loaded: Loaded) -> None:
    assert "it flooded its log:" in loaded.notes("odd")
    assert "not all of it ended within 0.5 s of SIGTERM: the rest was killed" in loaded.notes("odd")
    assert "killed" not in loaded.notes("good" if "good" in loaded.results else "wrong")
    assert all(result.failure is None for result in loaded.results.values())


def test_500s_wrong_bodies_and_half_dead_servers_never_win(loaded: Loaded) -> None:
    report = analyse(read_runs([loaded.folder]), Options())
    for board in report.boards:
        if board.metric not in ("start_up", "idle_memory"):
            assert not {row.subject for row in board.ranking} & set(FAULTY), board.metric
    for name in loaded.results.keys() & FAULTY:
        assert loaded.results[name].skipped == ["path-simple"]


CLASSES = {  # as test_life.py has them; here they come through to the result
    "broken": (HEAD + "import no_such_module\n", "not_started", "no_such_module"),
    "silent": (HEAD + 'print("still loading", flush=True)\ntime.sleep(600)\n', "not_ready", "still loading"),
    "refusing": (HEAD + "Handler.status = 500\nserve()\n", "not_ready", "answered with 500"),
    "elsewhere": (HEAD + "serve(0)\n", "wrong_port", "the app must take its port from its first argument or from PORT"),
    "orphaned": (ORPHANED, "foreign_port", "answered by a process that is not the server's"),
    "gone": (HEAD + "print('to the background')\n", "not_started", "it must stay in the foreground"),
}

READY_S = {"silent": 2, "refusing": 3, "elsewhere": 3}  # which are waited for in full; a busy machine starts slowly


@pytest.mark.parametrize("name", one_now(*CLASSES))
def test_a_server_that_does_not_start_rightly_is_told_by_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    text, kind, said = CLASSES[name]
    failure = failed(tmp_path, monkeypatch, text, ready_s=READY_S.get(name, 20))
    assert failure.kind == kind
    assert failure.remedy
    assert said in f"{failure.message}: {failure.remedy} {failure.tails}"


def failed(
    at: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    *,
    app: str = "",
    files: Mapping[str, str] | None = None,
    **more: object,
) -> Failure:
    """`app`: more of its manifest; `files`: more of its folder."""
    (at / "apps").mkdir()
    with nothing_left(at, monkeypatch):
        made = folder(at / "apps", "faulty", text, more=app)
        for name, content in (files or {}).items():
            (made / name).write_text(content)
        (result,) = compared(at, {"faulty": options(made, **more)}).values()
    assert result.failure
    assert result.workloads == []
    assert result.skipped == ["path-simple"]
    return result.failure


@pytest.mark.proof
def test_a_port_that_is_taken_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        failure = failed(tmp_path, monkeypatch, HEAD + f"serve({taken.getsockname()[1]})\n")
    assert failure.kind == "not_started"
    assert "Address already in use" in failure.tails["stderr"]


@pytest.mark.proof
def test_a_build_that_hangs_is_ended_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = 'build = ["sh", "-c", "echo compiling; sleep 600 & wait"]'
    failure = failed(tmp_path, monkeypatch, LOADED, app=build, build_timeout_s=0.5)
    assert (failure.kind, failure.tails) == ("build_timeout", {"build": "compiling"})
    assert "build_timeout_s" in failure.remedy


@pytest.mark.skipif(shutil.which("ruby") is None, reason="needs ruby")
def test_a_lock_that_is_wrong_is_a_failure_of_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = failed(tmp_path, monkeypatch, LOADED, files={"Gemfile": "raise 'a mistake of mine'\n"})
    assert (failure.kind, failure.remedy) == ("build_failed", "correct its lock file, or what it names")
    assert "a mistake of mine" in failure.tails["install"]


def test_a_tool_that_is_missing_is_no_fault_of_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = 'needs = [{ program = "no-such-tool", remedy = "apt-get install it" }]'
    failure = failed(tmp_path, monkeypatch, LOADED, app=needs)
    assert (failure.kind, failure.remedy) == ("unavailable", "apt-get install it")


def test_a_load_tool_that_is_missing_is_told_with_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failure = failed(tmp_path, monkeypatch, LOADED)
    assert "wrk is not here: on Debian and Ubuntu, apt-get install wrk" in failure.message
