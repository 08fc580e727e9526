"""Models and who has them, as tables."""

from collections.abc import Sequence

from benchfleet_contract.registry.descriptors import Pricing
from benchfleet_contract.registry.models import FoundModel, ModelEntry
from rich.text import Text

from benchfleet.cli.documents.models import ModelsList
from benchfleet.cli.output import plain_table, print_document, print_table

COLOURS = {
    "available": "green", "busy": "cyan", "overloaded": "yellow", "unavailable": "red", "draining": "yellow", "stale": "red",
}  # fmt: skip


def print_models_document(models: Sequence[ModelEntry]) -> None:
    print_document(ModelsList(models=list(models)))


def print_models(models: Sequence[ModelEntry]) -> None:
    table = plain_table("model", "executors", "context", "price in", "price out", "status")
    for one in models:
        into, out = _prices(one.avg_pricing)
        table.add_row(one.model_id, str(one.executor_count), _context(one), into, out, status(one.status))
    print_table(table)


def print_statuses(models: Sequence[ModelEntry]) -> None:
    """One line for each executor of each model."""
    table = plain_table("model", "executor", "status", "at work", "slots", "heard of")
    for one in models:
        for executor in one.details or []:
            busy = f"{executor.active}" + (f" +{executor.queued}" if executor.queued else "")
            slots, heard = str(executor.capacity.max_concurrent), f"{executor.load_age_s:.0f} s ago"
            table.add_row(one.model_id, executor.executor_id, status(executor.status), busy, slots, heard)
    print_table(table)


def print_found(found: FoundModel) -> None:
    table = plain_table("", "executor", "status", "used", "free", "succeeded", "heard of", "by")
    for one in found.executors:
        seen = "" if one.reliability_score is None else f"{one.reliability_score:.0%}"
        parts = ", ".join(f"{name} {value:.4g}" for name, value in one.score_parts.items())
        table.add_row(
            str(one.rank), one.executor_id, status(one.status), f"{one.utilization:.0%}", str(one.free_slots), seen,
            f"{one.load_age_s:.0f} s ago", parts,
        )  # fmt: skip
    print_table(table)


def status(word: str) -> Text:
    return Text(word, style=COLOURS.get(word, ""))


def _context(one: ModelEntry) -> str:
    most, least = one.capabilities.max_context_length, one.min_context_length
    return f"{most:,}" if most == least else f"{least:,} to {most:,}"


def _prices(pricing: Pricing | None) -> tuple[str, str]:
    if pricing is None:
        return "", ""
    return f"{pricing.input_token_price} {pricing.currency}", f"{pricing.output_token_price} {pricing.currency}"
