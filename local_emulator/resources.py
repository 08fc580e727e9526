"""What CloudFormation makes on AWS: table, bucket, queues, key digests, schedule group."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import Credentials

from local_emulator.config import REGION, EmulatorConfig, Keys

VISIBILITY_S = 900  # of the finalize queue, as on AWS: as long as its function may run
TableDefinition = Callable[[str], dict[str, Any]]


@dataclass(frozen=True)
class Resources:
    stream_arn: str | None  # None where the table has no stream
    queue_url: str


def default_table(name: str) -> dict[str, Any]:
    from chalicelib.store.schema import table_definition  # late: a test may bring its own table

    return table_definition(name)


class Clients:
    """boto3 clients of the emulated AWS, each made on first use: making one costs as much as several calls."""

    def __init__(self, aws_url: str, *, credentials: Credentials) -> None:
        self._url = aws_url
        self._session = boto3.Session(
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            region_name=REGION,
        )
        self._made: dict[str, Any] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._made:
            config = Config(proxies={}, retries={"total_max_attempts": 1})
            self._made[service] = self._session.client(service, endpoint_url=self._url, config=config)  # type: ignore[call-overload]
        return self._made[service]

    def close(self) -> None:
        for client in self._made.values():
            client.close()


def fresh_credentials() -> Credentials:
    return Credentials(access_key="AKIA" + secrets.token_hex(8).upper(), secret_key=secrets.token_urlsafe(30))


def fresh_keys() -> Keys:
    return Keys(*(f"{role}-{secrets.token_urlsafe(24)}" for role in ("admin", "runner", "reader")))


def create_all(clients: Clients, *, config: EmulatorConfig, keys: Keys, table: TableDefinition) -> Resources:
    made = clients("dynamodb").create_table(**table(config.name))["TableDescription"]
    clients("s3").create_bucket(Bucket=config.name)
    queue_url = _create_queues(clients("sqs"), name=f"{config.name}-finalize", redrive_after=config.redrive_after)
    digests = {role: [hashlib.sha256(key.encode()).hexdigest()] for role, key in asdict(keys).items()}
    clients("ssm").put_parameter(
        Name=f"/{config.name}/keys", Type="SecureString", Value=json.dumps(digests), Overwrite=True
    )
    clients("scheduler").create_schedule_group(Name=config.name)
    return Resources(stream_arn=made.get("LatestStreamArn"), queue_url=queue_url)


def _create_queues(sqs: Any, *, name: str, redrive_after: int) -> str:
    dead_url = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    dead_arn = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": redrive_after})
    attributes = {"VisibilityTimeout": str(VISIBILITY_S), "RedrivePolicy": redrive}
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])
