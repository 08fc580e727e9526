"""How large a result may be, to the byte."""

from benchfleet_contract.bounds import FREE_BYTES, MAX_RATIO, MAX_UNPACKED_BYTES, level, unpacked_bytes
from hypothesis import given
from hypothesis import strategies as st

from tests.each_case import each_case


@each_case(
    ("packed", "unpacked"),
    [
        (0, FREE_BYTES),
        (FREE_BYTES // MAX_RATIO, FREE_BYTES),
        (FREE_BYTES // MAX_RATIO + 1, FREE_BYTES // MAX_RATIO * MAX_RATIO + MAX_RATIO),
        (1_000_000, 200_000_000),
        (MAX_UNPACKED_BYTES, MAX_UNPACKED_BYTES),
    ],
)
def test_what_an_upload_may_unpack_to(packed: int, unpacked: int) -> None:
    assert unpacked_bytes(packed) == unpacked


@each_case(
    ("sizes", "budget", "cap"),
    [
        ([], 10, 0),
        ([3, 4], 7, 4),  # exactly enough: all stay whole
        ([3, 4], 6, 3),
        ([4, 4], 7, 3),
        ([1, 100, 100], 101, 50),
        ([100, 1, 100], 101, 50),
        ([5], 0, 0),
        ([0, 0], 0, 0),
    ],
)
def test_the_cap_that_makes_sizes_fit(sizes: list[int], budget: int, cap: int) -> None:
    assert level(sizes, budget) == cap


@given(st.lists(st.integers(0, 100), max_size=8), st.integers(0, 500))
def test_with_the_cap_they_fit_and_with_a_larger_one_they_do_not(sizes: list[int], budget: int) -> None:
    cap = level(sizes, budget)
    assert sum(min(size, cap) for size in sizes) <= budget
    if sum(sizes) > budget:
        assert sum(min(size, cap + 1) for size in sizes) > budget
