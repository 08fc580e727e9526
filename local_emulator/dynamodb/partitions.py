"""Items in order: partition by partition, sorted within each. A table is one of these, and so is each of its indexes."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from typing import Any

from local_emulator.dynamodb.values import Item

Order = Any  # of one entry within its partition; unique there


class Entry:
    """An item that is never changed, only replaced, and its size."""

    __slots__ = ("item", "size_bytes")

    def __init__(self, item: Item, size_bytes: int) -> None:
        self.item = item
        self.size_bytes = size_bytes


class Partition:
    __slots__ = ("entries", "orders")

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.entries: dict[Order, Entry] = {}

    def walk(self, first: int, end: int, *, forward: bool) -> Iterator[tuple[Order, Entry]]:
        places = range(first, end) if forward else range(end - 1, first - 1, -1)
        for place in places:
            order = self.orders[place]
            yield order, self.entries[order]

    def first_where(self, holds: Callable[[Order], bool]) -> int:
        """The place of the first entry for which this holds, as it then does for all behind it."""
        return bisect_left(self.orders, True, key=holds)


class Partitions:
    """Partitions are walked in the order of their names, so that a scan finds its place again whatever has gone since."""

    def __init__(self) -> None:
        self._held: dict[Any, Partition] = {}
        self._names: list[Any] = []

    def since(self, name: Any = None) -> Iterator[tuple[Any, Partition]]:
        """From the partition of this name on, or from where it would be; all, where there is no name."""
        first = bisect_left(self._names, name) if name is not None else 0
        return ((name, self._held[name]) for name in self._names[first:])

    def of(self, name: Any) -> Partition:
        return self._held.get(name) or Partition()

    def get(self, name: Any, order: Order) -> Entry | None:
        found = self._held.get(name)
        return found.entries.get(order) if found else None

    def put(self, name: Any, order: Order, entry: Entry) -> None:
        partition = self._held.get(name)
        if partition is None:
            partition = self._held[name] = Partition()
            insort(self._names, name)
        if order not in partition.entries:
            insort(partition.orders, order)
        partition.entries[order] = entry

    def drop(self, name: Any, order: Order) -> None:
        partition = self._held[name]
        del partition.entries[order]
        del partition.orders[bisect_left(partition.orders, order)]
        if not partition.orders:
            del self._held[name]
            del self._names[bisect_left(self._names, name)]
