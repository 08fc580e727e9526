"""Runs whose tasks are written by hand, claims, and what was said to them, for tests of claiming."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchfleet_contract.tasks import ClaimReply

from chalicelib.domain.records import Demand, Run, RunState
from tests.contract.records import LOCAL, a_request, a_task, a_verdict
from tests.contract.system import System

SIZE = 128  # tasks of one of the first blocks


@contextmanager
def counted_queries(system: System) -> Iterator[list[int]]:
    """A list that grows by one with each query of the table."""
    client = system.engine.client
    system.connect(client)
    made: list[int] = []
    hook = "before-call.dynamodb.Query"

    def count(**_: Any) -> None:
        made.append(1)

    client.meta.events.register(hook, count)
    yield made
    client.meta.events.unregister(hook, count)


def publish(system: System, run: Run, numbers: dict[int, Demand]) -> None:
    """The run with these tasks: of a large one a few are enough."""
    system.runs.announce(run)
    system.runs.reserve(run)
    groups = {demand: ordinal for ordinal, demand in enumerate(run.demands)}
    system.tasks.create(
        a_task(n, run_id=run.run_id, demand=key, group=groups.get(key, 0)) for n, key in numbers.items()
    )
    system.runs.publish(run)
    system.tasks.open_headers(replace(run, state=RunState.RUNNING))


def claim(system: System, runner: str, *, demand: Demand = LOCAL, run_id: str = "r", retry: bool = False) -> ClaimReply:
    return system.claim_task(run_id, a_request(runner, demand=demand, now_ms=system.clock()), retry=retry)


def number(reply: ClaimReply) -> int:
    assert reply.task
    return int(reply.task.id.rpartition(".")[2])


def told(reply: ClaimReply) -> tuple[str, int | None, str | None]:
    return reply.status, reply.retry_after_seconds, reply.message


def end(system: System, numbers: Iterable[int]) -> None:
    for each in numbers:
        task = system.tasks.get("r", each)
        assert task
        system.tasks.finish("r", each, a_verdict(task.runner_id or "", nonce=task.nonce))
