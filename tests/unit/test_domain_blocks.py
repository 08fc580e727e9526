"""Blocks follow from numbers alone, so the arithmetic must never jump, skip or shrink."""

from itertools import pairwise

from benchfleet_contract.limits import MAX_TASKS
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.blocks import FIRST_SIZE, block_of, blocks_of, numbers_of
from tests.each_case import each_case

numbers = st.integers(min_value=1, max_value=10 * MAX_TASKS)


def test_every_task_up_to_the_limit_has_a_block_and_none_is_skipped() -> None:
    blocks = [block_of(number) for number in range(1, MAX_TASKS + 1)]
    assert blocks[0] == 0
    assert {after - before for before, after in pairwise(blocks)} == {0, 1}
    assert blocks[-1] + 1 == 61


def test_sizes_start_at_the_first_size_and_double_every_eight_blocks() -> None:
    sizes = [0] * 61
    for number in range(1, MAX_TASKS + 1):
        sizes[block_of(number)] += 1
    assert sizes[:16] == [FIRST_SIZE] * 16
    assert sizes[16:24] == [2 * FIRST_SIZE] * 8
    assert [sizes[first] for first in (24, 32, 40, 48)] == [4 * FIRST_SIZE, 8 * FIRST_SIZE, 16 * FIRST_SIZE, 4096]


@given(numbers, numbers)
def test_a_higher_number_never_has_a_lower_block(one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert block_of(low) <= block_of(high)
    assert blocks_of(low, high)[0] == block_of(low)
    assert blocks_of(low, high)[-1] == block_of(high)


@each_case(("number", "block"), [(1, 0), (128, 0), (129, 1), (1024, 7), (1025, 8), (2048, 15), (2049, 16)])
def test_borders(number: int, block: int) -> None:
    assert block_of(number) == block


@given(st.integers(min_value=0, max_value=80), numbers)
def test_the_numbers_of_a_block_are_those_whose_block_it_is(block: int, number: int) -> None:
    found = numbers_of(block)
    assert {block_of(found[0]), block_of(found[-1])} == {block}
    assert (number in found) == (block_of(number) == block)
