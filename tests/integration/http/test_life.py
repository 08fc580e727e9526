"""The life of a server, with real processes: each fault is told by its class, and nothing is ever left."""

import json
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.build import MARK, build
from runner_image.workloads.http.life.failures import ServerFailed
from runner_image.workloads.http.life.log_cap import LogCap
from runner_image.workloads.http.life.ports import PortTaken, held, is_answered
from runner_image.workloads.http.life.server import Server
from runner_image.workloads.http.resources.sampler import Sampler
from runner_image.workloads.protocol import Slot
from tests.integration.http.small_servers import DRIPPING, GOOD, HEAD, app, framework, is_gone, server, slot


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Slot]:
    with slot(tmp_path) as opened:
        yield opened


def failed(here: Slot, tmp_path: Path, text: str, **changes: object) -> ServerFailed:
    with pytest.raises(ServerFailed) as caught, server(here, tmp_path, text, **changes):  # type: ignore[arg-type]
        pass
    return caught.value


def until_ended(running: Server) -> None:
    deadline = time.monotonic() + 20
    while not is_gone(running.pid):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_server_starts_answers_and_is_gone(here: Slot, tmp_path: Path) -> None:
    with server(here, tmp_path) as running:
        running.alive()
        with urllib.request.urlopen(f"{running.base_url}/health") as reply:
            assert reply.read() == b"ok"
        assert 0 < running.startup_s < 20
        pid, port = running.pid, running.port
        assert running.pids() == {pid}
    assert is_gone(pid)
    assert not is_answered(port)
    assert not running.stubborn


def test_the_health_path_falls_back_to_the_root(here: Slot, tmp_path: Path) -> None:
    only_root = (
        HEAD + 'Handler.do_GET_ = Handler.do_GET\ndef get(self):\n    self.status = 200 if self.path == "/" else 404\n'
    )
    with server(here, tmp_path, only_root + "    Handler.do_GET_(self)\nHandler.do_GET = get\nserve()\n") as running:
        running.alive()


def test_a_server_that_never_answers_is_not_ready_and_its_log_is_told(here: Slot, tmp_path: Path) -> None:
    error = failed(here, tmp_path, HEAD + 'print("still loading", flush=True)\ntime.sleep(60)\n', ready_s=1)
    assert (error.kind, error.error_type) == ("not_ready", "server_not_ready")
    assert "still loading" in error.tails["stdout"]
    assert "still loading" in str(error)


def test_a_server_that_answers_errors_is_not_ready(here: Slot, tmp_path: Path) -> None:
    error = failed(here, tmp_path, HEAD + "Handler.status = 500\nserve()\n", ready_s=1)
    assert error.kind == "not_ready"
    assert "answered with 500" in error.message


def test_headers_that_never_end_are_no_answer(here: Slot, tmp_path: Path) -> None:
    began = time.monotonic()
    error = failed(here, tmp_path, DRIPPING, ready_s=1)
    assert error.kind == "not_ready"
    assert "was not answered within" in error.message
    assert time.monotonic() - began < 30  # it would drip for a quarter of an hour, until its header is too long


def test_a_server_that_ends_at_once_tells_why(here: Slot, tmp_path: Path) -> None:
    error = failed(here, tmp_path, "import no_such_module\n")
    assert error.kind == "not_started"
    assert "no_such_module" in error.tails["stderr"]


def test_a_program_that_is_not_here_is_no_fault_of_the_framework(here: Slot, tmp_path: Path) -> None:
    error = failed(here, tmp_path, GOOD, start=["no-such-program", "{port}"])
    assert (error.kind, error.failure_class) == ("unavailable", "infrastructure")


def test_a_wrong_port_is_told_with_the_port(here: Slot, tmp_path: Path) -> None:
    with held() as other:
        wrong = other.release()
    error = failed(here, tmp_path, HEAD + f"serve({wrong})\n", ready_s=1.5)
    assert error.kind == "wrong_port"
    assert f"port {wrong}, not on" in error.message


