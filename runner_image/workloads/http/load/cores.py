"""Cores for a server and for the generator that loads it: apart from each other where there are enough."""

from collections.abc import Sequence
from dataclasses import dataclass

SHARED = "server and generator share one core, all that they may use: a rate here says little"
NOT_PINNED = (
    "nothing pins server and generator to their cores: on Debian and Ubuntu, apt-get install util-linux has taskset"
)
NOT_APART = "there was no core left for what else runs here (control plane, runner, system)"


@dataclass(frozen=True)
class Cores:
    """`note`: what is not as it should be; empty: nothing."""

    server: tuple[int, ...]
    generator: tuple[int, ...]
    note: str = ""

    @property
    def disjoint(self) -> bool:
        return not set(self.server) & set(self.generator)


def unpinned(cores: Cores) -> Cores:
    """Where nothing can be pinned: server and generator run wherever they may, beside each other, too."""
    return Cores(tuple(sorted({*cores.server, *cores.generator})), cores.generator, NOT_PINNED)


def shared_out(allowed: Sequence[int], *, server: int = 1, generator: int = 1) -> Cores:
    """`server` and `generator` say how many cores each wants; the first of `allowed` is left to the rest, where it can be.

    With too few, the generator keeps one, since a generator without one measures itself, and the server has what is left.
    Raises ValueError where there is no core.
    """
    if not allowed:
        raise ValueError("`allowed` must name at least one core")
    cores = list(allowed)
    if len(cores) == 1:
        return Cores((cores[0],), (cores[0],), SHARED)
    note = ""
    if len(cores) > server + generator:
        cores = cores[1:]
    else:
        note = NOT_APART
    mine = min(generator, max(1, len(cores) - server))
    return Cores(tuple(cores[mine : mine + server]), tuple(cores[:mine]), note)
