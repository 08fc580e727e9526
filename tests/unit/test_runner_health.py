"""A slot that cannot work says so, slows down, and leaves."""

import errno
from pathlib import Path

import pytest
from benchfleet_contract.states import FailureClass
from benchfleet_contract.tasks import AssignedTask, ClaimReply

from runner_image.control.loop import work
from runner_image.control.session import Claimed
from runner_image.control.shutdown import Shutdown
from runner_image.control.slots import BROKEN, GAVE_UP, SlotBroken, run_slots
from runner_image.logs import Log
from runner_image.task.faults import FULL_BYTES, blamed, words_of
from runner_image.task.health import Health
from runner_image.task.metadata import RUNNER_STOPPED, Failure
from tests.each_case import each_case

PLACE = Path("/var/tmp/bench")
FULL = Failure.of("runner_error", f"no space left in {PLACE}: free it or pass --work-root")
TASK = AssignedTask(
    id="r.1", provider="local", instance_type="box", instance_type_alias=None, run_number=1, ruby_version=None,
    run_id="r", workload="mock", workload_options={}, attempt=1, max_attempts=3, lease_until="", next_heartbeat_in_s=1,
)  # fmt: skip


class Watched(Shutdown):
    """Sleeps in no time, and says for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_a_slot_that_only_fails_backs_off_and_leaves() -> None:
    health, shutdown, told = Health(), Watched(), list[str]()
    with pytest.raises(SlotBroken, match=r"3 tasks in a row.*no space left in /var/tmp/bench: free it"):
        work(
            lambda: Claimed(ClaimReply(status="assigned", task=TASK), lease_ends=0.0),
            process=lambda _claimed: told.append(health.failed(FULL).message),
            shutdown=shutdown, stay=True, log=Log(), rest=health.rest,
        )  # fmt: skip
    assert shutdown.slept == [5.0, 10.0]
    assert told[:2] == [FULL.message, FULL.message]
    assert told[2] == f"this slot leaves after 3 failures in a row by the runner's own fault: {FULL.message}"


@each_case(
    "other",
    [
        None,
        RUNNER_STOPPED,
        Failure.of("benchmark_failed", "boom", benchmark=True),
        Failure.of("unknown_workload", "what?"),
        Failure.of("invalid_options", "no"),
    ],
)
def test_what_is_not_the_slots_fault_never_makes_it_leave(other: Failure | None) -> None:
    health = Health()
    for _ in range(9):
        health.failed(FULL)
        if other:
            assert health.failed(other) is other
        else:
            health.fine()
    health.rest(lambda _s: pytest.fail("nothing to rest from"))


def test_the_longest_message_still_says_that_the_slot_leaves() -> None:
    health = Health(most=1)
    message = health.failed(Failure.of("upload_failed", "x" * 5000)).message
    assert len(message) == 1024
    assert message.startswith("this slot leaves")


def test_exit_codes_of_a_broken_slot_and_of_one_that_met_the_unforeseen() -> None:
    def broken() -> None:
        raise SlotBroken("3 tasks in a row")

    def odd() -> None:
        raise ZeroDivisionError

    records: list[object] = []
    log = Log(sinks=(lambda record: records.append((record["event"], record["error"])),))
    assert run_slots([broken, lambda: None], shutdown=Shutdown(), log=log) == BROKEN == 5
    assert records == [("gave_up", "3 tasks in a row")]
    assert run_slots([odd], shutdown=Shutdown(), log=Log()) == GAVE_UP == 1


@each_case(
    ("number", "name", "words"),
    [
        (errno.ENOSPC, None, "no space left in /var/tmp/bench: free it or pass --work-root"),
        (errno.ENOSPC, "/var/tmp/bench/a", "no space left in /var/tmp/bench/a: free it or pass --work-root"),
        (errno.EROFS, "/var/tmp/bench/a", "/var/tmp/bench/a is on a read-only file system: pass --work-root"),
        (errno.EACCES, "/var/tmp", "/var/tmp is not writable for this user: change its owner or pass --work-root"),
        (errno.EACCES, "/etc/shadow", "PermissionError: [Errno 13] no: '/etc/shadow'"),
        (errno.EMFILE, None, "too many open files: raise `ulimit -n` or pass fewer --slots"),
        (errno.ECHILD, None, "ChildProcessError: [Errno 10] no"),
    ],
)
def test_faults_of_the_machine_name_path_and_remedy(number: int, name: str | None, words: str) -> None:
    assert words_of(OSError(number, "no", name) if name else OSError(number, "no"), place=PLACE) == words


def test_a_benchmark_that_fails_on_a_full_disk_is_not_to_blame(tmp_path: Path) -> None:
    failed = Failure.of("benchmark_failed", "boom", benchmark=True)
    told = blamed(failed, tmp_path, free_bytes=lambda _place: FULL_BYTES - 1)
    assert (told.error_type, told.failure_class) == ("runner_error", FailureClass.INFRASTRUCTURE)
    assert told.message == f"no space left in {tmp_path}: free it or pass --work-root; the benchmark said: boom"
    assert blamed(failed, tmp_path, free_bytes=lambda _place: FULL_BYTES) is failed
    assert blamed(failed, tmp_path / "gone") is failed
    assert blamed(FULL, tmp_path, free_bytes=lambda _place: 0) is FULL
