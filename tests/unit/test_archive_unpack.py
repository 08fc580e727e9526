import contextlib
import gzip
import io
import random
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.errors import CorruptObject
from chalicelib.archive.unpack import Limits, members, pax_records
from tests.each_case import each_case
from tests.unit.archive_uploads import tar_of, upload_of, upload_with

FILES = [("./output.json", b'{"a": 1}'), ("empty", b""), ("block", b"x" * 512), ("d/" + "n" * 300, b"y" * 2_000)]
FORMATS = [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]


def listed(upload: bytes, limits: Limits | None = None) -> list[tuple[str, str, bytes]]:
    found = members(io.BytesIO(upload), packed_bytes=len(upload), limits=limits or Limits())
    return [(member.name, member.kind, b"".join(member.chunks)) for member in found]


def files_in(upload: bytes) -> list[tuple[str, bytes]]:
    return [(name, data) for name, kind, data in listed(upload) if kind == "file"]


@each_case("format", FORMATS)
def test_files_of_both_common_tar_formats_are_read(format: int) -> None:
    assert files_in(upload_of(FILES, format=format)) == FILES


def test_ustar_with_its_split_names_is_read() -> None:
    files = [("a" * 60 + "/" + "b" * 60, b"data")]
    assert files_in(upload_of(files, format=tarfile.USTAR_FORMAT)) == files


@given(
    st.lists(
        st.tuples(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=200), st.binary(max_size=3_000)),
        max_size=6,
    )
)
def test_whatever_tarfile_writes_is_read_back(files: list[tuple[str, bytes]]) -> None:
    files = [(name, data) for name, data in files if not name.endswith("/") and encodable(name)]
    assert files_in(upload_of(files)) == files


def encodable(name: str) -> bool:
    try:
        return bool(name.encode())
    except UnicodeEncodeError:
        return False


def test_contents_that_nobody_reads_are_skipped() -> None:
    upload = upload_of(FILES)
    names = [m.name for m in members(io.BytesIO(upload), packed_bytes=len(upload), limits=Limits())]
    assert names == [name for name, _ in FILES]


def test_links_devices_pipes_and_folders_are_told_apart_from_files() -> None:
    kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
    infos = []
    for number, kind in enumerate(kinds):
        info = tarfile.TarInfo(str(number))
        info.type, info.linkname = kind, "../../etc/passwd"
        infos.append(info)
    assert [kind for _, kind, _ in listed(upload_with(*infos))] == [
        "link",
        "link",
        "device",
        "device",
        "pipe",
        "folder",
    ]


def test_gzip_members_that_follow_each_other_and_zero_padding_are_one_file() -> None:
    tar = tar_of(FILES)
    upload = b"".join(gzip.compress(tar[start : start + 700]) for start in range(0, len(tar), 700)) + bytes(100)
    assert files_in(upload) == FILES


@pytest.mark.parametrize("format", FORMATS)
def test_an_upload_cut_off_at_any_byte_is_corrupt(format: int) -> None:
    upload = upload_of(FILES[:2], format=format)
    for length in range(len(upload)):
        with pytest.raises(CorruptObject):
            listed(upload[:length])


def test_a_tar_cut_off_before_it_was_compressed_is_corrupt_at_any_byte() -> None:
    tar = tar_of(FILES[:2], format=tarfile.USTAR_FORMAT)
    end = len(tar.rstrip(b"\0")) // 512 * 512 + 512  # without the zero blocks that say that it is whole
    for length in range(0, end + 1, 7):
        with pytest.raises(CorruptObject, match="cut off"):
            listed(gzip.compress(tar[:length]))


