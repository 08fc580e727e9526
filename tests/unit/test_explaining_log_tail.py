"""The end of a log out of an archive that nobody can trust."""

import gzip
import io
import tarfile

from benchfleet.documents.printable import printable
from benchfleet.explaining.log_tail import LINES, log_tail
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def lines(archive: bytes) -> list[str]:
    tail = log_tail(archive, task_id="r.1")
    return tail.lines if tail else []


@each_case(
    ("names", "best"),
    [
        (["./error.txt", "./benchmark_output.txt", "./full_run.log"], "full_run.log"),
        (["error.txt", "output.txt"], "output.txt"),
        (["error.txt", "notes.txt", "x.stderr"], "x.stderr"),
        (["error.txt", "notes.txt"], "error.txt"),
        (["b.log", "error.txt"], "b.log"),
        (["metadata.json", "z.txt"], "z.txt"),
    ],
)
def test_the_most_telling_file_is_read(names: list[str], best: str) -> None:
    for order in (names, names[::-1]):
        tail = log_tail(packed({name: f"this is {name}".encode() for name in order}), task_id="r.1")
        assert tail
        assert (tail.file, tail.cut, tail.task_id) == (best, False, "r.1")
        assert tail.lines[0].endswith(best)


def test_an_empty_file_tells_nothing() -> None:
    assert lines(packed({"full_run.log": b" \n", "error.txt": b"boom\n"})) == ["boom"]
    assert log_tail(packed({"metadata.json": b"{}"}), task_id="r.1") is None
    assert log_tail(b"", task_id="r.1") is None


def test_only_the_last_lines_are_told_of_a_long_file() -> None:
    content = b"".join(b"line %d\n" % number for number in range(200_000))
    assert lines(packed({"output.txt": content})) == [f"line {number}" for number in range(199_980, 200_000)]


def test_links_and_folders_are_not_followed() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo("full_run.log")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    assert log_tail(out.getvalue(), task_id="r.1") is None


def test_an_archive_that_was_cut_off_tells_what_it_has() -> None:
    whole = packed({"error.txt": b"boom\n", "full_run.log": bytes(range(256)) * 4_000})
    tail = log_tail(whole[: len(whole) // 2], task_id="r.1")
    assert tail
    assert (tail.file, tail.cut, tail.lines) == ("error.txt", True, ["boom"])


def header(records: dict[str, str]) -> bytes:
    member = tarfile.TarInfo("a.log")
    member.pax_headers = records
    return member.tobuf(tarfile.PAX_FORMAT)


@each_case(
    "damage",
    [
        header({"GNU.sparse.map": "a,b"}),
        header({"GNU.sparse.size": "x", "GNU.sparse.offset": "y"}),
        header({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}) + b"no number\n".ljust(512, b"\0"),
        tarfile.TarInfo.create_pax_global_header({"a": "b"}) * 3_000,
    ],
)
def test_strange_headers_end_the_reading_and_nothing_else(damage: bytes) -> None:
    whole = gzip.decompress(packed({"output.txt": b"told"})).rstrip(b"\0")
    whole += b"\0" * (-len(whole) % 512)
    tail = log_tail(gzip.compress(whole + damage), task_id="r.1")
    assert tail is not None
    assert (tail.lines, tail.cut) == (["told"], True)


def test_a_bomb_is_given_up() -> None:
    header = tarfile.TarInfo("full_run.log")
    header.size = 129 * 1024**2
    bomb = gzip.compress(packed_plain({"error.txt": b"first\n"}) + header.tobuf() + bytes(header.size), 1)
    tail = log_tail(bomb, task_id="r.1")
    assert tail
    assert (tail.lines, tail.cut) == (["first"], True)


def packed_plain(files: dict[str, bytes]) -> bytes:
    """Members only, without the end of an archive."""
    whole = b""
    for name, content in files.items():
        member = tarfile.TarInfo(name)
        member.size = len(content)
        whole += member.tobuf() + content + bytes(-len(content) % 512)
    return whole


@given(st.binary(max_size=2_000))
def test_any_bytes_are_survived(noise: bytes) -> None:
    log_tail(noise, task_id="r.1")
    log_tail(gzip.compress(noise), task_id="r.1")


@given(st.dictionaries(st.sampled_from(["error.txt", "output.txt"]), st.binary(max_size=300)), st.integers(0, 400))
def test_no_control_character_and_no_more_lines_than_promised(files: dict[str, bytes], cut: int) -> None:
    found = lines(packed(files)[cut:])
    assert len(found) <= LINES
    assert all((line == printable(line) and line.isprintable()) or "\t" in line or not line.isascii() for line in found)


@each_case(
    ("said", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\tb\nc\rd\x00", "a\tb\ncd"),
        ("user\u202egpj.exe", "usergpj.exe"),
        ("\x9b31mred", "31mred"),
        ("Ünïcödé ✓", "Ünïcödé ✓"),
    ],
)
def test_terminals_are_not_steered(said: str, shown: str) -> None:
    assert printable(said) == shown


@given(st.text())
def test_what_is_printable_stays_so(text: str) -> None:
    assert printable(printable(text)) == printable(text)
    assert "\x1b" not in printable(text)
