"""The state folder: one owner, nothing of anybody else's, and a document that is what an emulator writes."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_emulator.errors import StateFolderBusy, StateFolderUnusable
from local_emulator.state.document import fault_of
from local_emulator.state.folder import StateFolder
from local_emulator.state.reserve import STEP_BYTES, Reserve, allocate
from tests.each_case import each_case

GOOD: dict[str, Any] = {
    "table": {"items": [{"pk": {"S": "a"}, "n": {"B": b"bytes"}}], "stream": {"next": 1, "unread": []}},
    "objects": [],
    "queues": {"q": ["body"]},
    "schedules": [],
    "parameters": {"/name": "value"},
    "extra": {"keys": {"admin": "a", "runner": "r", "reader": "x"}, "credentials": ["id", "secret"]},
}
STORED: dict[str, Any] = {
    "key": "k", "file": "0" * 64, "etag": None, "last_modified": "2026-01-01T00:00:00+00:00", "metadata": {},
    "checksum_algorithm": None, "checksum_value": None, "checksum_type": None, "checksum_parts": None,
}  # fmt: skip


def test_a_state_folder_has_one_owner(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s"), pytest.raises(StateFolderBusy, match=str(os.getpid())):
        StateFolder(tmp_path / "s")
    StateFolder(tmp_path / "s").close()


def test_a_document_comes_back_with_its_objects_and_the_rest_is_cleared(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s") as folder:
        assert folder.load() is None
        for name in ("kept", "orphan"):
            folder.write_object(name, name.encode())
        folder.save(GOOD, objects={"kept"})
    (tmp_path / "s" / ".state.json.0123").touch()  # of one that was killed while it wrote
    with StateFolder(tmp_path / "s") as folder:
        assert folder.load() == GOOD | {"version": 2}
        assert folder.read_object("kept") == b"kept"
        assert not folder.has_object("orphan")
        assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
        assert {file.name for file in (tmp_path / "s").iterdir()} == {"lock", "objects", "state.json"}


class Disk:
    """One on which others leave no room but the reserve's, as long as `full`."""

    def __init__(self, folder: Path) -> None:
        self.full, self._reserve = False, folder / "reserve"

    def write(self, path: Path, data: bytes) -> None:
        if self.full and self._reserve.exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(data)

    def allocate(self, file: int, size_bytes: int) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        allocate(file, size_bytes)


def test_a_disk_that_fills_up_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    with StateFolder(tmp_path, write=disk.write, allocate=disk.allocate) as folder:
        folder.save(GOOD, objects=set())
        assert (tmp_path / "reserve").stat().st_blocks * 512 >= STEP_BYTES
        disk.full = True
        folder.write_object("0" * 64, b"late")
        with pytest.raises(OSError, match="No space left on device for a reserve of"):
            folder.save(GOOD | {"queues": {"q": ["late"]}}, objects={"0" * 64})
        kept = folder.load()
        assert kept is not None
        assert (kept["queues"], folder.read_object("0" * 64)) == ({"q": ["late"]}, b"late")
        disk.full = False
        folder.save(GOOD, objects=set())
        assert (tmp_path / "reserve").exists()
    assert not (tmp_path / "reserve").exists()


def test_a_disk_without_room_for_a_reserve_is_full(tmp_path: Path) -> None:
    disk = Disk(tmp_path)
    disk.full = True
    with StateFolder(tmp_path, write=disk.write, allocate=disk.allocate) as folder:
        with pytest.raises(OSError, match="for a reserve"):
            folder.save(GOOD, objects=set())
        assert not (tmp_path / "reserve").exists()


def test_another_fault_does_not_take_the_reserve(tmp_path: Path) -> None:
    def fail(path: Path, data: bytes) -> None:
        raise OSError(errno.EIO, "Input/output error")

    StateFolder(tmp_path).close()
    (tmp_path / "reserve").touch()
    with StateFolder(tmp_path, write=fail) as folder:
        with pytest.raises(OSError, match="Input/output"):
            folder.save(GOOD, objects=set())
        assert (tmp_path / "reserve").exists()


