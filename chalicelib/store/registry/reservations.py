"""Slots kept for somebody: the answers to `domain/registry/ports.Reservations`."""

from chalicelib.domain.registry.records import Reservation
from chalicelib.store import keys
from chalicelib.store.registry.items import reservation_item, reservation_of
from chalicelib.store.table import Table


class ReservationStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def keep(self, reservation: Reservation) -> None:
        self._table.put(reservation_item(reservation))

    def get(self, reservation_id: str) -> Reservation | None:
        item = self._table.get(keys.RESERVED, reservation_id)
        return reservation_of(item) if item else None

    def drop(self, reservation_id: str) -> None:
        self._table.delete(keys.RESERVED, reservation_id)

    def due(self, *, now_ms: int) -> list[Reservation]:
        """Those whose time is over."""
        found = map(reservation_of, self._table.query_all("#pk = :pk", {":pk": keys.RESERVED}))
        return [one for one in found if one.expires_ms <= now_ms]
