"""Archives: what is in them, and that same files are same bytes."""

import hashlib
import os
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from benchfleet.results.extract import extract
from benchfleet_contract import bounds
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.bundle import Source, write_bundle
from chalicelib.archive.prefetch import Held
from runner_image.delivery.fitting import fitting
from runner_image.delivery.packaging import pack
from runner_image.delivery.tree import tree_of
from tests.variants import one_now


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


def put(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_regular_files_in_their_folders_and_nothing_else(work: Path, tmp_path: Path) -> None:
    for name in (
        "profile/server/cpu.svg",
        "suite/clone.rb",
        "profile/suite/kept.rb",
        ".home/pip.log",
        "a/.git/HEAD",
        ".rc",
    ):
        put(work / name)
    put(tmp_path / "outside" / "secret")
    (work / "link").symlink_to(tmp_path / "outside" / "secret")
    (work / "profile" / "folder").symlink_to(tmp_path / "outside")
    os.mkfifo(work / "profile" / "pipe")
    (work / "result.tar.gz").write_bytes(b"an older one")
    (work / "empty").mkdir()

    extra = {"metadata.json": b"{}", "error.txt": b"why\n"}
    package = pack(work, tmp_path / "error.tar.gz", extra=extra, scratch=["suite"])

    below = ["./profile/server/cpu.svg", "./profile/suite/kept.rb"]
    assert names(package.path) == ["./.rc", "./a.json", "./error.txt", "./metadata.json", "./output.txt", *below]
    assert package.cut == ""


def test_what_is_too_deep_or_too_much_is_left_out_and_told(work: Path, tmp_path: Path) -> None:
    put(work / "1/2/3/4/5/6/7/whole.txt")
    put(work / "1/2/3/4/5/6/7/8/deep.txt")
    package = pack(work, tmp_path / "result.tar.gz", extra={})
    assert names(package.path) == ["./1/2/3/4/5/6/7/whole.txt", "./a.json", "./output.txt"]
    assert package.cut == "left out of the archive: 1 folders below 7 others"
    tree = tree_of(work, most_entries=2)
    assert (len(tree.sizes), tree.words) == (1, "1 folders with more than 2 files in all")


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    assert tree_of(tmp_path / "gone").words == "1 folders that cannot be read"


def test_where_files_must_go_the_deepest_go_first() -> None:
    plan = fitting(
        {f"a/{n}": 1 for n in range(20_000)} | {"z": 1, "output.json": 1}, whole={"output.json"}, budget=10**9
    )
    assert {"z", "output.json"} <= set(plan.names)
    assert len(plan.names) * 2 <= bounds.MAX_MEMBERS


part = st.binary(min_size=1, max_size=120).filter(
    lambda raw: not {b"/", b"\0"} & {raw[n : n + 1] for n in range(len(raw))}
)
paths = st.lists(part.filter(lambda raw: raw[:1] != b"."), min_size=1, max_size=bounds.MAX_DEPTH)


@given(st.lists(paths, min_size=1, max_size=8))
def test_whatever_the_names_every_file_arrives_inside_its_tasks_folder(trees: list[list[bytes]]) -> None:
    """From the work dir through the control plane's archive to a folder of the user."""
    with TemporaryDirectory() as name:
        root, made = Path(name), set[bytes]()
        (root / "work").mkdir()
        for number, parts in enumerate(trees):
            made |= _made(os.fsencode(root / "work"), parts, str(number).encode())
        package = pack(root / "work", root / "result.tar.gz", extra={})
        _archived(package.path, root / "run.tar.gz")
        extract(root / "run.tar.gz", root / "results")
        found = {path.read_bytes() for path in (root / "results" / "box-1").rglob("*") if path.is_file()}
        assert found == made
        assert package.cut == ""
        assert sorted(path.name for path in (root / "results").iterdir()) == ["box-1", "manifest.json", "run.json"]


def _made(root: bytes, parts: list[bytes], content: bytes) -> set[bytes]:
    """Writes the file, unless another one stands in its way."""
    path = os.path.join(root, *parts)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "xb") as file:
            file.write(content)
    except OSError:
        return set()
    return {content}


def _archived(package: Path, run: Path) -> None:
    """As the control plane does it."""
    content = Held(package.read_bytes())
    source = Source("box-1", key="k", kind="result", task={"id": "r.1", "number": 1}, content=content)
    with run.open("wb") as sink:
        report = write_bundle([source], sink, run_document=b"{}", manifest_header={"run_id": "r"})
    assert (report.whole, report.corrupt) == (1, [])


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


@pytest.mark.parametrize("size", one_now(1024**4, 2 * 1024**3))
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


@pytest.mark.proof
def test_a_file_with_small_holes_stays_whole(work: Path, tmp_path: Path) -> None:
    block = os.urandom(256 * 1024)
    with (work / "table").open("wb") as file:
        for number in range(20):
            file.seek(number * 4 * 1024**2)
            file.write(block)
    package = pack(work, tmp_path / "result.tar.gz", extra={})
    assert package.cut == ""
    assert package.size_bytes > 20 * len(block)
