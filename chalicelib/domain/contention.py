"""How far from the front a claimer reaches when others claim at the same time.

Alone, a claimer takes the lowest task. Each lost race doubles the window out of which it picks at random, each win
shrinks it by a tenth: the share of lost races settles near 0.13, so a claim costs about 2.15 requests however many
contend. What is remembered is a hint of this process and never a truth.
"""

from collections.abc import Callable, Hashable

MOST = 64  # the widest window: what one query brings at most
_GROW, _SHRINK = 2.0, 0.9


class Windows:
    """`below(n)` returns a random integer of 0 … n-1."""

    def __init__(self, below: Callable[[int], int]) -> None:
        self._below = below
        self._size: dict[Hashable, float] = {}

    def fetch(self, place: Hashable) -> int:
        """How many candidates are worth asking for."""
        return max(8, min(MOST, int(2 * self._size.get(place, 1.0))))

    def pick(self, place: Hashable, available: int) -> int:
        """The index of the candidate to try, 0 … available-1."""
        window = min(available, int(self._size.get(place, 1.0)))
        return self._below(window) if window > 1 else 0

    def won(self, place: Hashable) -> None:
        size = self._size.get(place, 1.0) * _SHRINK
        if size > 1.0:
            self._size[place] = size
        else:
            self._size.pop(place, None)

    def lost(self, place: Hashable) -> None:
        self._size[place] = min(float(MOST), self._size.get(place, 1.0) * _GROW)
