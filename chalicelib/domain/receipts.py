"""Which wish got which task, as far as this process knows.

Every copy of a wish that comes to one process is answered from here, one copy at a time, whatever became of its task. It
costs no request. What another process gave is not known here: see docs/adr/0016.
"""

import threading
import zlib
from collections import OrderedDict

from chalicelib.domain.records import Claim

MOST = 20_000  # receipts kept, the newest: about 5 MB
_STRIPES = 256

Receipt = tuple[str, int]  # run, task number
_Key = tuple[str | None, str, str]


class Receipts:
    """`scope` is the run that a wish was made for, None for a wish for a task of any run."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]
        self._kept: OrderedDict[_Key, Receipt] = OrderedDict()

    def turn(self, scope: str | None, wish: Claim) -> threading.Lock:
        """Held while a wish is served, so that its copies come one after the other."""
        return self._stripes[zlib.crc32(repr(_key(scope, wish)).encode()) % _STRIPES]

    def of(self, scope: str | None, wish: Claim) -> Receipt | None:
        with self._guard:
            return self._kept.get(_key(scope, wish))

    def keep(self, scope: str | None, wish: Claim, receipt: Receipt) -> None:
        with self._guard:
            self._kept[_key(scope, wish)] = receipt
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _key(scope: str | None, wish: Claim) -> _Key:
    return scope, wish.runner_id, wish.token
