"""Which core each slot is pinned to. Runners of one machine agree by file locks, so that no two measure on one core.

A lock is held as long as its runner lives and dies with it. Runners in different containers do not see each other's
locks: give them disjoint CPU sets.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path


def spread(allowed: Sequence[int], *, root: Path = Path("/")) -> list[int]:
    """The cores in the order of their use: one hardware thread of each physical core first."""
    return sorted(allowed, key=lambda core: (_sibling_rank(core, root=root), core))


@contextmanager
def reserved(
    slots: int, *, allowed: Sequence[int] | None, locks: Path, order: Callable[[Sequence[int]], list[int]] = spread
) -> Iterator[list[int | None]]:
    """A free core for each slot, held inside the block; None for all of them where there are too few."""
    with ExitStack() as held:
        cores: list[int] = []
        if allowed and slots <= len(allowed):
            for core in order(allowed):
                if len(cores) < slots and _lock(locks / str(core), held=held):
                    cores.append(core)
        if len(cores) < slots:
            held.close()
            yield [None] * slots
        else:
            yield list(cores)


def locks_folder(temporary: Path) -> Path:
    """One folder per user: another user's files could not be locked."""
    return temporary / f"benchfleet-cores-{os.getuid()}"


def _lock(path: Path, *, held: ExitStack) -> bool:
    """Whether the lock was free; a folder that cannot be written counts as free, since nobody can agree there."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = held.enter_context(path.open("w"))
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _sibling_rank(core: int, *, root: Path) -> int:
    """0 for the first hardware thread of a physical core, 1 for the next; 0 where the system does not say."""
    try:
        text = (root / f"sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text()
        return _numbers(text).index(core)
    except (OSError, ValueError):
        return 0


def _numbers(text: str) -> list[int]:
    """`0,4` or `0-1` as a list."""
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return numbers
