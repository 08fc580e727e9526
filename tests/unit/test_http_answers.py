"""Answers are read the same, however the network cuts them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner_image.workloads.http.load.open_loop.answers import Answer, Answers, Malformed
from tests.each_case import each_case

PLAIN = b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\nDate: x\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"
TRAILERS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CLOSING = b"HTTP/1.1 500 Oh\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nno"
ALL = {
    PLAIN: (200, b"hello", False), CHUNKED: (200, b"hello", False), TRAILERS: (200, b"hello", False),
    CONTINUE: (200, b"hello", False), EMPTY: (204, b"", False), CLOSING: (500, b"no", True),
}  # fmt: skip


def fed(answers: Answers, raw: bytes, cuts: list[int]) -> list[Answer | None]:
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(raw)), len(raw)]
    return [answers.feed(raw[start:end]) for start, end in pairwise(edges)]


@pytest.mark.parametrize("raw", ALL)
@given(cuts=st.lists(st.integers(1, 120), max_size=6, unique=True))
def test_an_answer_is_whole_with_its_last_byte(raw: bytes, cuts: list[int]) -> None:
    answers = Answers()
    for _ in range(2):  # the second on the same connection
        *before, last = fed(answers, raw, cuts)
        assert before == [None] * len(before)
        assert last is not None
        assert (last.status, last.body, last.closes) == ALL[raw]


def test_a_body_may_end_with_its_connection() -> None:
    answers = Answers()
    assert answers.feed(b"HTTP/1.0 200 OK\r\n\r\nhel") is None
    assert answers.feed(b"lo") is None
    assert answers.end() == Answer(200, b"hello", 24, True)
    assert answers.end() is None


@each_case("raw", [PLAIN[:-1], CHUNKED[:-4], b"HTTP/1.1 200", b""])
def test_what_was_announced_and_did_not_come_is_no_answer(raw: bytes) -> None:
    answers = Answers()
    assert answers.feed(raw) is None
    assert answers.end() is None


@each_case(
    "head", [b"Content-Length: 1000000000000\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffffffffff\r\n"]
)
def test_an_answer_without_end_does_not_fill_the_memory(head: bytes) -> None:
    answers, pieces = Answers(), [b"HTTP/1.1 200 OK\r\n" + head, *[b"x" * 4_000_000] * 10]
    with pytest.raises(Malformed, match="an answer"):
        any(map(answers.feed, pieces))


def test_an_answer_to_head_has_no_body() -> None:
    found = Answers(bodiless=True).feed(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    assert found is not None
    assert (found.status, found.body) == (200, b"")


@each_case(
    "raw",
    [b"SSH-2.0-x\r\n\r\n", PLAIN + b"more", CHUNKED + CHUNKED, TRAILERS + PLAIN, EMPTY + EMPTY, CONTINUE + PLAIN,
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"x" * 70_000],
)  # fmt: skip
def test_nonsense_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Answers().feed(raw)
