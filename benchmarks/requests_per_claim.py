"""What a claim costs when many want a task at once.

The services are called in process, each runner through a container of its own: nothing that one claim learned about
contention or empty blocks helps another runner's. That is the worst that Lambda can do.
"""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier, Lock
from typing import Any

import boto3
from benchfleet_contract.tasks import ClaimReply
from botocore.config import Config
from chalice.app import Chalice

from benchmarks.metering import Meter
from benchmarks.metric import Metric
from benchmarks.subject import INSTANCE_TYPE, PROVIDER, QUIET
from chalicelib.domain.contention import Windows
from chalicelib.domain.records import GroupKey
from chalicelib.services.claim_task import ClaimTask
from chalicelib.settings import from_environment
from chalicelib.wiring import Services
from local_emulator.stack import Emulator

CLAIMS_EACH = {8: 32, 64: 12, 512: 4}  # contending runners → claims of each
KEY = GroupKey(PROVIDER, INSTANCE_TYPE)


def metrics() -> list[dict[str, Any]]:
    return [_metric(runners, claims=claims) for runners, claims in CLAIMS_EACH.items()]


def _metric(runners: int, *, claims: int) -> dict[str, Any]:
    with in_process() as (services, meter):
        mean = contend(services, meter, runners=runners, claims=claims)
    how = f"mean of {runners * claims:,} claims that got a task, runners with no shared memory, counted at botocore"
    return Metric(f"DynamoDB requests per claim, {runners} runners", round(mean, 3), "requests", 2.3, how).as_dict()


def contend(services: Services, meter: Meter, *, runners: int, claims: int) -> float:
    """Requests per claim that got a task, all runners starting at once and claiming one task after another."""
    body = {
        "workload": "mock",
        "per_instance_type": {"tasks": runners * claims},
        PROVIDER: [{"instance_type": INSTANCE_TYPE, "alias": "bench"}],
    }
    run_id = services.create_run(body).run_id
    start, lock, spent = Barrier(runners), Lock(), list[int]()

    def one(number: int) -> None:
        claim = ClaimTask(services.runs, services.tasks, services.storage, Windows(secrets.randbelow))
        start.wait()
        for _ in range(claims):
            with meter.of_this_thread() as mine:
                reply: ClaimReply = claim(run_id, services.wishes.make(KEY, f"runner-{number}", None))
            if reply.status == "assigned":
                with lock:
                    spent.append(sum(mine.values()))

    with ThreadPoolExecutor(runners) as pool:
        list(pool.map(one, range(runners)))
    if len(spent) != runners * claims:
        raise RuntimeError(f"{len(spent)} of {runners * claims} claims got a task")
    return sum(spent) / len(spent)


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
