"""Which offers of models fit a question."""

from decimal import Decimal

from benchfleet_contract.registry.models import Filters

from chalicelib.domain.registry.records import Executor, Offer

ENOUGH_RESULTS = 5  # of our own, before they count for more than what was announced


def reliability(executor: Executor) -> float | None:
    """Smoothed share of results that succeeded, (ok + 1) / (n + 2): Laplace's rule of succession. None without any."""
    succeeded, ended = executor.reliability
    return (succeeded + 1) / (ended + 2) if ended else None


def success_rate(offer: Offer) -> float | None:
    """What we saw ourselves, once that is enough; else what was announced; None where nobody knows."""
    _, ended = offer.executor.reliability
    if ended >= ENOUGH_RESULTS:
        return reliability(offer.executor)
    performance = offer.descriptor.capabilities.performance
    return performance.success_rate if performance else None


def prices(offer: Offer) -> tuple[Decimal, Decimal]:
    """Of a token in and a token out; no pricing means that it costs nothing."""
    pricing = offer.descriptor.pricing
    if pricing is None:
        return Decimal(0), Decimal(0)
    return Decimal(pricing.input_token_price), Decimal(pricing.output_token_price)


def fits(offer: Offer, filters: Filters) -> bool:
    """All but availability, which depends on the time."""
    descriptor, capabilities = offer.descriptor, offer.descriptor.capabilities
    if filters.backend_type is not None and descriptor.backend_type != filters.backend_type:
        return False
    if filters.min_context_length is not None and capabilities.max_context_length < filters.min_context_length:
        return False
    if not set(filters.required_features) <= set(capabilities.features):
        return False
    if filters.max_price is not None and max(prices(offer)) > Decimal(filters.max_price):
        return False
    if filters.min_success_rate is None:
        return True
    rate = success_rate(offer)
    return rate is not None and rate >= filters.min_success_rate
