"""Options that were read of plans, kept for a while: many tasks of a run have the same."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

KEPT_MS = 600_000  # a plan never changes, but its run can be deleted: its id is free an hour after the last claim
MOST = 512  # of at most 8 KB each

OptionsAddress = tuple[str, int, int]  # run id, offset and length in bytes


class ReadOptions:
    """What is not there is read. Threads may do so at once for the same place: that costs a request, no harm."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._kept: OrderedDict[OptionsAddress, tuple[int, dict[str, Any]]] = OrderedDict()

    def get(
        self, place: OptionsAddress, *, now_ms: int, read: Callable[[OptionsAddress], dict[str, Any]]
    ) -> dict[str, Any]:
        with self._guard:
            until_ms, options = self._kept.get(place, (0, {}))
        if until_ms > now_ms:
            return options
        options = read(place)
        with self._guard:
            self._kept[place] = (now_ms + KEPT_MS, options)
            self._kept.move_to_end(place)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
        return options
