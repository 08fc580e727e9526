import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

from benchfleet_contract.bounds import MAX_DEPTH, MAX_PART_BYTES
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.archive.names import MemberNames
from tests.each_case import each_case

hostile = st.lists(
    st.one_of(
        st.sampled_from(
            ["..", ".", "", "a", "A", "b", "a~2", "C:", "\\", "x" * 300, "é", "e\u0301", "a\x00b", "\u202e", "\udc80"]
        ),
        st.text(max_size=12),
    ),
    min_size=1,
    max_size=12,
).map("/".join)


@each_case(
    ("name", "stored"),
    [
        ("./output.txt", "output.txt"),
        ("sub/output.json", "sub/output.json"),
        ("/etc/passwd", "etc/passwd"),
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("a\\..\\b", "a_.._b"),
        ("C:evil", "C_evil"),
        ("a\nb\x1b[31m", "a_b_[31m"),
        ("", "_"),
        ("..", "_"),
        ("bad\udc80byte", "bad_byte"),
        ("a b/ç.txt", "a b/ç.txt"),
        ("1/2/3/4/5/6/7/8/9/10", "1/2/3/4/5/6/7/8_9_10"),
    ],
)
def test_a_name_is_made_safe(name: str, stored: str) -> None:
    assert MemberNames().place(name) == stored


def test_equal_names_are_told_apart_in_order() -> None:
    names = MemberNames()
    assert [names.place(name) for name in ("a.txt", "a.txt", "A.TXT", "a~2.txt")] == [
        "a.txt",
        "a~2.txt",
        "A~3.TXT",
        "a~2~2.txt",
    ]


def test_a_file_that_is_also_a_folder_moves_aside_and_the_folder_stays_one() -> None:
    names = MemberNames()
    assert [names.place(name) for name in ("a", "a/x", "a/y", "b/x", "b")] == ["a", "a~2/x", "a~2/y", "b/x", "b~2"]


def test_a_long_name_keeps_its_extension() -> None:
    stored = MemberNames().place("é" * 200 + ".json")
    assert stored.endswith("é.json")
    assert len(stored.encode()) <= MAX_PART_BYTES


def test_ten_thousand_equal_names_are_placed_in_linear_time() -> None:
    names = MemberNames()
    assert len({names.place("same") for _ in range(10_000)}) == 10_000


@given(st.lists(hostile, max_size=30))
def test_whatever_the_names_they_stay_inside_and_never_meet(raw: list[str]) -> None:
    names = MemberNames()
    placed = [names.place(name) for name in raw]
    folded = {unicodedata.normalize("NFC", name.casefold()) for name in placed}
    assert len(folded) == len(raw)
    for name in placed:
        assert_harmless(name)
        assert not any(other.startswith(unicodedata.normalize("NFC", name.casefold()) + "/") for other in folded)


@given(st.lists(hostile, max_size=30))
def test_the_same_names_are_placed_the_same_way(raw: list[str]) -> None:
    first, second = MemberNames(), MemberNames()
    assert [first.place(name) for name in raw] == [second.place(name) for name in raw]


def assert_harmless(name: str) -> None:
    parts = PurePosixPath(name).parts
    assert not PurePosixPath(name).is_absolute()
    assert not PureWindowsPath(name).is_absolute()
    assert PureWindowsPath(name).parts == parts
    assert ".." not in parts
    assert len(parts) <= MAX_DEPTH
    assert name.isprintable()
    name.encode()
