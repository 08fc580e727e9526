import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.bundle import MOST_LOST, BundleReport, Source, write_bundle
from chalicelib.archive.errors import ObjectChanged
from chalicelib.archive.pack import TarGz
from chalicelib.archive.prefetch import Held
from chalicelib.archive.unpack import Limits
from tests.each_case import each_case
from tests.unit.archive_uploads import manifest_of, source, unpacked, upload_of, upload_with

RUN = b'{"id": "r"}'
GOOD = [("./output.txt", b"fast"), ("./metadata.json", b"{}")]


def bundled(sources: Iterable[Source], limits: Limits | None = None) -> tuple[bytes, BundleReport]:
    sink = io.BytesIO()
    report = write_bundle(sources, sink, run_document=RUN, manifest_header={"run_id": "r"}, limits=limits)
    return sink.getvalue(), report


def test_every_file_of_every_task_lies_in_its_folder() -> None:
    archive, report = bundled([source(1, upload_of(GOOD)), source(2, upload_of([("error.txt", b"why")]))])
    files = unpacked(archive)
    assert list(files) == ["run.json", "box-1/output.txt", "box-1/metadata.json", "box-2/error.txt", "manifest.json"]
    assert (files["run.json"], files["box-2/error.txt"]) == (RUN, b"why")
    assert report == BundleReport()


def test_the_manifest_tells_of_each_task_what_is_stored_and_what_is_not() -> None:
    truncated = upload_of(GOOD)[:-9]
    archive, report = bundled(
        [
            source(1, upload_of(GOOD)),
            source(2, truncated),
            source(3, None),
            source(4, None, key=None, status="cancelled"),
        ]
    )
    manifest = manifest_of(archive)
    assert (manifest["schema_version"], manifest["run_id"]) == (1, "r")
    assert manifest["totals"] == {"tasks": 4, "files": 1, "corrupt": 1, "missing": 1, "nothing": 1}
    assert [task["archived"] for task in manifest["tasks"]] == ["files", "corrupt", "missing", "nothing"]
    assert (report.missing, report.corrupt) == (["r.3"], ["r.2"])
    assert manifest["tasks"][0] == {
        "id": "r.1",
        "number": 1,
        "status": "completed",
        "folder": "box-1",
        "kind": "result",
        "object_key": "some/key",
        "archived": "files",
        "archived_reason": None,
        "path": "box-1/",
        "size_bytes": len(upload_of(GOOD)),
        "sha256": hashlib.sha256(upload_of(GOOD)).hexdigest(),
        "file_count": 2,
        "file_bytes": 6,
        "left_out": {},
    }


def test_a_corrupt_upload_is_stored_as_it_came_and_spoils_nobody_else() -> None:
    truncated = upload_of(GOOD)[:-9]
    archive, _ = bundled([source(1, truncated), source(2, upload_of(GOOD))])
    files = unpacked(archive)
    assert files["corrupt/box-1.tar.gz"] == truncated
    assert files["box-2/output.txt"] == b"fast"
    task = manifest_of(archive)["tasks"][0]
    assert (task["path"], task["archived_reason"]) == ("corrupt/box-1.tar.gz", "the gzip file is cut off")


def test_an_empty_upload_is_corrupt() -> None:
    archive, report = bundled([source(1, b"")])
    assert report.corrupt == ["r.1"]
    assert unpacked(archive)["corrupt/box-1.tar.gz"] == b""


def test_a_bomb_is_stored_packed() -> None:
    bomb = upload_of([("zeros", bytes(1_000_000))])
    archive, report = bundled([source(1, bomb)], Limits(free_bytes=1_000, max_ratio=2))
    assert report.corrupt == ["r.1"]
    assert unpacked(archive)["corrupt/box-1.tar.gz"] == bomb


def test_links_and_devices_are_left_out_and_counted() -> None:
    link, device = tarfile.TarInfo("link"), tarfile.TarInfo("null")
    link.type, link.linkname, device.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.CHRTYPE
    archive, _ = bundled([source(1, upload_with(link, device))])
    assert list(unpacked(archive)) == ["run.json", "manifest.json"]
    assert manifest_of(archive)["tasks"][0]["left_out"] == {"device": 1, "link": 1}


def test_a_run_without_tasks_has_an_archive_too() -> None:
    archive, _ = bundled([])
    assert list(unpacked(archive)) == ["run.json", "manifest.json"]
    assert manifest_of(archive)["tasks"] == []


def test_the_same_tasks_give_the_same_bytes() -> None:
    tasks = [source(1, upload_of(GOOD)), source(2, b"broken"), source(3, None)]
    assert bundled(tasks) == bundled(tasks)


