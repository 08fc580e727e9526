"""DynamoDB and its streams: the operations by name, and as an app that speaks their protocol.

Protocol: the operation's name in `X-Amz-Target`, JSON in the body, both ways.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from local_emulator.dynamodb import batch_operations, item_operations, page_operations
from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.requests import OPERATIONS, Request, needed, require_known, unknown_operation
from local_emulator.dynamodb.stream_operations import Streams
from local_emulator.dynamodb.table import Clock, Table
from local_emulator.dynamodb.table_operations import Tables

Reply = dict[str, Any]
_OF_A_TABLE: Mapping[str, Callable[[Table, Request], Reply]] = {
    "GetItem": item_operations.get_item,
    "PutItem": item_operations.put_item,
    "UpdateItem": item_operations.update_item,
    "DeleteItem": item_operations.delete_item,
    "Query": page_operations.query,
    "Scan": page_operations.scan,
}


class DynamoDb:
    """The tables of one region. Not thread-safe: callers hold the emulator's lock."""

    def __init__(self, *, region: str, account: str, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self.tables = tables = Tables(region=region, account=account, clock=clock)
        streams = Streams(tables)
        self._operations: dict[str, Callable[[Request], Reply]] = {
            "BatchGetItem": lambda request: batch_operations.batch_get_item(tables.named, request),
            "BatchWriteItem": lambda request: batch_operations.batch_write_item(tables.named, request),
            "CreateTable": tables.create_table,
            "DeleteTable": tables.delete_table,
            "DescribeTable": tables.describe_table,
            "ListTables": tables.list_tables,
            "UpdateTimeToLive": tables.update_time_to_live,
            "DescribeTimeToLive": tables.describe_time_to_live,
            "ListStreams": streams.list_streams,
            "DescribeStream": streams.describe_stream,
            "GetShardIterator": streams.get_shard_iterator,
            "GetRecords": streams.get_records,
        }

    def ask(self, operation: str, request: Request) -> Reply:
        """`request` and reply as on the wire; what is in the reply belongs to the table. Raises Fault."""
        if operation not in OPERATIONS:
            raise unknown_operation(operation)
        require_known(operation, request)
        of_a_table = _OF_A_TABLE.get(operation)
        if of_a_table:
            return of_a_table(self.tables.named(needed(request, "TableName")), request)
        return self._operations[operation](request)

    def __call__(self, environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        try:
            status, reply = 200, self.ask(operation, request_of(environ["wsgi.input"].read()))
        except Fault as fault:
            status, reply = fault.status, error_of(fault)
        start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", "application/x-amz-json-1.0")])
        return [json.dumps(reply, separators=(",", ":")).encode()]


def request_of(body: bytes) -> dict[str, Any]:
    """Raises Fault."""
    try:
        text = body.decode() or "{}"
        found = json.loads(text)
        if "\\ud" in text or "\\uD" in text:  # half a character, unless its other half is there
            json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise Fault("SerializationException", "The body is no JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise Fault("SerializationException", "The body is no JSON object")
    return found


def error_of(fault: Fault) -> dict[str, Any]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{fault.code}", "message": fault.message, **fault.more}
