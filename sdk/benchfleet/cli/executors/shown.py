"""Executors as tables."""

from collections.abc import Sequence
from datetime import UTC, datetime

from benchfleet_contract.registry.executors import ExecutorDetail, ExecutorEntry

from benchfleet.cli.models.shown import status
from benchfleet.cli.output import plain_table, print_table

_MOST_EVENTS = 10


def print_executors(executors: Sequence[ExecutorEntry]) -> None:
    table = plain_table("executor", "status", "at work", "slots", "models", "heard of", "")
    for one in executors:
        busy = f"{one.active}" + (f" +{one.queued}" if one.queued else "")
        note = "stuck" if one.stuck else ""
        heard = f"{one.load_age_s:.0f} s ago"
        table.add_row(
            one.executor_id,
            status(one.status),
            busy,
            str(one.capacity.max_concurrent),
            str(len(one.model_ids)),
            heard,
            note,
        )
    print_table(table)


def print_executor(found: ExecutorDetail) -> None:
    print_executors([found.executor])
    if found.models:
        table = plain_table("model", "context", "backend", "quantization", "state", "available")
        for one in found.models:
            details = one.capabilities
            available = "yes" if one.is_available else "no"
            table.add_row(
                one.model_id, f"{details.max_context_length:,}", one.backend_name or one.backend_type,
                details.quantization or "", one.state, available,
            )  # fmt: skip
        print()
        print_table(table)
    print()
    table = plain_table("when", "event", "generation")
    for event in found.events[:_MOST_EVENTS]:
        at = datetime.fromtimestamp(event.at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(at, event.type, str(event.generation))
    print_table(table)
