"""What machines cost: the prices that were published to the bucket, beside those that come with the program."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from benchfleet_results.prices.books import MAX_BYTES, InvalidPrices, PriceBooks, of_document
from benchfleet_results.prices.machines import hourly
from benchfleet_results.prices.shipped import shipped

from chalicelib.archive.errors import ObjectMissing, StorageError
from chalicelib.archive.layout import PRICES_KEY
from chalicelib.domain.launches import Price
from chalicelib.domain.ports import Clock

CACHED_MS = 300_000
_log = logging.getLogger(__name__)


class Bucket(Protocol):
    def read(self, key: str, *, max_bytes: int) -> bytes:
        """Raises ObjectMissing or StorageError."""


@dataclass
class PublishedPrices:
    """Of several prices the latest counts. Read again after five minutes; what cannot be read is as if it were not there."""

    objects: Callable[[], Bucket]
    clock: Clock
    _read: tuple[int, PriceBooks] | None = field(default=None, init=False)

    def find(self, region: str, instance_type: str, market: str, *, disk_gb: int) -> Price | None:
        """A spot price that nobody knows is taken for the one on demand, above which it never is."""
        found = hourly(self._prices(), region, instance_type, market=market, disk_gb=disk_gb)
        if found is None:
            return None
        on_demand = hourly(self._prices(), region, instance_type, disk_gb=disk_gb)
        return Price(found.usd, on_demand.usd if on_demand else None, found.machine.date)

    def _prices(self) -> PriceBooks:
        now_ms = self.clock()
        if self._read is None or self._read[0] < now_ms - CACHED_MS:
            self._read = now_ms, shipped().with_books(self._published().books)
        return self._read[1]

    def _published(self) -> PriceBooks:
        try:
            return of_document(json.loads(self.objects().read(PRICES_KEY, max_bytes=MAX_BYTES)))
        except ObjectMissing:
            return PriceBooks()
        except (StorageError, InvalidPrices, ValueError) as error:
            _log.warning("the prices in %s are left out: %s", PRICES_KEY, error)
            return PriceBooks()
