"""What the events do: translation only."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

from chalicelib.correlation import continued, serving
from chalicelib.wiring import services


def sweep_once() -> None:
    """Runs, executors, schedules: trouble with the ones must not keep the others from being swept."""
    with ExitStack() as last:
        last.callback(lambda: services().schedules.sweep())
        last.callback(lambda: services().registry.sweep())
        services().runs.sweep()


def finalize_messages(bodies: Iterable[str]) -> None:
    """An exception sends the message back to the queue."""
    for message in _read(bodies):
        if message.get("delete"):
            services().runs.remove(message["run_id"])
        elif message.get("collect"):
            services().runs.collect(message["run_id"])
        elif message.get("judge"):
            services().runs.judge(message["run_id"])
        else:
            services().runs.build_archive(message["run_id"])


def _read(bodies: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Each message, while it is being served under the id of what sent it."""
    for body in bodies:
        message: dict[str, Any] = json.loads(body)
        with serving(**continued(message)):
            yield message


def provision_messages(bodies: Iterable[str]) -> None:
    """An exception sends the message back to the queue."""
    for message in _read(bodies):
        if message.get("strays"):
            services().machines.end_strays()
        else:
            services().machines.advance(message["run_id"])


def count_records(records: Iterable[Mapping[str, Any]]) -> None:
    services().runs.count_changes(services().stores.changes_of(records))


def start_scheduled_run(event: Mapping[str, Any]) -> dict[str, Any]:
    """`event` is what EventBridge Scheduler was told to send: a schedule's name, and when it was due (ISO 8601).

    An exception has Lambda try again: the same time of the same schedule is one firing.
    """
    at = datetime.fromisoformat(event["scheduled_time"])
    at_ms = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 1000
    with serving(schedule=event["schedule"]):
        return {"schedule": event["schedule"], "fired": services().schedules.fire(event["schedule"], at_ms)}


def see_to_schedules(bodies: Iterable[str]) -> None:
    """An exception sends the message back to the queue."""
    for message in _read(bodies):
        if "deliver" in message:
            from chalicelib.domain.schedule_ports import Delivery

            told = message["deliver"]
            services().schedules.deliver(Delivery(**{**told, "events": tuple(told["events"])}))
        else:
            services().schedules.advance(message["schedule"])
