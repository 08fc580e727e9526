"""State files, profiles and ready files that are valid JSON or TOML, and yet none of ours; and what is no file at all."""

import contextlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from benchfleet.api.session import read_base_url
from benchfleet.cli.main import main
from benchfleet.doctor import control_plane
from benchfleet.exceptions import BenchfleetError, ConfigError, UsageError
from benchfleet.local.emulator import read_ready
from benchfleet.profiles.file import FILE, Profile, profile_file, read_profiles
from benchfleet.profiles.settings import key_of
from benchfleet.profiles.writer import write_profile
from benchfleet.running.state import StateFolder

from tests.each_case import each_case
from tests.unit.run_parts import state

GOOD: dict[str, Any] = json.loads(state().model_dump_json())
PROCESS = {"pid": 7, "started": "x", "log": "l"}
EMULATOR = {"folder": "f", "ready_file": "r", "process": PROCESS, "api_port": 1, "aws_port": 2}
CHANGED: list[tuple[str, Any]] = [
            ("version", 2), ("version", None), ("created_at", "2026-01-01T00:00:00"), ("created_at", 1e300),
            ("created_at", []), ("run_id", 7), ("run_id", "../8"), ("run_id", "8"), ("config", []), ("slots", 0),
            ("slots", float("nan")), ("phase", "x"), ("providers", []), ("results_dir", "a\0b"),
            ("providers", {"local": {"runners": [PROCESS]}}), ("emulator", EMULATOR | {"api_port": 70_000}),
            ("emulator", EMULATOR | {"process": PROCESS | {"pid": 10**30}}), ("emulator", EMULATOR | {"folder": "\0"}),
            ("emulator", EMULATOR | {"process": PROCESS | {"pid": -1}}), ("run", {"status": "x"}),
]  # fmt: skip
NO_STATES: dict[str, bytes] = {
    "empty": b"",
    "array": b"[]",
    "null": b"null",
    "text": b'"x"',
    "number": b"1e999",
    "version only": b'{"version": 1}',
    "NaN": b"NaN",
    "deep": b"[" * 100_000,
    "deep inside": b'{"run_id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not text": b"\xff\xfe{}",
    "cut": json.dumps(GOOD).encode()[:-9],
    **{
        f"{name} {json.dumps(value)[:30]}": json.dumps(GOOD | {name: value}).encode()
        for name, value in CHANGED
    },
    "huge number": json.dumps(GOOD)[:-1].encode() + b', "slots": ' + b"9" * 5000 + b"}",
}  # fmt: skip


def fifo(path: Path) -> None:
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.mkdir()


def loop(path: Path) -> None:
    path.symlink_to(path)


