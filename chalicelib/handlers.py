"""What the events do: translation only."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.wiring import services


def sweep_once() -> None:
    """Runs, then executors: trouble with the ones must not keep the others from being swept."""
    try:
        services().runs.sweep()
    finally:
        services().registry.sweep()


def finalize_messages(bodies: Iterable[str]) -> None:
    """An exception sends the message back to the queue."""
    for body in bodies:
        message = json.loads(body)
        if message.get("delete"):
            services().runs.remove(message["run_id"])
        elif message.get("judge"):
            services().runs.judge(message["run_id"])
        else:
            services().runs.build_archive(message["run_id"])


def provision_messages(bodies: Iterable[str]) -> None:
    """An exception sends the message back to the queue."""
    for body in bodies:
        message = json.loads(body)
        if message.get("strays"):
            services().machines.end_strays()
        else:
            services().machines.advance(message["run_id"])


def count_records(records: Iterable[Mapping[str, Any]]) -> None:
    services().runs.count_changes(services().stores.changes_of(records))


def start_scheduled_run(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` is a body of `POST /runs`. Raises Refusal, which Lambda counts as an error of the function."""
    run = services().runs.create(event)
    return {"run_id": run.run_id, "tasks_created": run.task_count}
