"""Which block a claimer asks next."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.routing import EMPTY_FOR_MS, Routes
from tests.contract.records import LOCAL, NOW_MS, a_request

BLOCKS = (2, 3, 5, 8)


def visits(routes: Routes, runner: str = "one", *, now_ms: int = NOW_MS) -> list[int]:
    visited: list[int] = []
    while (block := routes.next("r", a_request(runner, now_ms=now_ms), set(visited))) is not None:
        visited.append(block)
    return visited


def test_where_nothing_is_known_the_first_block_is_asked() -> None:
    assert visits(Routes()) == [0]


@given(st.text(max_size=20))
def test_each_block_is_asked_once(runner: str) -> None:
    routes = Routes()
    routes.learn("r", LOCAL, BLOCKS)
    assert sorted(visits(routes, runner)) == list(BLOCKS)


def test_runners_start_at_different_blocks() -> None:
    routes = Routes()
    routes.learn("r", LOCAL, BLOCKS)
    assert {visits(routes, f"runner-{number}")[0] for number in range(40)} == set(BLOCKS)


def test_an_empty_block_is_asked_last_for_a_while() -> None:
    routes = Routes()
    routes.learn("r", LOCAL, BLOCKS)
    first = visits(routes)[0]
    routes.mark_empty(("r", LOCAL, first), now_ms=NOW_MS)
    assert visits(routes)[-1] == first
    assert visits(routes, now_ms=NOW_MS + EMPTY_FOR_MS)[0] == first


def test_a_process_that_lives_long_forgets_routes_and_does_not_grow() -> None:
    routes = Routes()
    for number in range(10_000):
        routes.learn(f"r{number}", LOCAL, BLOCKS)
    assert routes.known("r0", LOCAL) == routes.known("r9999", LOCAL) == BLOCKS
    routes.learn("one more", LOCAL, BLOCKS)
    assert (routes.known("r0", LOCAL), routes.known("one more", LOCAL)) == (None, BLOCKS)


def test_hints_of_empty_blocks_are_forgotten_too() -> None:
    routes = Routes()
    routes.learn("r", LOCAL, BLOCKS)
    first = visits(routes)[0]
    routes.mark_empty(("r", LOCAL, first), now_ms=NOW_MS)
    for number in range(9_999):
        routes.mark_empty(("r", LOCAL, 100 + number), now_ms=NOW_MS)
    assert visits(routes)[-1] == first
    routes.mark_empty(("r", LOCAL, 50), now_ms=NOW_MS)
    assert visits(routes)[0] == first