def test_a_reserve_grows_with_the_document(tmp_path: Path) -> None:
    sizes = list[int]()

    def allocate(file: int, size_bytes: int) -> None:
        sizes.append(size_bytes)
        os.truncate(file, size_bytes)

    reserve = Reserve(tmp_path / "reserve", allocate)
    for document_bytes in (1, STEP_BYTES // 2, STEP_BYTES, 1):
        reserve.refill(document_bytes=document_bytes)
    assert sizes == [STEP_BYTES, 2 * STEP_BYTES, 3 * STEP_BYTES]


def changed(change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(json.dumps(GOOD | {"version": 2, "table": {"items": []}}))
    change(document)
    return json.dumps(document)


BROKEN = {
    "no JSON": "{",
    "empty": "",
    "no text": "\udcff",
    "deep": "[" * 100_000,
    "other version": '{"version": 99}',
    "older version": '{"version": 1}',
    "true": '{"version": true}',
    "float": '{"version": 2.0}',
    "list": "[]",
    "number": "7",
    "null": "null",
    "version only": '{"version": 2}',
    "bytes that are none": '{"version": {"base64 of bytes": 7}}',
    "extra": changed(lambda d: d.update(extra=7)),
    "no table": changed(lambda d: d.pop("table")),
    "no key": changed(lambda d: d["extra"]["keys"].pop("admin")),
    "empty key": changed(lambda d: d["extra"]["keys"].update(admin="")),
    "one credential": changed(lambda d: d["extra"].update(credentials=["id"])),
    "items": changed(lambda d: d["table"].update(items={"a": 1})),
    "an item": changed(lambda d: d["table"].update(items=[7])),
    "an attribute": changed(lambda d: d["table"].update(items=[{"pk": "a"}])),
    "stream": changed(lambda d: d["table"].update(stream={"next": "1", "unread": []})),
    "queues": changed(lambda d: d.update(queues=["a"])),
    "parameters": changed(lambda d: d.update(parameters={"/n": 7})),
    "object without its file": changed(lambda d: d.update(objects=[{"key": "k"}])),
    "object elsewhere": changed(lambda d: d.update(objects=[STORED | {"file": "../../etc/passwd"}])),
}


@each_case("name", BROKEN)
def test_a_document_that_is_not_ours_is_refused(tmp_path: Path, name: str) -> None:
    with StateFolder(tmp_path / "s") as folder:
        (tmp_path / "s" / "state.json").write_text(BROKEN[name], errors="surrogateescape")
        with pytest.raises(StateFolderUnusable, match=r"its state\.json is not .*; pass an empty or another") as caught:
            folder.load()
    assert str(tmp_path / "s") in str(caught.value)


def test_a_document_that_is_no_file_is_refused(tmp_path: Path) -> None:
    with StateFolder(tmp_path / "s") as folder:
        os.mkfifo(tmp_path / "s" / "state.json")
        with pytest.raises(StateFolderUnusable, match="no file"):
            folder.load()


def test_a_fault_is_told_without_the_keys() -> None:
    fault = fault_of(GOOD | {"version": 2, "extra": {"keys": {"admin": "s3cret", "runner": 7}, "credentials": []}})
    assert fault is not None
    assert "extra.keys" in fault
    assert "s3cret" not in fault


def test_a_stored_object_is_no_fault() -> None:
    assert fault_of(GOOD | {"version": 2, "objects": [STORED]}) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_is_judged(value: Any) -> None:
    assert fault_of(value)
    for field in GOOD:
        fault_of(GOOD | {"version": 2, field: value})


@each_case("names", [["notes.txt"], ["lock"], ["objects"], ["state.json"], [".hidden"], ["a", "lock"]])
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, names: list[str]) -> None:
    tmp_path.chmod(0o755)
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(StateFolderUnusable, match=r"holds files, and none of an emulator; pass an empty") as caught:
        StateFolder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert {file.name for file in tmp_path.iterdir()} == set(names)


@each_case("names", [[], ["lost+found"], ["objects", "lock"], ["objects", "lock", "state.json", "notes"]])
def test_a_folder_that_is_empty_or_ours_is_taken(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name in ("objects", "lost+found") else (tmp_path / name).touch()
    StateFolder(tmp_path).close()
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_an_object_that_is_gone_is_named(tmp_path: Path) -> None:
    with (
        StateFolder(tmp_path) as folder,
        pytest.raises(StateFolderUnusable, match=r"its objects/abc cannot be read: No such"),
    ):
        folder.read_object("abc")


def test_a_lock_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "s" / "objects").mkdir(parents=True)
    (tmp_path / "s" / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(StateFolderUnusable):
        StateFolder(tmp_path / "s")
    assert (tmp_path / "mine").read_text() == "precious"
