"""What an operation takes: its parameters, checked before anything is looked at."""

from collections.abc import Mapping
from typing import Any

from local_emulator.dynamodb.definitions import TABLE
from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.shapes import Shape, flag, list_of, map_of, members, missing, structure, text, whole

Request = Mapping[str, Any]

_READ: dict[str, Shape] = {
    "TableName": text, "ConsistentRead": flag, "ExpressionAttributeNames": map_of(text), "ProjectionExpression": text,
}  # fmt: skip
_WRITE: dict[str, Shape] = {
    "TableName": text, "ConditionExpression": text, "ExpressionAttributeNames": map_of(text),
    "ExpressionAttributeValues": structure, "ReturnValues": text, "ReturnValuesOnConditionCheckFailure": text,
}  # fmt: skip
_PAGED: dict[str, Shape] = _READ | {
    "IndexName": text, "ExpressionAttributeValues": structure, "FilterExpression": text, "Limit": whole,
    "Select": text, "ExclusiveStartKey": structure,
}  # fmt: skip
_KEYS_READ = members(
    {
        "Keys": list_of(structure), "ConsistentRead": flag, "ExpressionAttributeNames": map_of(text),
        "ProjectionExpression": text,
    },
    "Keys",
)  # fmt: skip
_WRITTEN = members(
    {
        "PutRequest": members({"Item": structure}, "Item"),
        "DeleteRequest": members({"Key": structure}, "Key"),
    }
)
_PARAMETERS: Mapping[str, Mapping[str, Shape]] = {
    "GetItem": _READ | {"Key": structure},
    "PutItem": _WRITE | {"Item": structure},
    "DeleteItem": _WRITE | {"Key": structure},
    "UpdateItem": _WRITE | {"Key": structure, "UpdateExpression": text},
    "Query": _PAGED | {"KeyConditionExpression": text, "ScanIndexForward": flag},
    "Scan": _PAGED,
    "BatchGetItem": {"RequestItems": map_of(_KEYS_READ)},
    "BatchWriteItem": {"RequestItems": map_of(list_of(_WRITTEN))},
    "CreateTable": TABLE,
    "DeleteTable": {"TableName": text},
    "DescribeTable": {"TableName": text},
    "ListTables": {"Limit": whole, "ExclusiveStartTableName": text},
    "UpdateTimeToLive": {
        "TableName": text,
        "TimeToLiveSpecification": members({"AttributeName": text, "Enabled": flag}, "AttributeName", "Enabled"),
    },
    "DescribeTimeToLive": {"TableName": text},
    "ListStreams": {"TableName": text, "Limit": whole, "ExclusiveStartStreamArn": text},
    "DescribeStream": {"StreamArn": text, "Limit": whole, "ExclusiveStartShardId": text},
    "GetShardIterator": {"StreamArn": text, "ShardId": text, "ShardIteratorType": text, "SequenceNumber": text},
    "GetRecords": {"ShardIterator": text, "Limit": whole},
}
_SILENT = {"ReturnConsumedCapacity": "NONE", "ReturnItemCollectionMetrics": "NONE"}  # what may be asked not to be told
OPERATIONS = frozenset(_PARAMETERS)


def require_known(operation: str, request: Request) -> None:
    """What is not understood is refused, never ignored. Raises Fault."""
    known = _PARAMETERS[operation]
    for name, value in request.items():
        if value is None:
            continue
        if name in known:
            known[name](value, name)
        elif value != _SILENT.get(name):
            told = f"={value!r}" if isinstance(value, str | int | float) else ""
            raise invalid(f"The emulator's DynamoDB does not know {name}{told} of {operation}: leave it out")


def needed(request: Request, name: str) -> Any:
    """Raises Fault."""
    if request.get(name) is None:
        raise missing(name)
    return request[name]


def chosen(request: Request, name: str, *allowed: str) -> str:
    """One of `allowed`, the first where nothing was said. Raises Fault."""
    value = request.get(name)
    if value is None:
        return allowed[0]
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
    if limit < 1:
        raise invalid(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            "Member must have value greater than or equal to 1"
        )
    return min(int(limit), most) if most else int(limit)


def unknown_operation(operation: str) -> Fault:
    return Fault("UnknownOperationException", f"The emulator's DynamoDB has no {operation or 'operation of no name'}")
