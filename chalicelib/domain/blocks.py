"""Which block, and so which DynamoDB partition, a task lives in.

The block follows from the task's number alone, so a heartbeat finds its item without asking anything else. Small runs
have one block; the number of blocks grows with the logarithm of the run: eight blocks of 128 tasks, then eight for each
doubling. 100,000 tasks make 61 blocks.
"""

FIRST_SIZE = 128
BLOCKS_PER_DOUBLING = 8
_EVEN = FIRST_SIZE * BLOCKS_PER_DOUBLING  # tasks in the evenly sized first blocks


def block_of(number: int) -> int:
    """The block of task `number` (1, 2, …)."""
    index = number - 1
    if index < _EVEN:
        return index // FIRST_SIZE
    doubling = (index // _EVEN).bit_length() - 1
    size = FIRST_SIZE << doubling
    return BLOCKS_PER_DOUBLING * (doubling + 1) + (index - (_EVEN << doubling)) // size


def numbers_of(block: int) -> range:
    """The numbers of the tasks of a block, in a run that is large enough to fill it."""
    if block < BLOCKS_PER_DOUBLING:
        start, size = FIRST_SIZE * block, FIRST_SIZE
    else:
        doubling, place = block // BLOCKS_PER_DOUBLING - 1, block % BLOCKS_PER_DOUBLING
        size = FIRST_SIZE << doubling
        start = (_EVEN << doubling) + place * size
    return range(start + 1, start + size + 1)


def blocks_of(first: int, last: int) -> range:
    """The blocks of the tasks `first` to `last`."""
    return range(block_of(first), block_of(last) + 1)
