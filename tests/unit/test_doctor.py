"""What the doctor asks, and what it says to the answers."""

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker.errors
import pytest
from benchfleet.cli.doctor import tell
from benchfleet.doctor import config_file, control_plane, engine, examine, machine, software
from benchfleet.doctor.check import Check, Outcome, fail, ok, warn
from benchfleet.doctor.control_plane import Answer, Ask
from benchfleet.exceptions import AuthError, BenchfleetError, UsageError
from benchfleet.profiles.settings import Connection, NoUrl
from benchfleet_contract.identity import RIGHTS, Role, WhoAmI

from tests.each_case import each_case

NOW = datetime(2026, 1, 2, 12, 0, 0, tzinfo=UTC)


def test_python_must_be_young_enough() -> None:
    assert software.python((3, 11, 0)) == ok("python", "3.11.0")
    assert software.python((3, 10, 9)).outcome == Outcome.FAIL


def test_missing_extras_are_named_with_what_to_install() -> None:
    found = software.extras(lambda module: module not in ("moto", "jinja2"))
    assert (found.outcome, found.found) == (Outcome.WARN, "not installed: emulator, report")
    assert "'benchfleet[emulator,report]'" in found.remedy
    assert software.extras(lambda module: True).outcome == Outcome.OK


def test_programs_of_ruby_bench() -> None:
    missing = software.ruby_bench({"git": "git version 2", "ruby": None}.__getitem__)
    assert (missing.outcome, missing.found) == (Outcome.WARN, "missing: ruby")
    assert software.ruby_bench(lambda name: f"{name} 1").found == "git 1, ruby 1"


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert software.program_version("no-such-program-at-all") is None
    assert software.program_version("python3").startswith("Python 3")  # type: ignore[union-attr]