def test_nothing_of_this_machine_is_in_the_archive() -> None:
    archive, _ = bundled([source(1, upload_of(GOOD))])
    assert archive[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        seen = {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in tar.getmembers()}
    assert seen == {(0, 0, 0, "", "", 0o644)}


def test_a_manifest_larger_than_its_share_of_memory_is_written_whole() -> None:
    archive, _ = bundled(source(number, None, reason="x" * 1_000) for number in range(1, 5_001))
    assert [task["number"] for task in manifest_of(archive)["tasks"]] == list(range(1, 5_001))


def test_a_file_that_is_not_as_long_as_announced_is_noticed() -> None:
    with pytest.raises(ValueError, match="3 bytes came instead of 4"):
        TarGz(io.BytesIO()).add("name", size_bytes=4, chunks=[b"abc"])


def test_a_file_larger_than_the_old_limit_of_eight_gigabytes_gets_a_header_that_says_so() -> None:
    sink = io.BytesIO()
    packer = TarGz(sink)
    with pytest.raises(ValueError, match="0 bytes came instead of 9663676416"):
        packer.add("large", size_bytes=9 * 1024**3, chunks=[])
    packer.close()
    header = gzip.decompress(sink.getvalue())
    assert b"size=9663676416" in header


@each_case("seal", [None, "sha256:" + hashlib.sha256(upload_of(GOOD)).hexdigest(), 'etag:"e"'])
def test_what_the_task_ended_with_is_taken(seal: str | None) -> None:
    archive, report = bundled([sealed(seal)])
    assert (report.whole, report.corrupt) == (1, [])
    assert "box-1/output.txt" in unpacked(archive)


@each_case(
    ("seal", "words"),
    [
        ("sha256:" + "0" * 64, "not what the task ended with"),
        ('etag:"other"', "replaced after the task had ended"),
        ("absent", "uploaded after the task had ended"),
    ],
)
def test_what_was_put_there_afterwards_is_kept_aside_and_told(seal: str, words: str) -> None:
    archive, report = bundled([sealed(seal)])
    files = unpacked(archive)
    assert (report.whole, report.corrupt) == (0, ["r.1"])
    assert words in report.flaws[0][2]
    assert files["corrupt/box-1.tar.gz"] == upload_of(GOOD)
    assert "box-1/output.txt" not in files
    assert words in manifest_of(archive)["tasks"][0]["archived_reason"]


def sealed(seal: str | None) -> Source:
    """A sound upload with the ETag `"e"`, and what was known of it when its task ended."""
    plain = source(1, upload_of(GOOD))
    return replace(plain, content=Held(upload_of(GOOD), '"e"'), seal=seal)


class Changing:
    """Content that is replaced, by one of the same length, after its first reading."""

    def __init__(self, *versions: bytes) -> None:
        self._versions = list(versions)
        self.size_bytes, self.etag = len(versions[0]), '"e"'

    def open(self) -> "io.BytesIO":
        return io.BytesIO(self._versions.pop(0))


def test_an_upload_that_turns_bad_between_its_readings_stops_the_build() -> None:
    good = upload_of(GOOD)
    changing = Changing(good, good[:-1] + b"?")
    with pytest.raises(ObjectChanged):
        bundled([Source("box-1", "key", "result", {"id": "r.1"}, changing)])


names = st.one_of(
    st.sampled_from(["../x", "/x", "a", "a/b", "A", "run.json", "..", "c\x07", "\udc80"]), st.text(max_size=8)
)


@given(
    st.lists(st.lists(st.tuples(names.filter(lambda n: "\0" not in n), st.binary(max_size=50)), max_size=5), max_size=4)
)
def test_whatever_the_uploads_contain_no_byte_is_lost_and_no_task_leaves_its_folder(
    tasks: list[list[tuple[str, bytes]]],
) -> None:
    tasks = [[(name or "_", data) for name, data in files if not name.endswith("/")] for files in tasks]
    uploads = [gzip.compress(gnu_tar(files)) for files in tasks]
    archive, report = bundled(source(number, data) for number, data in enumerate(uploads, start=1))
    assert report == BundleReport()
    stored = unpacked(archive)
    for number, files in enumerate(tasks, start=1):
        mine = [data for name, data in stored.items() if name.startswith(f"box-{number}/")]
        assert sorted(mine) == sorted(data for _, data in files)
    assert len(stored) == sum(map(len, tasks)) + 2


def gnu_tar(files: list[tuple[str, bytes]]) -> bytes:
    """As GNU tar writes it: names are bytes, so they need not be valid text."""
    out = io.BytesIO()
    for name, data in files:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        out.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512))
    return out.getvalue() + bytes(1024)


def test_what_is_whole_and_what_is_lost_is_counted_and_the_first_are_told() -> None:
    sources = [source(1, upload_of(GOOD)), source(2, upload_of(GOOD))]
    sources += [source(number, None) for number in range(3, 3 + MOST_LOST)]
    report = bundled([*sources, source(99, b"no tar")])[1]
    assert (report.whole, len(report.missing), report.corrupt) == (2, MOST_LOST, ["r.99"])
    assert (len(report.lost), len(report.flaws)) == (MOST_LOST, MOST_LOST + 1)
    assert report.lost[0] == ("r.3", "missing", "the uploaded object does not exist")
    assert report.flaws[-1][:2] == (99, "corrupt")


def test_what_is_no_file_is_left_out_and_counted_by_its_kind() -> None:
    infos = [tarfile.TarInfo(name) for name in ("a", "b", "c", "d")]
    for info, kind in zip(infos, (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE), strict=True):
        info.type = kind
    task = manifest_of(bundled([source(1, upload_with(*infos))])[0])["tasks"][0]
    assert task["left_out"] == {"link": 2, "pipe": 1}
