"""ListStreams, DescribeStream, GetShardIterator and GetRecords: one shard a stream, which never ends."""

from collections.abc import Iterable
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid, not_found
from local_emulator.dynamodb.requests import Request, limit_of, needed
from local_emulator.dynamodb.stream import SHARD, Stream
from local_emulator.dynamodb.table import Table

Reply = dict[str, Any]
MOST_RECORDS = 1_000


class Streams:
    """An iterator is the stream's ARN and the number of the record that comes next, so nothing has to be kept of it."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tables

    def list_streams(self, request: Request) -> Reply:
        wanted = request.get("TableName")
        return {
            "Streams": [
                {"StreamArn": table.stream_arn, "TableName": table.name, "StreamLabel": table.stream.label}
                for table in self._tables
                if table.stream and wanted in (None, table.name)
            ]
        }

    def describe_stream(self, request: Request) -> Reply:
        table, stream = self._found(needed(request, "StreamArn"))
        shard = {"ShardId": SHARD, "SequenceNumberRange": {"StartingSequenceNumber": str(stream.first)}}
        return {
            "StreamDescription": {
                "StreamArn": table.stream_arn,
                "StreamLabel": stream.label,
                "StreamStatus": "ENABLED",
                "StreamViewType": stream.view,
                "CreationRequestDateTime": table.created.timestamp(),
                "TableName": table.name,
                "KeySchema": table.definition["KeySchema"],
                "Shards": [shard],
            }
        }

    def get_shard_iterator(self, request: Request) -> Reply:
        arn = needed(request, "StreamArn")
        _, stream = self._found(arn)
        if needed(request, "ShardId") != SHARD:
            raise not_found()
        return {"ShardIterator": f"{arn}|{_start(stream, request)}"}

    def get_records(self, request: Request) -> Reply:
        arn, _, number = str(needed(request, "ShardIterator")).rpartition("|")
        if not number.isdecimal():
            raise invalid("Invalid ShardIterator")
        _, stream = self._found(arn)
        start = max(int(number), stream.first)
        records = stream.read(start, limit=limit_of(request, most=MOST_RECORDS) or MOST_RECORDS)
        return {"Records": records, "NextShardIterator": f"{arn}|{start + len(records)}"}

    def _found(self, arn: Any) -> tuple[Table, Stream]:
        for table in self._tables:
            if table.stream and table.stream_arn == arn:
                return table, table.stream
        raise not_found(f"Requested resource not found: Stream: {arn} not found")


def _start(stream: Stream, request: Request) -> int:
    match needed(request, "ShardIteratorType"):
        case "TRIM_HORIZON":
            return stream.first
        case "LATEST":
            return stream.next
        case "AT_SEQUENCE_NUMBER":
            return _number(stream, request)
        case "AFTER_SEQUENCE_NUMBER":
            return _number(stream, request) + 1
        case other:
            raise invalid(f"ShardIteratorType {other!r} is none of the four")


def _number(stream: Stream, request: Request) -> int:
    text = str(needed(request, "SequenceNumber"))
    if not text.isdecimal() or int(text) >= stream.next:
        raise invalid(f"Invalid SequenceNumber: {text}")
    if int(text) < stream.first - 1:
        raise Fault("TrimmedDataAccessException", f"The record {text} is no longer held")
    return int(text)