def at(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir(exist_ok=True)
    return tmp_path / "runs" / "7.json"


@each_case("text", NO_STATES.values())
def test_what_is_json_and_no_state_is_told_in_one_line_with_path_and_remedy(tmp_path: Path, text: bytes) -> None:
    at(tmp_path).write_bytes(text)
    states = StateFolder(tmp_path)
    reads: list[Callable[[], object]] = [lambda: states.load("7"), states.latest]
    for read in reads:
        with pytest.raises(BenchfleetError) as raised:
            read()
        words = str(raised.value)
        assert words.startswith(f"{at(tmp_path)} is ")
        assert words.endswith("; restore it, or remove it and begin a new run")
        assert (words.isprintable(), len(words) < 400 + len(str(tmp_path)), raised.value.exit_code) == (True, True, 3)


@each_case("make", [fifo, folder, loop])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(at(tmp_path))
    with pytest.raises(BenchfleetError, match=r"^cannot read .*7\.json: .*; restore it, or remove it"):
        StateFolder(tmp_path).load("7")


def test_the_commands_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(FILE, str(tmp_path / "none.toml"))
    monkeypatch.delenv("BENCHFLEET_URL", raising=False)
    (tmp_path / ".benchfleet").mkdir()
    at(tmp_path / ".benchfleet").write_text("[]")
    commands = [
        ["run", "--resume", "7"],
        ["run", "--resume", "latest"],
        ["runs", "show", "7"],
        ["runs", "explain", "7"],
    ]
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            main(command)
        said = capsys.readouterr().err
        assert (ended.value.code, said.count("\n"), "7.json is not a valid state file" in said) == (3, 1, True), command


def test_broken_ones_beside_a_good_one_are_told(tmp_path: Path) -> None:
    states, told = StateFolder(tmp_path), list[str]()
    states.reserve("7")
    states.save(state())
    (tmp_path / "runs" / "9.json").write_text("[]")
    found = states.latest(told=told.append)
    assert (found and found.run_id, len(told), "9.json is not a valid state file" in told[0]) == ("7", 1, True)


@each_case(
    "text",
    [b"", b"[]", b"null", b'{"keys": []}', b'{"keys": {"admin": 1, "runner": 2}}', b"\xff", b"[" * 60_000]
    + [json.dumps({"api_url": url, "aws_endpoint_url": "http://x", "keys": {"admin": "geheim", "runner": "b"}}).encode()
       for url in ("", "x", "http://h:99999999", "file:///x", 7)],
)  # fmt: skip
def test_a_ready_file_that_is_none_is_told_without_a_key(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "ready.json"
    path.write_bytes(text)
    with pytest.raises(BenchfleetError, match=r"ready\.json is not a ready file of an emulator; end that") as raised:
        read_ready(path)
    assert "geheim" not in str(raised.value)


@each_case("make", [fifo, folder, loop])
def test_a_ready_file_that_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "ready.json")
    with pytest.raises(BenchfleetError, match=r"^cannot read .*ready\.json: "):
        read_ready(tmp_path / "ready.json")


@each_case(
    "text",
    [b"[]", b"null", b'"x"', b'profiles = "x"', b"profiles = 1", b"[profiles]\na = 1", b"default_profile = nan",
     b"[profiles.a]\napi_url = 7", b"a = " + b"[" * 100_000, b"a = " + b"9" * 5000, b"\xff", b"#" * 1_100_000],
)  # fmt: skip
def test_profiles_that_are_none_name_path_and_remedy(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as raised:
        read_profiles(path)
    assert str(path) in str(raised.value)
    assert "mend it" in str(raised.value) or "must be" in str(raised.value)
    before = path.read_bytes()
    with contextlib.suppress(ConfigError):  # a login mends some
        write_profile(path, "a", Profile("http://x", "k"))
        return
    assert path.read_bytes() == before


@each_case("make", [fifo, folder, loop])
def test_profiles_that_are_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "config.toml"
    make(path)
    for use in (read_profiles, lambda path: write_profile(path, "a", Profile("http://x", "k"))):
        with pytest.raises(ConfigError, match=r"config\.toml.*(mend|remove) it"):
            use(path)


def test_a_home_of_nobody_is_a_path_that_is_not_there() -> None:
    assert read_profiles(profile_file({FILE: "~nobody-of-that-name/x"})).profiles == {}
    with pytest.raises(BenchfleetError, match="No such file"):
        key_of("@~nobody-of-that-name/key", None, lambda words: None)


@each_case(
    "date",
    ["", "x", "0", "Mon, 01 Jan 99999 00:00:00 GMT", f"Mon, 01 Jan {'9' * 400} 00:00:00 GMT",
     "Mon, 01 Jan 0001 00:00:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 2026 00:00:00 +99999999999999",
     "Mon, 32 Jan 2026 25:61:61 GMT", "Mon, 01 Jan 2026 00:00:00 GMT, Mon, 01 Jan 2026 00:00:00 GMT", "\u0661"],
)  # fmt: skip
def test_odd_dates_of_an_api_are_no_traceback(date: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert all(check.name == "clock" for check in control_plane.clock(date, now=now))


@each_case("date", ["Thu, 01 Jan 2026 00:00:00", "Thu, 01 Jan 2026 00:00:00 -0000"])
def test_a_date_without_a_zone_is_utc(date: str) -> None:
    (found,) = control_plane.clock(date, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert found.outcome == "ok"


def test_a_clock_that_no_calendar_has_is_a_finding() -> None:
    def never() -> datetime:
        raise OverflowError("date value out of range")

    def up(path: str) -> control_plane.Answer:
        return control_plane.Answer(200, "Thu, 01 Jan 2026 00:00:00 GMT")

    found = {check.name: check for check in control_plane.control_plane("http://x", None, ask=up, now=never)}
    assert (found["clock"].outcome, "invalid date" in found["clock"].found) == ("fail", True)


@each_case("port", ["0", "-1", "65536", "99999999", "9" * 5000])
def test_a_port_that_cannot_be_is_wrong_use(port: str) -> None:
    with pytest.raises(UsageError, match="port"):
        read_base_url(f"http://h:{port}")
