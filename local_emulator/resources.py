"""What CloudFormation makes on AWS: table, bucket, queues, keys, schedule group."""

import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from local_emulator import backends
from local_emulator.config import REGION, EmulatorConfig, Keys
from local_emulator.dynamodb.service import DynamoDb
from local_emulator.dynamodb.table import Table
from local_emulator.parameters import ParameterStore
from local_emulator.sessions import new_session

VISIBILITY_S = 900  # of a queue, as on AWS: as long as its function may run
TableDefinition = Callable[[str], dict[str, Any]]


def default_table(name: str) -> dict[str, Any]:
    from chalicelib.store.schema import table_definition  # late: a test may bring its own table

    return table_definition(name)


def default_expiry() -> str:
    """The attribute with the time to live."""
    from chalicelib.store.schema import TIME_TO_LIVE

    return str(TIME_TO_LIVE["AttributeName"])


class Clients:
    """boto3 clients of the emulated AWS, each, and their session, made on first use: that costs as much as several calls.

    `wire` gets the events of their session. They have a short name for themselves: botocore would put a long one together for
    each request.
    """

    def __init__(
        self,
        aws_url: str,
        *,
        credentials: Credentials,
        region: str = REGION,
        wire: Callable[[Any], None] = lambda events: None,
    ) -> None:
        self._url = aws_url
        self._credentials = credentials
        self._region = region
        self._wire = wire
        self._made: dict[tuple[str, str], Any] = {}
        self._making = threading.Lock()  # a session may not make two clients at once

    def __call__(self, service: str, region: str | None = None) -> Any:
        where = (service, region or self._region)
        with self._making:
            return self._made.get(where) or self._make(*where)

    def _make(self, service: str, region: str) -> Any:
        config = Config(proxies={}, retries={"total_max_attempts": 1}, user_agent="emulator")
        made = self._session.client(service, region_name=region, endpoint_url=self._url, config=config)  # type: ignore[call-overload]
        self._made[service, region] = made
        return made

    @cached_property
    def _session(self) -> boto3.Session:
        session = new_session(self._credentials, region=self._region)
        self._wire(session.events)
        return session

    def close(self) -> None:
        for client in self._made.values():
            client.close()


def fresh_credentials() -> Credentials:
    return Credentials(access_key="AKIA" + secrets.token_hex(8).upper(), secret_key=secrets.token_urlsafe(30))


def fresh_keys() -> Keys:
    return Keys(*(f"{role}-{secrets.token_urlsafe(24)}" for role in ("admin", "runner", "reader")))


def create_all(
    parameters: ParameterStore, dynamodb: DynamoDb, *, config: EmulatorConfig, keys: Keys, table: TableDefinition
) -> Table:
    """The table that was made."""
    made = dynamodb.tables.create(table(config.name))
    made.expires = default_expiry()
    backends.create_bucket(config.name)
    for queue in ("finalize", "provision"):
        _create_queue(f"{config.name}-{queue}", config)
    backends.create_schedule_group(config.name)
    dead = backends.create_queue(f"{config.name}-schedules-dlq")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": config.redrive_after})
    backends.create_queue(f"{config.name}-schedules", VisibilityTimeout=VISIBILITY_S, RedrivePolicy=redrive)
    digests = {role: [hashlib.sha256(key.encode()).hexdigest()] for role, key in asdict(keys).items()}
    parameters.put(f"/{config.name}/keys", json.dumps(digests))
    parameters.put(f"/{config.name}/runner-key", keys.runner)
    return made


def _create_queue(name: str, config: EmulatorConfig) -> None:
    dead = backends.create_queue(f"{name}-dlq")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": config.redrive_after})
    backends.create_queue(name, VisibilityTimeout=VISIBILITY_S, RedrivePolicy=redrive)
