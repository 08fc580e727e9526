"""A file is replaced in one step, or left as it was with nothing beside it."""

import stat
from pathlib import Path

import pytest
from benchfleet.local.files import replace_whole


def test_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for data in (b"old", b"new"):
        replace_whole(path, data)
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("a.json", b"new")]


def test_a_secret_is_its_owners_even_where_the_old_file_was_open(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_whole(path, b"new", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_replaced_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        replace_whole(tmp_path / "folder", b"new")
    assert [found.name for found in tmp_path.iterdir()] == ["folder"]
