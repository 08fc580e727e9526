"""What an operation takes: its parameters, checked before anything is looked at."""

from collections.abc import Mapping
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid

Request = Mapping[str, Any]

_READ = {"TableName", "ConsistentRead", "ExpressionAttributeNames", "ProjectionExpression"}
_WRITE = {
    "TableName", "ConditionExpression", "ExpressionAttributeNames", "ExpressionAttributeValues", "ReturnValues",
    "ReturnValuesOnConditionCheckFailure",
}  # fmt: skip
_PAGED = _READ | {"IndexName", "ExpressionAttributeValues", "FilterExpression", "Limit", "Select", "ExclusiveStartKey"}
PARAMETERS: Mapping[str, set[str]] = {
    "GetItem": _READ | {"Key"},
    "PutItem": _WRITE | {"Item"},
    "DeleteItem": _WRITE | {"Key"},
    "UpdateItem": _WRITE | {"Key", "UpdateExpression"},
    "Query": _PAGED | {"KeyConditionExpression", "ScanIndexForward"},
    "Scan": _PAGED,
    "BatchGetItem": {"RequestItems"},
    "BatchWriteItem": {"RequestItems"},
    "CreateTable": {
        "TableName", "AttributeDefinitions", "KeySchema", "LocalSecondaryIndexes", "GlobalSecondaryIndexes",
        "BillingMode", "ProvisionedThroughput", "StreamSpecification", "Tags", "SSESpecification",
        "DeletionProtectionEnabled", "TableClass",
    },
    "DeleteTable": {"TableName"},
    "DescribeTable": {"TableName"},
    "ListTables": {"Limit", "ExclusiveStartTableName"},
    "UpdateTimeToLive": {"TableName", "TimeToLiveSpecification"},
    "DescribeTimeToLive": {"TableName"},
    "ListStreams": {"TableName", "Limit", "ExclusiveStartStreamArn"},
    "DescribeStream": {"StreamArn", "Limit", "ExclusiveStartShardId"},
    "GetShardIterator": {"StreamArn", "ShardId", "ShardIteratorType", "SequenceNumber"},
    "GetRecords": {"ShardIterator", "Limit"},
}  # fmt: skip
_SILENT = {"ReturnConsumedCapacity": "NONE", "ReturnItemCollectionMetrics": "NONE"}  # what may be asked not to be told


def require_known(operation: str, request: Request) -> None:
    """What is not understood is refused, never ignored. Raises Fault."""
    for name in request.keys() - PARAMETERS[operation]:
        if request[name] != _SILENT.get(name):
            raise invalid(f"The emulator's DynamoDB does not know {name}={request[name]!r} of {operation}")


def needed(request: Request, name: str) -> Any:
    """Raises Fault."""
    if request.get(name) is None:
        member = name[0].lower() + name[1:]
        raise invalid(
            f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: "
            "Member must not be null"
        )
    return request[name]


def chosen(request: Request, name: str, *allowed: str) -> str:
    """One of `allowed`, the first where nothing was said. Raises Fault."""
    value = request.get(name, allowed[0])
    if value not in allowed:
        raise invalid(
            f"1 validation error detected: Value '{value}' at '{name[0].lower() + name[1:]}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
    return str(value)


def limit_of(request: Request, *, most: int | None = None) -> int | None:
    """Raises Fault."""
    limit = request.get("Limit")
    if limit is None:
        return most
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    return min(limit, most) if most else limit


def unknown_operation(operation: str) -> Fault:
    return Fault("UnknownOperationException", f"The emulator's DynamoDB has no {operation or 'operation of no name'}")