def test_another_process_on_the_port_is_never_taken_for_the_server(here: Slot, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        error = failed(here, tmp_path, HEAD + "time.sleep(60)\n", port=foreign.getsockname()[1])
    assert (error.kind, error.failure_class) == ("foreign_port", "infrastructure")


def test_a_held_port_is_given_to_nobody_else() -> None:
    with held() as first, pytest.raises(PortTaken, match="taken"), held(first.port):
        pass


def test_a_server_that_dies_is_noticed_with_its_last_words(here: Slot, tmp_path: Path) -> None:
    dying = (
        HEAD
        + "def die():\n    time.sleep(0.5)\n    print('out of memory', file=sys.stderr, flush=True)\n    os._exit(9)\n"
    )
    with server(here, tmp_path, dying + "threading.Thread(target=die).start()\nserve()\n") as running:
        until_ended(running)
        with pytest.raises(ServerFailed) as caught:
            running.alive()
    assert caught.value.kind == "died"
    assert "out of memory" in caught.value.tails["stderr"]


def test_stubborn_grandchildren_do_not_survive(here: Slot, tmp_path: Path) -> None:
    child = (
        "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    forking = HEAD + (
        f"child = subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True, stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nserve()\n"
    )
    with server(here, tmp_path, forking, grace_s=0.5) as running:
        tree = running.pids()
        assert len(tree) == 2
    assert all(is_gone(pid) for pid in tree)


def test_a_server_that_ignores_its_signal_is_killed_and_that_is_told(here: Slot, tmp_path: Path) -> None:
    deaf = HEAD + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nserve()\n"
    with server(here, tmp_path, deaf, grace_s=0.3) as running:
        pid = running.pid
    assert running.stubborn
    assert is_gone(pid)


def test_the_framework_s_own_signal_ends_it_in_order(here: Slot, tmp_path: Path) -> None:
    told = HEAD + (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "def end(*_):\n    open('ended', 'w').write('in order')\n    os._exit(0)\n"
        "signal.signal(signal.SIGINT, end)\nserve()\n"
    )
    with server(here, tmp_path, told, stop_signal="INT") as running:
        pass
    assert not running.stubborn
    assert (tmp_path / "app" / "ended").read_text() == "in order"


def test_a_log_that_floods_is_capped_and_its_end_kept(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 300_000 + b"\nthe end\n")
    with LogCap([log], most_bytes=100_000, every_s=60) as cap:
        cap.look()
    assert log.stat().st_size < 100_000
    assert log.read_bytes().endswith(b"the end\n")
    assert cap.cut_bytes > 200_000


def test_a_build_is_timed_and_not_repeated_while_its_sources_are_the_same(here: Slot, tmp_path: Path) -> None:
    built = framework(build=["sh", "-c", "echo one >> ../builds"])
    sources = app(tmp_path / "app")
    first = build(here, built, sources, timeout_s=20)
    again = build(here, built, sources, timeout_s=20)
    assert (first.cached, again.cached, again.build_s) == (False, True, first.build_s)
    app(tmp_path / "app", GOOD + "# changed\n")
    assert not build(here, built, sources, timeout_s=20).cached
    assert (tmp_path / "builds").read_text() == "one\none\n"
    assert json.loads((tmp_path / "app" / MARK).read_text())["command"] == list(built.build or ())


def test_a_build_that_hangs_or_fails_is_told_with_its_output(here: Slot, tmp_path: Path) -> None:
    for script, timeout_s, kind in (
        ("echo compiling; sleep 60", 0.5, "build_timeout"),
        ("echo no; exit 3", 20, "build_failed"),
        ("echo Could not resolve host: crates.io; exit 3", 20, "unavailable"),
    ):
        with pytest.raises(ServerFailed) as caught:
            build(here, framework(build=["sh", "-c", script]), app(tmp_path / "app"), timeout_s=timeout_s)
        assert caught.value.kind == kind
        assert caught.value.tails["build"] in script
    assert not (tmp_path / "app" / MARK).exists()


def test_what_is_missing_is_named_before_anything_is_built(here: Slot, tmp_path: Path) -> None:
    lacking = framework(
        build=["sh", "-c", "touch ../built"], needs=[{"program": "no-such-tool", "remedy": "install it"}]
    )
    with pytest.raises(ServerFailed, match="needs no-such-tool: install it") as caught:
        build(here, lacking, app(tmp_path / "app"), timeout_s=5)
    assert caught.value.kind == "unavailable"
    assert not (tmp_path / "built").exists()


def test_what_a_build_makes_is_no_source(tmp_path: Path) -> None:
    made = app(tmp_path / "app")
    before = made.sha256()
    (made.folder / "target").mkdir()
    (made.folder / "target" / "binary").write_text("x")
    assert made.sha256() == before
    (made.folder / "other.py").write_text("")
    assert made.sha256() != before


def test_only_processes_that_the_record_names_are_measured_and_all_where_it_names_none(
    here: Slot, tmp_path: Path
) -> None:
    wrapped = HEAD + (
        "if len(sys.argv) == 2:\n"
        "    sys.exit(subprocess.call([sys.executable, 'server.py', sys.argv[1], 'inner-server']))\nserve()\n"
    )
    with server(here, tmp_path, wrapped, measure="inner-server$") as running:
        (inner,) = running.pids()
        assert inner != running.pid
    with server(here, tmp_path, wrapped, measure="no such words") as running:
        assert running.pid in running.pids()
        assert len(running.pids()) == 2


def test_the_sampler_counts_the_whole_tree_and_nothing_before_its_start(here: Slot, tmp_path: Path) -> None:
    busy = HEAD + (
        "worker = 'x = bytearray(30_000_000)\\nimport time\\nt = time.process_time()\\n"
        "while time.process_time() - t < 0.4: pass\\nprint(1, flush=True)\\ntime.sleep(600)'\n"
        "child = subprocess.Popen([sys.executable, '-c', worker], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\nserve()\n"
    )
    with server(here, tmp_path, busy) as running:
        sampler = Sampler(running.pids, every_s=0.05)
        sampler.start()
        for _ in range(20):
            urllib.request.urlopen(f"{running.base_url}/").read()
        used = sampler.stop()
    assert used.cpu_s is not None
    assert used.cpu_s < 0.4  # the worker's work was done before
    assert used.memory_peak_bytes
    assert used.memory_peak_bytes > 30_000_000
    assert used.source == "proc"


def test_a_tree_that_is_gone_is_not_known_never_zero() -> None:
    sampler = Sampler(lambda: set(), every_s=60)
    sampler.start()
    used = sampler.stop()
    assert (used.cpu_s, used.memory_mean_bytes, used.memory_peak_bytes, used.samples) == (None, None, None, 0)


def test_the_entry_is_the_first_file_that_exists(tmp_path: Path) -> None:
    (tmp_path / "server.js").write_text("")
    assert App(tmp_path).entry("server.ts|server.js") == "server.js"
    assert App(tmp_path).entry("a|b") == "a"
