"""An archive is unpacked whole, bounded and inside its folder, or refused with nothing left behind."""

import gzip
import hashlib
import io
import sys
import tarfile
from pathlib import Path
from types import FrameType

import pytest
from benchfleet.exceptions import ArchiveError
from benchfleet.results.extract import Bounds, _replace, check, extract

from tests.each_case import each_case


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def plain(name: str, content: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), content


def link(name: str, target: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member, b""


def test_unpacks_files_in_folders(tmp_path: Path) -> None:
    extract(archive(tmp_path / "a.tar.gz", plain("box-1/output.json", b"{}")), tmp_path / "results" / "7")
    assert (tmp_path / "results" / "7" / "box-1" / "output.json").read_bytes() == b"{}"


def test_replaces_an_older_folder_entirely(tmp_path: Path) -> None:
    into = tmp_path / "7"
    extract(archive(tmp_path / "a.tar.gz", plain("old")), into)
    extract(archive(tmp_path / "b.tar.gz", plain("new")), into)
    assert [path.name for path in into.iterdir()] == ["new"]


@each_case(
    "member",
    [
        plain("../outside"),
        plain("a/../../outside"),
        plain("/".join("0123456789a")),
        link("a", "ok", tarfile.SYMTYPE),
        link("a", "../outside", tarfile.SYMTYPE),
        link("a", "/etc/passwd", tarfile.SYMTYPE),
        link("a", "../outside", tarfile.LNKTYPE),
        link("a", "", tarfile.CHRTYPE),
        link("a", "", tarfile.FIFOTYPE),
    ],
)
def test_refuses_what_leaves_the_folder_or_is_no_file(tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]) -> None:
    into = tmp_path / "results"
    with pytest.raises(ArchiveError):
        extract(archive(tmp_path / "a.tar.gz", plain("ok"), member), into)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_a_refused_archive_leaves_the_older_folder(tmp_path: Path) -> None:
    into = tmp_path / "7"
    extract(archive(tmp_path / "a.tar.gz", plain("kept")), into)
    with pytest.raises(ArchiveError):
        extract(archive(tmp_path / "b.tar.gz", plain("../x")), into)
    assert [path.name for path in into.iterdir()] == ["kept"]


@each_case("bounds", [Bounds(members=1), Bounds(total_bytes=1_500)])
def test_refuses_more_than_it_may_hold(tmp_path: Path, bounds: Bounds) -> None:
    path = archive(tmp_path / "a.tar.gz", plain("a", b"0" * 1_000), plain("b", b"0" * 1_000))
    with pytest.raises(ArchiveError, match="more than"):
        extract(path, tmp_path / "results", bounds=bounds)


def test_refuses_a_torn_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", plain("a", bytes(range(256)) * 400))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ArchiveError):
        extract(path, tmp_path / "results")
    with pytest.raises(ArchiveError, match="whole gzip"):
        check(path, sha256=None)


def test_reads_past_the_first_of_several_gzip_members(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.gz", plain("a", b"1" * 5_000), plain("b", b"2" * 5_000))
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole[:5_632]) + gzip.compress(whole[5_632:]))
    extract(path, tmp_path / "results")
    assert (tmp_path / "results" / "b").read_bytes() == b"2" * 5_000


def test_check_compares_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"hello"))
    check(path, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(ArchiveError, match="SHA-256"):
        check(path, sha256="0" * 64)


def test_check_refuses_what_is_not_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(b"<html>not an archive</html>")
    with pytest.raises(ArchiveError, match="whole gzip"):
        check(path, sha256=None)


def test_an_interrupt_while_it_replaces_loses_nothing(tmp_path: Path) -> None:
    """After the old folder was moved away, and before the new one is in its place."""
    into, fresh, old = tmp_path / "results", tmp_path / "fresh", tmp_path / "old"
    for folder in (into, fresh):
        folder.mkdir()
    (into / "kept").touch()

    def interrupt(frame: FrameType, event: str, argument: object) -> None:
        if old.exists() and fresh.exists() and not into.exists():
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            _replace(into, fresh, old=old)
    finally:
        sys.setprofile(None)
    assert [path.name for path in into.iterdir()] == ["kept"]


@each_case("records", [{"GNU.sparse.map": "a,b"}, {"GNU.sparse.size": "x", "GNU.sparse.offset": "y"}])
def test_a_header_that_makes_no_sense_is_a_damaged_archive(tmp_path: Path, records: dict[str, str]) -> None:
    strange = tarfile.TarInfo("a-1/output.json")
    strange.pax_headers = records
    with pytest.raises(ArchiveError, match="cannot be unpacked"):
        extract(archive(tmp_path / "a.tar.gz", (strange, b"")), tmp_path / "out")
    assert not (tmp_path / "out").exists()
