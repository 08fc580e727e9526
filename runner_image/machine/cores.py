"""Which cores each slot is pinned to. Runners of one machine agree by file locks, so that no two measure on one core.

A lock is held as long as its runner lives and dies with it. Runners in different containers do not see each other's
locks: give them disjoint CPU sets.
"""

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

from runner_image import core_lists


def spread(allowed: Sequence[int], *, wanted: int = 1, root: Path = Path("/")) -> list[int]:
    """The cores in the order of their use: one hardware thread of each physical core first.

    Where more are wanted than there are physical cores, threads of one core follow each other: two slots share none.
    """
    ranks = {core: siblings(core, root=root) for core in allowed}
    first = [core for core in allowed if ranks[core].index(core) == 0]
    if wanted <= len(first):
        return sorted(allowed, key=lambda core: (ranks[core].index(core), core))
    return sorted(allowed, key=lambda core: (ranks[core][0], core))


class Order(Protocol):
    """Sorts the cores for their use, of which `wanted` will be taken."""

    def __call__(self, allowed: Sequence[int], *, wanted: int) -> list[int]: ...


def fitting(slots: int, *, per_slot: int, allowed: Sequence[int] | None) -> int:
    """So many of these slots as have cores of their own on this machine, and at least one; all where it does not tell."""
    return slots if allowed is None else max(1, min(slots, len(allowed) // per_slot))


@contextmanager
def reserved(
    slots: int, *, per_slot: int = 1, allowed: Sequence[int] | None, locks: Path, order: Order = spread
) -> Iterator[list[tuple[int, ...]]]:
    """Free cores for each slot, held inside the block; none for any of them where there are too few."""
    wanted = slots * per_slot
    with ExitStack() as held:
        cores: list[int] = []
        if allowed and wanted <= len(allowed):
            for core in order(allowed, wanted=wanted):
                if len(cores) < wanted and _lock(locks / str(core), held=held):
                    cores.append(core)
        if len(cores) < wanted:
            held.close()
            yield [()] * slots
        else:
            yield [tuple(sorted(cores[start : start + per_slot])) for start in range(0, wanted, per_slot)]


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


def beside(allowed: Collection[int], measured: Collection[int], *, root: Path = Path("/")) -> list[int]:
    """The cores for what must not disturb `measured`: apart from their hardware threads, if there are such, else from them.

    All that are allowed where nothing is measured, or where every core is.
    """
    free = sorted(set(allowed) - set(measured))
    apart = [core for core in free if not set(siblings(core, root=root)) & set(measured)]
    return apart or free or sorted(allowed)


def taken(folder: Path, locks: str) -> frozenset[int]:
    """The cores that runners hold now. `folder` is `locks_folder`, `locks` the text of /proc/locks.

    Looking disturbs nobody: to try the locks would keep a runner from them at that moment.
    """
    words = (line.split() for line in locks.splitlines())
    held = {found[5].rpartition(":")[2] for found in words if len(found) > 5 and found[1] == "FLOCK"}
    try:
        files = [file for file in folder.iterdir() if file.name.isdigit()]
        return frozenset(int(file.name) for file in files if str(file.stat().st_ino) in held)
    except OSError:
        return frozenset()


def siblings(core: int, *, root: Path) -> list[int]:
    """All hardware threads of its physical core; itself alone where the system does not say."""
    try:
        text = (root / f"sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text()
        found = core_lists.read(text)
    except (OSError, ValueError):
        return [core]
    return found if core in found else [core]
