"""Which executor first: one order a strategy, each with the numbers that made it. Lower scores are better."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.registry.models import Strategy

from chalicelib.domain.registry.filtering import prices, reliability, success_rate
from chalicelib.domain.registry.pressure import free_slots, utilization
from chalicelib.domain.registry.records import Offer

PRICE, LATENCY, RELIABILITY = 0.5, 0.3, 0.2  # of the strategy `balanced`
Draw = Callable[[int], int]  # a number from 0 to n - 1


@dataclass(frozen=True)
class Ranked:
    offer: Offer
    score: float
    parts: dict[str, float]


def rank(offers: Sequence[Offer], strategy: Strategy, *, draw: Draw, pinned: str | None = None) -> list[Ranked]:
    """All of them, the best first. `pinned` is the executor of that strategy: no other one is in its answer."""
    if strategy == "pinned":
        offers = [offer for offer in offers if offer.executor.executor_id == pinned]
    if strategy == "power_of_two":
        return _of_two(offers, draw)
    if strategy == "balanced":
        return _ordered([_balanced(offer, offers) for offer in offers])
    score = _SCORES.get(strategy, _load)
    return _ordered([score(offer) for offer in offers])


def _ordered(ranked: list[Ranked]) -> list[Ranked]:
    return sorted(ranked, key=lambda one: (one.score, *_least_loaded(one.offer)))


def _least_loaded(offer: Offer) -> tuple[Any, ...]:
    """Lowest utilization, then most free slots, then freshest heartbeat; the id, so that an order is always the same."""
    executor = offer.executor
    return utilization(executor), -free_slots(executor), -executor.last_seen_ms, executor.executor_id


def _load(offer: Offer) -> Ranked:
    used = utilization(offer.executor)
    return Ranked(offer, used, {"utilization": used, "free_slots": float(free_slots(offer.executor))})


def _price(offer: Offer) -> Ranked:
    into, out = map(float, prices(offer))
    return Ranked(offer, into + out, {"input_token_price": into, "output_token_price": out})


def _speed(offer: Offer) -> Ranked:
    """Tokens a second, as announced; then the time to the first one. Who announces neither comes last."""
    performance = offer.descriptor.capabilities.performance
    rate = performance.avg_tokens_per_second if performance else None
    first = performance.avg_time_to_first_token if performance else None
    parts = {"avg_tokens_per_second": rate or 0.0} | ({} if first is None else {"avg_time_to_first_token": first})
    late = 1.0 if first is None else first / (1.0 + first)
    return Ranked(offer, -(rate or 0.0) + late * 1e-6, parts)


def _reliable(offer: Offer) -> Ranked:
    seen = reliability(offer.executor)
    score = 0.5 if seen is None else seen
    return Ranked(offer, -score, {"reliability": score})


_SCORES: dict[Strategy, Callable[[Offer], Ranked]] = {"cheapest": _price, "fastest": _speed, "reliable": _reliable}


def _balanced(offer: Offer, among: Sequence[Offer]) -> Ranked:
    parts = {
        "price": _scaled(offer, among, lambda one: float(sum(prices(one)))),
        "latency": _scaled(offer, among, _latency),
        "unreliability": _scaled(offer, among, lambda one: -(success_rate(one) or 0.0)),
    }
    score = PRICE * parts["price"] + LATENCY * parts["latency"] + RELIABILITY * parts["unreliability"]
    return Ranked(offer, score, parts)


def _latency(offer: Offer) -> float | None:
    performance = offer.descriptor.capabilities.performance
    return performance.avg_time_to_first_token if performance else None


def _scaled(offer: Offer, among: Sequence[Offer], measure: Callable[[Offer], float | None]) -> float:
    """0 for the lowest among them, 1 for the highest and for one of which it is not known; 0 where all are alike."""
    known = [value for value in map(measure, among) if value is not None]
    mine = measure(offer)
    if mine is None:
        return 1.0 if known else 0.0
    low, high = min(known), max(known)
    return (mine - low) / (high - low) if high > low else 0.0


def _of_two(offers: Sequence[Offer], draw: Draw) -> list[Ranked]:
    """Two at random, the less loaded of them first, then the others by load: best where loads are seconds old.

    The power of two choices (Mitzenmacher, 2001): the busiest of three or more is never picked.
    """
    left = sorted(offers, key=lambda offer: offer.executor.executor_id)
    drawn = [left.pop(draw(len(left))) for _ in range(min(2, len(left)))]
    ordered = [*sorted(drawn, key=_least_loaded), *sorted(left, key=_least_loaded)]
    return [
        Ranked(offer, float(place), {"utilization": utilization(offer.executor)}) for place, offer in enumerate(ordered)
    ]
