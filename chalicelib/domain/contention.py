"""Which of the pending tasks a claimer tries, when others may be claiming at the same time.

Of few pending tasks a claimer takes the lowest, so that a small run is worked off in order; each race it loses doubles
the window out of which it picks at random instead, each win shrinks it by a tenth. Of more than `FEW` it picks any that
the query brought: with m claimers at one block and a query of n tasks a share of about m / 2n of the races is lost, and
no claimer needs to know of the others. A run whose order is part of its design is worked off in order however many are
pending (`Run.header`): its claimers are few. What is remembered is a hint of this process and never a truth.
"""

from collections.abc import Callable, Hashable

FEW = 16  # up to this many pending tasks are taken in order
SAMPLE = 64  # tasks that one query asks for: 7 KB of index, two read units
MOST = 128  # and under heavy contention
_GROW, _SHRINK = 2.0, 0.9


class Windows:
    """`below(n)` returns a random integer of 0 … n-1."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self._below = below
        self._size: dict[Hashable, float] = {}

    def fetch(self, place: Hashable) -> int:
        """How many candidates are worth asking for."""
        return max(SAMPLE, min(MOST, int(2 * self._size.get(place, 1.0))))

    def pick(self, place: Hashable, available: int, *, in_order: bool = False) -> int:
        """The index of the candidate to try, 0 … available-1. `in_order`: many are worked off like few."""
        many = available > FEW and not in_order
        window = available if many else min(available, int(self._size.get(place, 1.0)))
        return self._below(window) if window > 1 else 0

    def won(self, place: Hashable) -> None:
        size = self._size.get(place, 1.0) * _SHRINK
        if size > 1.0:
            self._size[place] = size
        else:
            self._size.pop(place, None)

    def lost(self, place: Hashable) -> None:
        self._size[place] = min(float(MOST), self._size.get(place, 1.0) * _GROW)
