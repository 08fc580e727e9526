"""One executor for one request, with slots kept for it if it is asked so."""

from collections.abc import Callable
from dataclasses import dataclass

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.models import RankedExecutor, SelectReply, SelectRequest

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.errors import ModelNotFound, NothingToSelect
from chalicelib.domain.registry.ports import ExecutorRefused, Executors, Reservations
from chalicelib.domain.registry.records import Reservation
from chalicelib.services.registry.discover_models import DiscoverModels
from chalicelib.services.registry.who import seconds

_RETRY_S = 5


@dataclass(frozen=True)
class SelectExecutor:
    executors: Executors
    reservations: Reservations
    discover: DiscoverModels
    clock: Clock
    new_id: Callable[[], str]

    def __call__(self, request: SelectRequest) -> SelectReply:
        """Raises ModelNotFound; NothingToSelect while all are full, unless the request would have a full one."""
        found = self.discover.find(
            request.model_id, request.filters, strategy=request.strategy, pinned=request.executor_id,
            limit=limits.MAX_EXECUTORS,
        )  # fmt: skip
        if found.all_overloaded and not request.fail_open:
            raise NothingToSelect(f"Whoever has {request.model_id} is full just now", retry_after_s=_RETRY_S)
        for ranked in found.executors:
            reservation = self._reserved(ranked, request)
            if reservation or request.reserve is None:
                return self._reply(ranked, request, reservation)
        if found.executors:
            raise NothingToSelect("Others reserved what was free", retry_after_s=_RETRY_S)
        raise ModelNotFound(f"Nobody who has {request.model_id} can take anything now: draining, stale, or not fitting")

    def release(self, reservation_id: str) -> None:
        """Gives the slots back. One that is over, or was given back, is no error."""
        reservation = self.reservations.get(reservation_id)
        if reservation is None:
            return
        try:
            exclusive = reservation_id if reservation.exclusive else None
            self.executors.release(reservation.executor_id, reservation.marks, exclusive=exclusive)
        except ExecutorRefused:
            pass
        self.reservations.drop(reservation_id)

    def _reserved(self, ranked: RankedExecutor, request: SelectRequest) -> Reservation | None:
        """The reservation is written first: one whose slots were never taken ends by its time."""
        asked = request.reserve
        if asked is None or (ranked.free_slots < asked.slots and not request.fail_open):
            return None
        reservation_id = self.new_id()
        marks = frozenset(f"{reservation_id[:10]}.{number}" for number in range(asked.slots))
        reservation = Reservation(
            reservation_id, ranked.executor_id, ranked.generation, marks, asked.exclusive,
            self.clock() + int(asked.ttl_s * 1000),
        )  # fmt: skip
        self.reservations.keep(reservation)
        try:
            self.executors.hold(
                ranked.executor_id, ranked.generation, marks, exclusive=reservation_id if asked.exclusive else None
            )
        except ExecutorRefused:
            self.reservations.drop(reservation_id)
            return None
        return reservation

    def _reply(self, ranked: RankedExecutor, request: SelectRequest, kept: Reservation | None) -> SelectReply:
        offers = self.discover.offers_of(request.model_id, self.clock())
        model = next((offer.descriptor for offer in offers if offer.executor.executor_id == ranked.executor_id), None)
        if model is None:  # it left between two looks
            raise ModelNotFound(f"{ranked.executor_id} has {request.model_id} no more: ask again")
        return SelectReply(
            executor=ranked,
            model=model,
            reservation_id=kept.reservation_id if kept else None,
            expires_at=seconds(kept.expires_ms) if kept else None,
        )