@given(st.data())
def test_a_damaged_byte_is_corrupt_or_makes_no_difference(data: st.DataObject) -> None:
    upload = bytearray(upload_of(FILES))
    upload[data.draw(st.integers(0, len(upload) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(CorruptObject):
        assert files_in(bytes(upload)) == FILES  # such as a flag that no reader looks at


@given(st.binary(max_size=2_000))
def test_anything_else_is_corrupt_and_nothing_worse(noise: bytes) -> None:
    for upload in (noise, gzip.compress(noise)):
        with pytest.raises(CorruptObject):
            listed(upload)


@given(st.data())
def test_a_damaged_tar_inside_a_sound_gzip_never_does_worse_than_corrupt(data: st.DataObject) -> None:
    tar = bytearray(tar_of(FILES))
    for _ in range(data.draw(st.integers(1, 8))):
        tar[data.draw(st.integers(0, len(tar) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptObject):
        listed(gzip.compress(bytes(tar)))


def test_a_damaged_header_behind_the_first_member_is_not_taken_for_the_end() -> None:
    tar = bytearray(tar_of([("a", b"1"), ("b", b"2")], format=tarfile.USTAR_FORMAT))
    tar[1024] ^= 0xFF
    with pytest.raises(CorruptObject, match="damaged tar header"):
        listed(gzip.compress(bytes(tar)))


def test_bytes_behind_the_end_of_a_gzip_are_corrupt() -> None:
    with pytest.raises(CorruptObject, match="gzip"):
        listed(upload_of(FILES) + b"more")


def test_a_bomb_is_stopped_by_what_it_unpacks_to() -> None:
    bomb = upload_of([("zeros", bytes(2_000_000))])
    limits = Limits(free_bytes=100_000, max_ratio=20)
    with pytest.raises(CorruptObject, match="unpacks to more than"):
        listed(bomb, limits)
    assert len(listed(bomb, Limits(free_bytes=3_000_000))) == 1


def test_a_bomb_of_members_is_stopped() -> None:
    upload = upload_of([(str(number), b"") for number in range(50)], format=tarfile.USTAR_FORMAT)
    with pytest.raises(CorruptObject, match="more than 50 tar headers"):
        listed(upload, Limits(max_members=50))
    assert len(listed(upload, Limits(max_members=51))) == 50


def test_a_bomb_of_gzip_members_is_stopped() -> None:
    with pytest.raises(CorruptObject, match="gzip members"):
        listed(gzip.compress(b"") * 100_001)


def test_a_long_name_of_gigabytes_is_refused_by_its_declared_size() -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 2**30
    with pytest.raises(CorruptObject, match="extended tar header of 1073741824 bytes"):
        listed(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(4096)))


@each_case("records", [b"8 path=x\n", b"nonsense", b"0 a=b\n", b"99 path=abc\n", b"11 size=-1\n", b"10 size=xx\n"])
def test_a_damaged_extended_header_is_corrupt(records: bytes) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, len(records)
    header = info.tobuf(tarfile.USTAR_FORMAT) + records.ljust(512, b"\0")
    body = tarfile.TarInfo("file").tobuf(tarfile.USTAR_FORMAT) + bytes(1024)
    with pytest.raises(CorruptObject):
        listed(gzip.compress(header + body))


def test_sparse_members_are_refused_not_misread() -> None:
    info = tarfile.TarInfo("hole")
    info.type = tarfile.GNUTYPE_SPARSE
    with pytest.raises(CorruptObject, match="sparse"):
        listed(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))


def test_reading_holds_little_of_a_large_upload_in_memory() -> None:
    largest = 0
    packed = gzip.compress(tar_of([("noise", random.Random(1).randbytes(3_000_000)), ("zeros", bytes(9_000_000))]))
    for member in members(io.BytesIO(packed), packed_bytes=len(packed), limits=Limits()):
        largest = max(largest, *map(len, member.chunks))
    assert largest <= 1024**2


@each_case(
    "data",
    [
        b"8 a=b\n", b"5 a=b\n", b"6 ab\n", b"6 a=bX", b" a=b\n", b"x a=b\n", b"0 a=b\n", b"2 a=b\n", b"-6 a=b\n",
        b"6 a=b\n3 \n", b"6 a=b\njunk", b"6a=b\n", b"0" * 20 + b"27 a=b\n",
    ],
)  # fmt: skip
def test_a_damaged_extended_header_is_a_fault_and_no_endless_loop(data: bytes) -> None:
    with pytest.raises(CorruptObject, match="damaged extended tar header"):
        pax_records(data)


def test_records_of_an_extended_header() -> None:
    assert pax_records(b"6 a=b\n9 path==\n") == {"a": "b", "path": "="}
    assert pax_records(b"") == {}


def test_an_upload_of_nothing_is_empty_and_no_tar() -> None:
    with pytest.raises(CorruptObject, match="empty"):
        listed(b"")


def test_zeros_behind_the_end_are_padding_however_many() -> None:
    upload = upload_of(FILES)
    for zeros in (1, 70_000, 200_000):
        assert files_in(upload + b"\0" * zeros) == FILES
    assert files_in(upload + b"\0" * 70_000 + gzip.compress(b"")) == FILES
    with pytest.raises(CorruptObject, match="gzip"):
        listed(upload + b"\0" * 70_000 + b"rubbish")


def test_zeros_before_the_first_byte_are_no_padding() -> None:
    with pytest.raises(CorruptObject, match="gzip"):
        listed(b"\0" * 5 + upload_of(FILES))


def test_defaults_of_a_whole_archive_name_no_file() -> None:
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": "c" * 900}
    ) as tar:
        tar.addfile(tarfile.TarInfo("a"))
    assert files_in(buffer.getvalue()) == [("a", b"")]


def test_a_kind_that_nobody_knows_is_another() -> None:
    info = tarfile.TarInfo("a")
    info.type = b"Z"
    assert [kind for _, kind, _ in listed(upload_with(info))] == ["other"]


@each_case("pax", [{"GNU.sparse.major": "1"}, {"GNU.sparse.map": "0,1"}, {"size": "9" * 20}, {"size": "x"}])
def test_a_member_whose_content_cannot_be_told_is_a_fault(pax: dict[str, str]) -> None:
    info = tarfile.TarInfo("a")
    info.pax_headers = pax
    with pytest.raises(CorruptObject, match=r"sparse|sane size"):
        listed(upload_with(info))
