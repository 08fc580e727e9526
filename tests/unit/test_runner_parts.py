"""The small parts of a runner: lines, cores, stops, logs, isolation, the loop."""

import io
import json
import threading
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from benchfleet_contract.results import BenchmarkFailure, Measurement, Output
from benchfleet_contract.tasks import ClaimReply
from hypothesis import given
from hypothesis import strategies as st

from runner_image.config import Config
from runner_image.control.loop import work
from runner_image.control.session import Busy, Claimed, Refused, Unauthorized, Unreachable
from runner_image.control.shutdown import Drained, Shutdown
from runner_image.control.slots import code_of
from runner_image.errors import TaskError
from runner_image.isolation.environment import SECRET, grantable, granted, visible
from runner_image.isolation.lines import MAX_LINE_BYTES, Lines
from runner_image.isolation.protocol import choose, inside_container
from runner_image.logs import Log, to_file, to_stream
from runner_image.machine.cores import beside, fitting, reserved, spread, taken
from runner_image.stopping import Stop, Stopped, StopReason
from runner_image.task.bound_cores import elsewhere
from runner_image.task.metadata import Failure, judge, shortfall
from runner_image.workloads.protocol import Outcome
from tests.each_case import each_case


def test_lines_are_cut_as_they_come() -> None:
    lines = Lines()
    fed = [list(lines.feed(chunk)) for chunk in (b"one\r\ntw", b"o\n\nthr", b"\xffee")]
    assert fed == [["one"], ["two", ""], []]
    assert list(lines.end()) == ["thr\ufffdee"]
    assert list(lines.end()) == []


def test_an_endless_line_is_cut() -> None:
    lines = Lines()
    cut = list(lines.feed(b"x" * (2 * MAX_LINE_BYTES + 1)))
    assert [len(line) for line in cut] == [MAX_LINE_BYTES] * 2
    assert list(lines.end()) == ["x"]


SHORT = ["é", "a", "\n", "\r\n", "😀" * 5]
LONG = [*SHORT, "😀" * 9_000, "x" * 70_000]


@given(
    st.tuples(st.lists(st.sampled_from(SHORT), max_size=20), st.integers(1, 99))
    | st.tuples(
        st.lists(st.sampled_from(LONG), max_size=8), st.integers(4_000, 99_999)
    )  # not in many small chunks: slow
)
def test_lines_keep_every_byte_and_every_character(fed: tuple[list[str], int]) -> None:
    parts, size = fed
    data, lines = "".join(parts).encode(), Lines()
    found = [line for at in range(0, len(data), size) for line in lines.feed(data[at : at + size])] + list(lines.end())
    assert b"".join(line.raw for line in found) == data
    assert not [line for line in found if "\ufffd" in line]
    assert all(len(line.raw) <= MAX_LINE_BYTES + 2 for line in found)


def test_what_is_no_utf8_is_kept_too() -> None:
    lines, data = Lines(), b"\x80" * (3 * MAX_LINE_BYTES) + b"\xff\n"
    assert b"".join(line.raw for line in [*lines.feed(data), *lines.end()]) == data


def with_siblings(root: Path, *listed: str) -> Path:
    """The hardware threads of each core, as the system tells them."""
    for core, siblings in enumerate(listed):
        path = root / f"sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"
        path.parent.mkdir(parents=True)
        path.write_text(siblings + "\n")
    return root


def test_slots_spread_over_physical_cores_first(tmp_path: Path) -> None:
    root = with_siblings(tmp_path, "0-1", "0-1", "2,3", "2,3")
    assert spread([0, 1, 2, 3], wanted=2, root=root) == [0, 2, 1, 3]
    assert spread([0, 1], root=tmp_path / "silent") == [0, 1]


def test_slots_that_need_every_thread_share_no_physical_core(tmp_path: Path) -> None:
    root = with_siblings(tmp_path, "0,2", "1,3", "0,2", "1,3")
    assert spread([0, 1, 2, 3], wanted=4, root=root) == [0, 2, 1, 3]
    order = partial(spread, root=root)
    with reserved(2, per_slot=2, allowed=[0, 1, 2, 3], locks=tmp_path, order=order) as cores:
        assert cores == [(0, 2), (1, 3)]


