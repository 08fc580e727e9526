"""moto's own objects: the one module that knows their insides. Callers hold the endpoint's lock, save before serving.

Used where the API would cost too much (at start: the first call of each service loads its models) or cannot say what
is needed (a stream's position). Everything else talks to the emulated AWS over HTTP.
"""

from typing import Any

from moto.backends import get_backend

from local_emulator.config import ACCOUNT, REGION

SERVICES = ("s3", "dynamodb", "dynamodbstreams", "sqs", "scheduler")
KEEP_ITERATORS = 1_000
KEEP_RECORDS = 10_000  # of a stream, behind what was handled: for people who look at it


def backend(service: str) -> Any:
    return get_backend(service)[ACCOUNT]["aws" if service == "s3" else REGION]  # type: ignore[call-overload]


def forget_everything() -> None:
    """Empty moto's state of this process."""
    for service in SERVICES:
        get_backend(service).reset()  # type: ignore[call-overload]


def create_table(definition: dict[str, Any]) -> str | None:
    """The stream's ARN, None if the definition asks for none. `definition`: keyword arguments of boto3's create_table."""
    from local_emulator.attribute_values import register
    from local_emulator.partitioned_table import PartitionedTable  # late: it loads moto's DynamoDB

    register()
    name = definition["TableName"]
    table = PartitionedTable(  # type: ignore[abstract]  # so is moto's own, for CloudFormation only
        name,
        account_id=ACCOUNT,
        region=REGION,
        schema=definition["KeySchema"],
        attr=definition["AttributeDefinitions"],
        indexes=definition.get("LocalSecondaryIndexes"),
        global_indexes=definition.get("GlobalSecondaryIndexes"),
        streams=definition.get("StreamSpecification"),
        throughput=definition.get("ProvisionedThroughput"),
        billing_mode=definition.get("BillingMode", "PROVISIONED"),
        sse_specification=definition.get("SSESpecification"),
        tags=definition.get("Tags"),
    )
    backend("dynamodb").tables[name] = table
    return str(table.describe()["TableDescription"]["LatestStreamArn"]) if table.stream_shard else None


def create_bucket(name: str) -> None:
    backend("s3").create_bucket(name, REGION)


def create_queue(name: str, **attributes: Any) -> str:
    """The queue's ARN. Attributes are SQS's."""
    return str(backend("sqs").create_queue(name, **attributes).queue_arn)


def create_schedule_group(name: str) -> None:
    backend("scheduler").create_schedule_group(name, [])


def trim_stream(table: str, *, handled: str | None) -> None:
    """Drop records that were handled long ago, and old iterators: moto keeps both for ever."""
    iterators = backend("dynamodbstreams").shard_iterators
    for arn in list(iterators)[:-KEEP_ITERATORS]:  # oldest first; the last ones may be about to be used
        del iterators[arn]
    shard = backend("dynamodb").tables[table].stream_shard
    if shard is None:
        return
    handled_count = int(handled) + 1 - shard.starting_sequence_number if handled else 0
    surplus = min(handled_count, len(shard.items)) - KEEP_RECORDS
    if surplus > 0:
        del shard.items[:surplus]
        shard.starting_sequence_number += surplus
