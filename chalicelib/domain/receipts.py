"""Which request got which task, as far as this process knows.

Every copy of a request that comes to one process is answered from here, one copy at a time, whatever became of its task. It
costs no request. What another process gave is not known here: see docs/adr/0016.
"""

import threading
import zlib
from collections import OrderedDict

from chalicelib.domain.records import ClaimRequest

MOST = 20_000  # receipts kept, the newest: about 5 MB
_STRIPES = 256

Receipt = tuple[str, int]  # run, task number
_Key = tuple[str | None, str, str]


class Receipts:
    """`scope` is the run that a request was made for, None for a request for a task of any run."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]
        self._kept: OrderedDict[_Key, Receipt] = OrderedDict()

    def turn(self, scope: str | None, request: ClaimRequest) -> threading.Lock:
        """Held while a request is served, so that its copies come one after the other."""
        return self._stripes[zlib.crc32(repr(_key(scope, request)).encode()) % _STRIPES]

    def of(self, scope: str | None, request: ClaimRequest) -> Receipt | None:
        with self._guard:
            return self._kept.get(_key(scope, request))

    def keep(self, scope: str | None, request: ClaimRequest, receipt: Receipt) -> None:
        with self._guard:
            self._kept[_key(scope, request)] = receipt
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def _key(scope: str | None, request: ClaimRequest) -> _Key:
    return scope, request.runner_id, request.token