def test_runners_of_one_machine_share_no_core(tmp_path: Path) -> None:
    with reserved(1, allowed=[0, 1], locks=tmp_path) as first:
        with reserved(1, allowed=[0, 1], locks=tmp_path) as second:
            assert {*first, *second} == {(0,), (1,)}
            with reserved(1, allowed=[0, 1], locks=tmp_path) as third:
                assert third == [()]
        with reserved(2, allowed=[0, 1], locks=tmp_path) as both:
            assert both == [(), ()]
        with reserved(1, allowed=[0, 1], locks=tmp_path) as again:
            assert again == second


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 9))
def test_every_slot_has_its_own_cores_or_none_has_any(slots: int, per_slot: int, free: int) -> None:
    with (
        TemporaryDirectory() as locks,
        reserved(slots, per_slot=per_slot, allowed=list(range(free)), locks=Path(locks)) as cores,
    ):
        assert len(cores) == slots
        assert {len(each) for each in cores} == {per_slot if slots * per_slot <= free else 0}
        assert len({core for each in cores for core in each}) == sum(map(len, cores))


def test_nothing_is_pinned_where_it_cannot_be_fair(tmp_path: Path) -> None:
    with reserved(3, allowed=[0, 1], locks=tmp_path) as cores:
        assert cores == [(), (), ()]
    with reserved(1, per_slot=3, allowed=[0, 1], locks=tmp_path) as cores:
        assert cores == [()]
    with reserved(1, allowed=None, locks=tmp_path) as cores:
        assert cores == [()]


@each_case(
    ("allowed", "measured", "expected"),
    [
        ([0, 1], [0], [1]),  # two cores: one is measured on, the other is for everything else
        ([0, 1, 2, 3], [0], [1, 3]),  # core 2 is the other hardware thread of core 0
        ([0, 2], [0], [2]),  # better than the same thread
        ([0, 1], [0, 1], [0, 1]),  # not enough cores
        ([0, 1], [], [0, 1]),
        ([1, 3], [0], [1, 3]),  # measured by somebody where we may not run anyway
        ([0], [0], [0]),
    ],
)
def test_what_only_accompanies_a_run_leaves_the_measured_cores(
    tmp_path: Path, allowed: list[int], measured: list[int], expected: list[int]
) -> None:
    root = with_siblings(tmp_path, "0,2", "1,3", "0,2", "1,3")
    assert beside(allowed, measured, root=root) == expected


def test_the_cores_that_runners_hold_are_seen_without_touching_a_lock(tmp_path: Path) -> None:
    for core in ("0", "1", "12"):
        (tmp_path / core).touch()
    (tmp_path / "other").touch()
    nodes = {file.name: file.stat().st_ino for file in tmp_path.iterdir()}
    told = [("FLOCK", nodes["12"]), ("POSIX", nodes["1"]), ("FLOCK", nodes["other"])]
    lines = [f"{n}: {kind} ADVISORY  WRITE 19548 fe:00:{node} 0 EOF" for n, (kind, node) in enumerate(told)]
    assert taken(tmp_path, "\n".join([*lines, "", "odd"])) == {12}
    assert taken(tmp_path / "absent", lines[0]) == frozenset()


@given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 9))
def test_no_more_slots_are_opened_than_have_cores_of_their_own(slots: int, per_slot: int, free: int) -> None:
    found = fitting(slots, per_slot=per_slot, allowed=list(range(free)))
    assert 1 <= found <= slots
    assert found == 1 or found * per_slot <= free
    assert found == slots or (found + 1) * per_slot > free  # and as many as that
    assert fitting(slots, per_slot=per_slot, allowed=None) == slots


def on_cores(*cores: list[int] | None) -> Output:
    one = {"variant": "v", "unit": "s", "better": "lower", "samples": [1.0]}
    return Output(
        workload="w", measurements=[Measurement(benchmark=f"b{n}", cpu_affinity=c, **one) for n, c in enumerate(cores)]
    )


