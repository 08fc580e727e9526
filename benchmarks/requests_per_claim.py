"""What a claim costs when many want a task at once.

The services are called in process. `shared`: all runners go through one container, so that what one claim learned of
contention helps the next. `apart`: each runner goes through a container of its own, the worst that Lambda can do.
Half of the tasks are left over: the last tasks of a run are another story, for which runners wait anyway.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

import boto3
from botocore.config import Config
from chalice.app import Chalice

from benchmarks.metering import Meter
from benchmarks.metric import Metric
from benchmarks.subject import INSTANCE_TYPE, PROVIDER, QUIET, run_of
from chalicelib.domain.contention import Windows
from chalicelib.domain.outcomes import Assigned
from chalicelib.domain.records import Demand
from chalicelib.services.tasks.claim_task import ClaimTask
from chalicelib.settings import from_environment
from chalicelib.wiring import Services
from local_emulator.stack import Emulator

CLAIMS_EACH = {8: 24, 64: 6, 512: 4}  # contending runners → claims of each
SURPLUS = 2  # tasks for each claim
KEY = Demand(PROVIDER, INSTANCE_TYPE)


def metrics() -> list[dict[str, Any]]:
    shared = [_metric(runners, apart=False) for runners in CLAIMS_EACH]
    return [*shared, _metric(64, apart=True), _metric(64, apart=True, heavy=True)]


def _metric(runners: int, *, apart: bool, heavy: bool = False) -> dict[str, Any]:
    claims = CLAIMS_EACH[runners]
    with in_process() as (services, meter):
        mean = contend(services, meter, runners=runners, claims=claims, apart=apart, heavy=heavy)
    where = "each in a container of its own" if apart else "in one container"
    how = f"mean of {runners * claims:,} claims that got a task, runners {where}, counted at botocore"
    name = f"DynamoDB requests per claim, {runners} runners{' apart' if apart else ''}{', 4 KB of options' if heavy else ''}"
    return Metric(name, round(mean, 3), "requests", 2.3, how).as_dict()


def contend(services: Services, meter: Meter, *, runners: int, claims: int, apart: bool, heavy: bool = False) -> float:
    """Requests per claim that got a task, all runners starting at once and claiming one task after another."""
    run_id = services.runs.create(run_of(tasks=runners * claims * SURPLUS, heavy=heavy)).run_id
    start, spent = Barrier(runners), list[int]()

    def one(number: int) -> None:
        claim = _container(services) if apart else services.tasks.claim
        start.wait()
        for _ in range(claims):
            with meter.of_this_thread() as mine:
                outcome = claim(run_id, services.tasks.requests.make(KEY, f"runner-{number}", None))
            if isinstance(outcome, Assigned):
                spent.append(sum(mine.values()))

    with ThreadPoolExecutor(runners) as pool:
        list(pool.map(one, range(runners)))
    if len(spent) != runners * claims:
        raise RuntimeError(f"{len(spent)} of {runners * claims} claims got a task")
    return sum(spent) / len(spent)


def _container(services: Services) -> ClaimTask:
    return ClaimTask(services.stores.runs, services.stores.tasks, Windows(secrets.randbelow))


@contextmanager
def in_process() -> Iterator[tuple[Services, Meter]]:
    """The services over an emulated AWS, without an API; patient clients, because 512 of them share two cores."""
    meter = Meter()
    with Emulator(QUIET, app=Chalice("none")):
        patient = Config(
            retries={"total_max_attempts": 1}, read_timeout=120, connect_timeout=60, max_pool_connections=512
        )
        dynamodb = boto3.client("dynamodb", config=patient)
        meter.watch(dynamodb.meta.events)
        try:
            yield Services(from_environment(), dynamodb=dynamodb), meter
        finally:
            dynamodb.close()