def test_a_version_may_be_told_in_any_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "odd"
    program.write_text("#!/bin/sh\nprintf 'odd 1 \\377\\n'\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert software.program_version("odd") == "odd 1 \N{REPLACEMENT CHARACTER}"


class Engine:
    """As docker's client, as far as the doctor asks."""

    def __init__(self, image: Exception | None = None) -> None:
        self._image = image
        self.images = self
        self.closed = False

    def version(self) -> dict[str, str]:
        return {"Version": "29.1"}

    def get(self, name: str) -> Any:
        if self._image:
            raise self._image
        return SimpleNamespace(short_id="sha256:abc")

    def close(self) -> None:
        self.closed = True


def test_an_engine_with_the_image_is_well() -> None:
    client = Engine()
    assert [check.outcome for check in engine.docker_engine(lambda: client)] == [Outcome.OK, Outcome.OK]
    assert client.closed


def test_an_engine_without_the_image_says_how_to_make_it() -> None:
    missing = docker.errors.ImageNotFound("404 Client Error for http+docker://localhost/v1.51/images/x/json: Not Found")
    *_, image = engine.docker_engine(lambda: Engine(missing))
    assert (image.outcome, image.remedy) == (Outcome.WARN, "make image")
    assert image.found == "image benchfleet-runner:latest is not there"


def test_an_image_that_cannot_be_looked_at_is_told_in_whole_words() -> None:
    *_, image = engine.docker_engine(lambda: Engine(LookupError("words " * 100 + "\nmore")))
    assert image.found.startswith("image benchfleet-runner:latest cannot be looked at: words words")
    assert image.found.endswith("words …")


def test_no_engine_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    (found,) = engine.docker_engine()
    assert (found.outcome, found.found) == (Outcome.WARN, "does not answer: no such file or directory")


@each_case(("free", "outcome"), [(20 << 30, "ok"), (5 << 30, "warn"), (1 << 20, "fail")])
def test_room_for_results(tmp_path: Path, free: int, outcome: str) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> int:
        asked.append(path)
        return free

    assert machine.disk(tmp_path / "not" / "there", free=usage).outcome == outcome
    assert asked == [tmp_path]


@each_case(("average", "outcome"), [(0.4, "ok"), (1.2, "warn")])
def test_a_busy_machine_is_told(average: float, outcome: str) -> None:
    assert machine.load(lambda: (average, 0, 0), cores=2).outcome == outcome


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@each_case(
    ("files", "expected"),
    [
        ({}, []),
        ({"cpu0/cpufreq/scaling_governor": "performance\n", "intel_pstate/no_turbo": "1\n"}, ["ok", "ok"]),
        ({"cpu0/cpufreq/scaling_governor": "powersave\n", "intel_pstate/no_turbo": "0\n"}, ["warn", "warn"]),
        ({"cpufreq/boost": "1\n"}, ["warn"]),
        ({"cpufreq/boost": "0\n"}, ["ok"]),
    ],
)
def test_clock_rates_as_the_kernel_tells_them(tmp_path: Path, files: dict[str, str], expected: list[str]) -> None:
    assert [check.outcome.value for check in machine.clock_rates(write(tmp_path, files))] == expected


def test_isolated_cores(tmp_path: Path) -> None:
    assert machine.isolated_cores(write(tmp_path, {"isolated": "2-3\n"})).found == "2-3"
    assert machine.isolated_cores(write(tmp_path, {"isolated": "\n"})).found == "none"


@each_case(("mode", "outcome"), [(0o600, "ok"), (0o640, "fail"), (0o604, "fail")])
def test_others_may_not_read_keys(tmp_path: Path, mode: int, outcome: str) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(mode)
    found = config_file.config_file(path)
    assert (found.outcome, found.remedy) == (outcome, "" if outcome == "ok" else f"chmod 600 {path}")


def test_no_config_file_is_fine(tmp_path: Path) -> None:
    assert config_file.config_file(tmp_path / "none").outcome == Outcome.OK


def answering(statuses: dict[str, int], *, body: bytes = b"", date: str = "", asked: list[str] | None = None) -> Ask:
    def ask(path: str) -> Answer:
        if asked is not None:
            asked.append(path)
        return Answer(statuses[path], date, body)

    return ask


def who(role: Role) -> bytes:
    return WhoAmI(role=role, key_id="abc", may=[*RIGHTS[role]]).model_dump_json().encode()


@each_case(
    ("status", "body", "outcome", "said"),
    [
        (200, who("admin"), "ok", "role admin, id abc"),
        (200, who("runner"), "warn", "role runner, id abc: it only claims tasks"),
        (200, who("reader"), "warn", "role reader, id abc: it only reads"),
        (401, b"", "fail", "refused"),
        (404, b"", "warn", "this control plane is older"),
        (403, b"", "warn", "this control plane is older"),
        (500, b"", "warn", "answered 500"),
        (503, who("admin"), "warn", "answered 503"),
        (200, b"<html>", "warn", "answered 200"),
    ],
)
def test_the_role_of_a_key_is_told_by_the_api(status: int, body: bytes, outcome: str, said: str) -> None:
    found = control_plane.key_role("a key", ask=answering({"/whoami": status}, body=body))
    assert (found.outcome, said in found.found) == (outcome, True), found


def test_a_control_plane_that_is_there_and_cannot_work_is_no_wrong_address() -> None:
    [found] = control_plane.control_plane("http://x", None, ask=answering({"/up": 503}), now=lambda: NOW)
    assert (found.outcome, "cannot work" in found.remedy) == (Outcome.FAIL, True)


def test_without_a_key_nothing_is_asked_of_it() -> None:
    assert control_plane.key_role(None, ask=answering({})).outcome == Outcome.WARN


@each_case(("off_s", "outcome"), [(0, "ok"), (-20, "ok"), (31, "warn"), (-599, "warn"), (601, "fail")])
def test_the_clock_beside_the_api_s(off_s: float, outcome: str) -> None:
    (found,) = control_plane.clock(format_datetime(NOW, usegmt=True), now=NOW + timedelta(seconds=off_s))
    assert found.outcome == outcome
    assert outcome == "ok" or ("behind" if off_s < 0 else "ahead") in found.found


@each_case("date", ["", "yesterday"])
def test_an_api_without_a_date_says_nothing_of_the_clock(date: str) -> None:
    assert list(control_plane.clock(date, now=NOW)) == []


def test_what_answers_is_asked_in_order() -> None:
    asked: list[str] = []
    date = format_datetime(NOW, usegmt=True)
    ask = answering({"/up": 200, "/whoami": 200}, body=who("admin"), date=date, asked=asked)
    found = control_plane.control_plane("http://api", "key", ask=ask, now=lambda: NOW)
    assert [(check.name, check.outcome) for check in found] == [("api", "ok"), ("clock", "ok"), ("key", "ok")]
    assert asked == ["/up", "/whoami"]


def test_an_address_of_something_else_fails() -> None:
    (found,) = control_plane.control_plane("http://api", "key", ask=answering({"/up": 404}), now=lambda: NOW)
    assert (found.outcome, "answers 404" in found.found) == (Outcome.FAIL, True)


def test_nobody_at_the_address_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    (found,) = examine.connected(lambda: Connection(url, "key", None))
    assert (found.outcome, "does not answer" in found.found) == (Outcome.FAIL, True)


@each_case(("error", "outcome"), [(NoUrl("none"), "warn"), (UsageError("no such profile"), "fail")])
def test_no_connection(error: BenchfleetError, outcome: str) -> None:
    def connect() -> Connection:
        raise error

    (found,) = examine.connected(connect)
    assert (found.name, found.outcome) == ("api", outcome)


def test_warnings_are_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    tell(iter([ok("python", "3"), warn("load", "[9]", remedy="wait")]), as_json=False)
    assert capsys.readouterr().out == "ok   python: 3\nwarn load: [9]\n     -> wait\n"


@each_case(
    ("checks", "kind"),
    [
        ([fail("disk", "full", remedy="make room")], BenchfleetError),
        ([fail("key", "refused", remedy="another"), fail("disk", "full", remedy="make room")], AuthError),
    ],
)
def test_failures_have_their_exit_code(checks: list[Check], kind: type[BenchfleetError]) -> None:
    with pytest.raises(BenchfleetError) as error:
        tell(iter(checks), as_json=False)
    assert type(error.value) is kind


@each_case("url", ["http://name:hidden@api", "ftp://api", "api"])
def test_an_address_that_cannot_be_meant_is_not_asked(url: str) -> None:
    (found,) = examine.connected(lambda: Connection(url, "key", None))
    assert (found.name, found.outcome, "hidden" in found.found) == ("api", Outcome.FAIL, False)