def test_a_tool_that_measured_on_other_cores_than_its_slots_is_told() -> None:
    assert elsewhere(on_cores([2, 3], None), [3, 2]) == ""
    assert elsewhere(on_cores([1]), None) == ""
    said = elsewhere(on_cores([2], [5], [0, 1], [7], [8]), [2])
    assert said == "Measured on cores 0,1,5,7,8, not on the slot's (2): b1, b2, b3 and 1 more"


def test_the_first_reason_of_a_stop_stays_and_callbacks_come_once() -> None:
    stop, called = Stop(), list[str]()
    with stop.calling(lambda: called.append("early")):
        stop.set(StopReason.CANCELLED)
        stop.set(StopReason.LEASE_LOST)
    with stop.calling(lambda: called.append("late")):
        pass
    assert called == ["early", "late"]
    with pytest.raises(Stopped) as raised:
        stop.sleep(60)
    assert raised.value.reason is StopReason.CANCELLED


def test_a_cancelled_runner_stops_running_and_later_tasks() -> None:
    shutdown = Shutdown()
    with shutdown.task() as running:
        shutdown.cancel()
        assert running.reason is StopReason.RUNNER_STOPPED
    with shutdown.task() as late:
        assert late.reason is StopReason.RUNNER_STOPPED
    with pytest.raises(Drained):
        shutdown.sleep(60)


def test_a_resting_slot_is_woken_by_what_happened_since_it_asked() -> None:
    shutdown = Shutdown()
    asked = shutdown.nudges
    shutdown.nudge()
    shutdown.rest(3600, since=asked)
    shutdown.drain()
    with pytest.raises(Drained):
        shutdown.rest(3600, since=shutdown.nudges)


def test_a_log_is_json_in_a_pipe_and_in_a_file(tmp_path: Path) -> None:
    pipe = io.StringIO()
    log = Log(sinks=(to_stream(pipe), to_file(tmp_path / "log"))).bind(task_id="r1.1")
    log.debug("hidden")
    log.info("claimed", attempt=1)
    record = json.loads(pipe.getvalue())
    assert (record["level"], record["event"], record["task_id"], record["attempt"]) == ("info", "claimed", "r1.1", 1)
    assert json.loads((tmp_path / "log").read_text()) == record


def test_a_reader_that_went_away_ends_nothing(tmp_path: Path) -> None:
    pipe = io.StringIO()
    log = Log(sinks=(to_stream(pipe), to_file(tmp_path / "no" / "folder")))
    pipe.close()
    log.info("still here")


@each_case(
    ("wanted", "contained", "engine", "chosen"),
    [
        (None, False, True, "docker"),
        (None, False, False, "process"),
        (None, True, True, "process"),
        ("docker", True, False, "docker"),
        ("process", False, True, "process"),
    ],
)
def test_the_choice_of_isolation(wanted: str | None, contained: bool, engine: bool, chosen: str) -> None:
    assert choose(wanted, contained=contained, engine_ready=lambda: engine) == chosen


def test_a_container_is_known_by_its_mark(tmp_path: Path) -> None:
    assert not inside_container(tmp_path)
    (tmp_path / ".dockerenv").touch()
    assert inside_container(tmp_path)


def test_no_secret_reaches_a_workload_or_a_repr() -> None:
    hidden = (
        "BENCHFLEET_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_REGION",
        "GITHUB_TOKEN",
        "db_password",
        "ARM_CLIENT_ID",
    )
    seen = ("PATH", "HOME", "LANG", "PIP_INDEX_URL", "SSL_CERT_FILE", "MOCK_ALWAYS_SUCCEED", "WARMUP_ITRS", "CHARMAP")
    assert [name for name in hidden if not SECRET.search(name)] == []
    assert [name for name in seen if SECRET.search(name)] == []
    config = Config("http://x", "p", "t", Path("/"), api_key="sesame", credentials={"A_KEY": "sesame"})
    assert "sesame" not in repr(config)


