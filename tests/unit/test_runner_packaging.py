"""Archives: what is in them, and that same files are same bytes."""

import hashlib
import os
import tarfile
from pathlib import Path

import pytest

from runner_image.delivery.packaging import pack


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "output.txt").write_text("text")
    (work / "a.json").write_text("{}")
    return work


def names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        return archive.getnames()


def test_plain_files_of_the_top_only(work: Path, tmp_path: Path) -> None:
    (work / "clone").mkdir()
    (work / "clone" / "secret").write_text("no")
    (tmp_path / "outside").write_text("no")
    (work / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(work / "pipe")
    (work / "result.tar.gz").write_bytes(b"an older one")

    package = pack(work, tmp_path / "error.tar.gz", extra={"metadata.json": b"{}", "error.txt": b"why\n"})

    assert names(package.path) == ["./a.json", "./error.txt", "./metadata.json", "./output.txt"]


def test_size_and_checksum_are_those_of_the_file(work: Path, tmp_path: Path) -> None:
    package = pack(work, tmp_path / "result.tar.gz", extra={})
    content = package.path.read_bytes()
    assert (package.size_bytes, package.sha256) == (len(content), hashlib.sha256(content).hexdigest())


def test_same_files_same_bytes(work: Path, tmp_path: Path) -> None:
    first = pack(work, tmp_path / "one.tar.gz", extra={"metadata.json": b"{}"})
    os.utime(work / "output.txt", (0, 0))
    (work / "output.txt").chmod(0o600)
    second = pack(work, tmp_path / "two.tar.gz", extra={"metadata.json": b"{}"})
    assert first.path.read_bytes() == second.path.read_bytes()


def test_given_content_wins_over_a_file_of_that_name(work: Path, tmp_path: Path) -> None:
    (work / "metadata.json").write_text("forged")
    package = pack(work, tmp_path / "result.tar.gz", extra={"metadata.json": b"true"})
    with tarfile.open(package.path) as archive:
        member = archive.extractfile("./metadata.json")
        assert member is not None
        assert member.read() == b"true"


def bytes_read() -> int:
    """By this process, since its start."""
    return int(Path("/proc/self/io").read_text(encoding="ascii").split()[1])


@pytest.mark.parametrize("size", [2 * 1024**3, 1024**4])
def test_a_file_that_is_one_hole_is_cut_before_it_is_read(work: Path, tmp_path: Path, size: int) -> None:
    (work / "output.json").write_text("{}")
    with (work / "core").open("wb") as file:
        file.write(b"head")
        file.truncate(size)
    before = bytes_read()
    package = pack(work, tmp_path / "result.tar.gz", extra={})
    assert bytes_read() - before < 200 * 1024**2
    assert package.cut.startswith("too large for the archive: core cut to beginning and end")
    with tarfile.open(package.path) as archive:
        sizes = {member.name: member.size for member in archive}
    assert sizes["./output.json"] == 2
    assert sizes["./core"] < 64 * 1024**2


def test_a_file_with_small_holes_stays_whole(work: Path, tmp_path: Path) -> None:
    block = os.urandom(256 * 1024)
    with (work / "table").open("wb") as file:
        for number in range(20):
            file.seek(number * 4 * 1024**2)
            file.write(block)
    package = pack(work, tmp_path / "result.tar.gz", extra={})
    assert package.cut == ""
    assert package.size_bytes > 20 * len(block)
