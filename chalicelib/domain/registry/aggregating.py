"""One model over all executors that have it."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from benchfleet_contract.registry.descriptors import Capabilities, Performance, Pricing
from benchfleet_contract.registry.executors import ExecutorStatus
from benchfleet_contract.registry.models import ModelEntry

from chalicelib.domain.registry.pressure import best, status
from chalicelib.domain.registry.records import Offer


def model_entry(model_id: str, offers: Sequence[Offer], now_ms: int) -> ModelEntry:
    """`offers` are those that are to be told of, at least one."""
    statuses = [status(offer.executor, now_ms, is_available=offer.is_available) for offer in offers]
    lengths = [offer.descriptor.capabilities.max_context_length for offer in offers]
    counts: Counter[ExecutorStatus] = Counter(statuses)
    return ModelEntry(
        model_id=model_id,
        executor_count=len(offers),
        executors=sorted(offer.executor.executor_id for offer in offers),
        capabilities=_best_of([offer.descriptor.capabilities for offer in offers]),
        min_context_length=min(lengths),
        avg_pricing=_average([offer.descriptor.pricing for offer in offers]),
        status=best(statuses),
        status_counts=dict(counts),
    )


def _best_of(all_of: Sequence[Capabilities]) -> Capabilities:
    """Context: the longest. Features: any. Words: where all agree. Performance: the best of each."""

    def agreed(name: str) -> Any:
        return _agreed(getattr(one, name) for one in all_of)

    return Capabilities(
        max_context_length=max(one.max_context_length for one in all_of),
        loaded_context_length=_of_known(max, (one.loaded_context_length for one in all_of)),
        max_output_tokens=_of_known(max, (one.max_output_tokens for one in all_of)),
        features=sorted({feature for one in all_of for feature in one.features})[:32],
        architecture=agreed("architecture"),
        model_size=agreed("model_size"),
        quantization=agreed("quantization"),
        format=agreed("format"),
        model_digest=agreed("model_digest"),
        modalities=agreed("modalities"),
        performance=_best_performance([one.performance for one in all_of if one.performance]),
        metadata=_common([one.metadata for one in all_of]),
    )


def _best_performance(all_of: Sequence[Performance]) -> Performance | None:
    if not all_of:
        return None
    return Performance(
        avg_tokens_per_second=_of_known(max, (one.avg_tokens_per_second for one in all_of)),
        avg_time_to_first_token=_of_known(min, (one.avg_time_to_first_token for one in all_of)),
        success_rate=_of_known(max, (one.success_rate for one in all_of)),
        avg_latency_ms=_of_known(min, (one.avg_latency_ms for one in all_of)),
    )


def _average(all_of: Sequence[Pricing | None]) -> Pricing | None:
    """The mean of those that have a price, in whole wei; None without any, and where currencies differ."""
    known = [pricing for pricing in all_of if pricing]
    if not known or len({pricing.currency for pricing in known}) > 1:
        return None
    means = [_mean([getattr(one, name) for one in known], known[0].currency) for name in _PRICES]
    return Pricing(input_token_price=means[0], output_token_price=means[1], currency=known[0].currency)


_PRICES = ("input_token_price", "output_token_price")


def _mean(values: Sequence[str], currency: str) -> str:
    if currency == "wei":
        return str(sum(map(int, values)) // len(values))
    return f"{(sum(map(Decimal, values), Decimal(0)) / len(values)).quantize(Decimal('1e-12')).normalize():f}"


def _of_known(choose: Callable[..., Any], values: Iterable[Any]) -> Any:
    return choose((value for value in values if value is not None), default=None)


def _agreed(values: Iterable[Any]) -> Any:
    """The value, if all have the same one."""
    first, *others = list(values)
    return first if all(other == first for other in others) else None


def _common(all_of: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first, *others = all_of
    return {key: value for key, value in first.items() if all(other.get(key, ...) == value for other in others)}