def test_exit_codes() -> None:
    errors = [Refused("r", status=404), Unreachable("u"), Busy("b"), Unauthorized("a", status=401)]
    assert [code_of(error) for error in errors] == [1, 3, 3, 4]


def outcome(*, failures: int, exit_code: int = 0) -> Outcome:
    failed = [BenchmarkFailure(benchmark=f"f{number}", variant="v", reason="r" * 100) for number in range(failures)]
    return Outcome(output=Output(workload="w", measurements=[], failures=failed), exit_code=exit_code)


def test_texts_fit_the_contract() -> None:
    assert len(shortfall(outcome(failures=50)) or "") == 512
    assert shortfall(outcome(failures=0, exit_code=7)) == "The workload ended with exit code 7"
    assert shortfall(outcome(failures=0)) is None
    failure = judge(outcome(failures=0))
    assert failure is not None
    assert failure.message == "Benchmark execution failed"
    assert len(Failure.of("t" * 99, "m" * 9999).message) == 1024


class Claims:
    """Answers in order, then drains the runner."""

    def __init__(self, *replies: ClaimReply) -> None:
        self.shutdown, self._replies = Shutdown(), iter(replies)
        self.asked = 0

    def __call__(self) -> Claimed:
        self.asked += 1
        for reply in self._replies:
            return Claimed(reply=reply, lease_ends=0)
        raise Drained


@pytest.fixture
def quiet() -> Log:
    return Log()


def test_a_done_runner_leaves(quiet: Log) -> None:
    claims = Claims(ClaimReply(status="done"))
    work(claims, process=print, shutdown=claims.shutdown, stay=False, log=quiet)
    assert claims.asked == 1


def test_waiting_ends_when_the_time_has_come(quiet: Log) -> None:
    claims = Claims(ClaimReply(status="wait", retry_after_seconds=0), ClaimReply(status="done"))
    work(claims, process=print, shutdown=claims.shutdown, stay=False, log=quiet)
    assert claims.asked == 2


def test_a_wait_of_centuries_is_one_that_this_machine_can_sleep(quiet: Log) -> None:
    claims = Claims(ClaimReply(status="wait", retry_after_seconds=10**15), ClaimReply(status="done"))
    drain = threading.Timer(0.05, claims.shutdown.drain)
    drain.start()
    work(claims, process=print, shutdown=claims.shutdown, stay=False, log=quiet)
    assert claims.asked == 1


def test_a_drained_runner_asks_for_nothing(quiet: Log) -> None:
    claims = Claims(ClaimReply(status="done"))
    claims.shutdown.drain()
    work(claims, process=print, shutdown=claims.shutdown, stay=True, log=quiet)
    assert claims.asked == 0


def test_a_password_in_a_value_is_hidden_whatever_its_name() -> None:
    hidden = {"DATABASE_URL": "postgres://u:p@h/d", "KUBECONFIG": "/k", "SSH_AUTH_SOCK": "/s", "DB_PWD": "x"}
    seen = {"PWD": "/here", "OLDPWD": "/here", "HOMEPAGE": "https://example.com/a:b@c"}
    assert visible(hidden | seen) == seen


def test_a_kind_gets_the_credentials_that_it_names_and_hears_of_all_that_are_missing() -> None:
    held = grantable({"OPENAI_API_KEY": "k", "BENCHFLEET_API_KEY": "no", "HF_TOKEN": "", "REGION": "west"})
    assert granted(held, ["OPENAI_API_KEY", "REGION"], workload="llm") == {"OPENAI_API_KEY": "k", "REGION": "west"}
    with pytest.raises(TaskError, match="no HF_TOKEN, BENCHFLEET_API_KEY, which the workload 'llm' needs") as raised:
        granted(held, ["OPENAI_API_KEY", "HF_TOKEN", "BENCHFLEET_API_KEY"], workload="llm")
    assert (raised.value.error_type, raised.value.failure_class) == ("missing_credentials", "infrastructure")
    assert "k" not in str(raised.value).split()
