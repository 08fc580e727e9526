"""While a snapshot cannot be written nothing is acknowledged; one that succeeds ends that."""

import errno
import io
import json
import logging
from threading import RLock
from typing import Any

import pytest

from local_emulator.errors import StateLost, StateNotKept
from local_emulator.pumps.pump import Pump
from local_emulator.state.acknowledging import Acknowledging
from local_emulator.state.keeper import Keeper
from tests.each_case import each_case

FULL = StateNotKept("/state", reason="No space left on device")


class Disk:
    """What a snapshot is written to."""

    def __init__(self) -> None:
        self.full, self.saves = False, 0

    def save(self) -> None:
        self.saves += 1
        if self.full:
            raise StateNotKept("/state", reason="No space left") from OSError(errno.ENOSPC, "No space left")


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def keeper(disk: Disk) -> Keeper:
    return Keeper(disk.save, changes=lambda: 1, lock=RLock())


def test_a_failed_snapshot_is_tried_again_though_nothing_changes(keeper: Keeper, disk: Disk) -> None:
    disk.full = True
    for _ in range(3):
        keeper.step()
    assert (disk.saves, str(keeper.trouble).partition(":")[0]) == (3, "state folder /state cannot be written")
    disk.full = False
    for _ in range(3):
        keeper.step()
    assert (disk.saves, keeper.trouble) == (4, None)


def test_a_failure_and_its_end_are_each_said_once(keeper: Keeper, disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for disk.full in (True, True, True, False, False):
        keeper.step()
    first, second = (record.getMessage() for record in caplog.records)
    assert "cannot be written: No space left" in first
    assert "acknowledged again" in second
    assert "Traceback" not in caplog.text


class Asked:
    """The app behind, and whether it was asked; `trouble` is what the keeper knows."""

    def __init__(self, status: str = "200 OK") -> None:
        self.asked, self.status = 0, status
        self.trouble: StateNotKept | None = None
        self.breaks = False

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        self.asked += 1
        if self.breaks:
            self.trouble = FULL
        start_response(self.status, [])
        return [b"done"]

    def ask(self, method: str, path: str = "/runs") -> tuple[str, dict[str, str], bytes]:
        told: list[Any] = []
        environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO()}
        body = Acknowledging(self, lambda: self.trouble)(environ, lambda *head: told.extend(head))
        return told[0][:3], dict(told[1]), b"".join(body)


@each_case(
    ("method", "path"), [("POST", "/runs"), ("DELETE", "/runs"), ("put", "/x"), ("GET", "/up"), ("HEAD", "/up"), ("GET", "/up/")]
)  # fmt: skip
def test_in_trouble_nothing_is_acknowledged(method: str, path: str) -> None:
    app = Asked()
    app.trouble = FULL
    status, headers, body = app.ask(method, path)
    assert (status, headers["Retry-After"], app.asked) == ("503", "5", 0)
    document = json.loads(body)
    assert document["code"] == "state_not_kept"
    [problem] = document["problems"]
    assert (problem["field"], problem["value"]) == ("--state", "/state")
    assert "No space left" in problem["message"]
    assert "make room" in problem["remedy"]


def test_in_trouble_one_may_look() -> None:
    app = Asked()
    app.trouble = FULL
    assert app.ask("GET")[0] == "200"


def test_a_request_that_trouble_overtook_is_not_acknowledged() -> None:
    app = Asked()
    app.breaks = True
    assert (app.ask("POST")[0], app.asked) == ("503", 1)


def test_a_view_that_could_not_write_is_trouble_and_no_fault() -> None:
    app = Asked(status="500 Internal Server Error")
    assert app.ask("GET")[0] == "500"
    app.trouble = FULL
    assert app.ask("GET")[0] == "503"


def test_without_trouble_an_answer_is_the_apps() -> None:
    app = Asked(status="201 Created")
    assert (app.ask("POST")[0], app.ask("GET", "/up")[2]) == ("201", b"done")


def test_while_held_a_pump_takes_no_step() -> None:
    looks, steps = list[int](), list[int]()

    def held() -> bool:
        looks.append(1)
        return len(looks) < 4

    def step() -> bool:
        steps.append(len(looks))
        pump.ask_to_stop()
        return False

    pump = Pump("test", lambda: step, every_s=0.001, held=held)
    pump.start()
    assert pump.join(within_s=30)
    assert steps == [4]


def test_what_is_lost_at_the_end_is_told() -> None:
    assert "what changed since its last snapshot (state.json) is lost" in str(StateLost(FULL))
