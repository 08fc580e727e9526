"""ListStreams, DescribeStream, GetShardIterator and GetRecords: one shard a stream, which never ends."""

from collections.abc import Iterable
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid, not_found
from local_emulator.dynamodb.requests import Request, limit_of, needed
from local_emulator.dynamodb.stream import SHARD, Stream
from local_emulator.dynamodb.table import Table

Reply = dict[str, Any]
MOST_RECORDS = 1_000
MOST_STREAMS = 100
MOST_NUMBER_DIGITS = 40


class Streams:
    """An iterator is the stream's ARN and the number of the record that comes next, so nothing has to be kept of it."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = tables

    def list_streams(self, request: Request) -> Reply:
        wanted, behind = request.get("TableName"), request.get("ExclusiveStartStreamArn") or ""
        most = limit_of(request, most=MOST_STREAMS) or MOST_STREAMS
        found = sorted(
            (table.stream_arn or "", table.name, table.stream.label)
            for table in self._tables
            if table.stream and wanted in (None, table.name)
        )
        shown = [each for each in found if each[0] > behind]
        streams = [{"StreamArn": arn, "TableName": name, "StreamLabel": label} for arn, name, label in shown[:most]]
        return {"Streams": streams} | ({"LastEvaluatedStreamArn": shown[most - 1][0]} if len(shown) > most else {})

    def describe_stream(self, request: Request) -> Reply:
        table, stream = self._found(needed(request, "StreamArn"))
        limit_of(request)  # one shard is never too many
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
                "Shards": [] if request.get("ExclusiveStartShardId") == SHARD else [shard],
            }
        }

    def get_shard_iterator(self, request: Request) -> Reply:
        arn = needed(request, "StreamArn")
        _, stream = self._found(arn)
        if needed(request, "ShardId") != SHARD:
            raise not_found()
        return {"ShardIterator": f"{arn}|{_start(stream, request)}"}

    def get_records(self, request: Request) -> Reply:
        iterator = needed(request, "ShardIterator")
        arn, _, text = iterator.rpartition("|")
        limit = limit_of(request, most=MOST_RECORDS) or MOST_RECORDS
        if not arn:
            raise invalid(f"Invalid ShardIterator: {iterator}")
        _, stream = self._found(arn)
        start = _number(text, "ShardIterator", most=stream.next)
        _require_held(stream, start)
        records = stream.read(start, limit=limit)
        return {"Records": records, "NextShardIterator": f"{arn}|{start + len(records)}"}

    def _found(self, arn: Any) -> tuple[Table, Stream]:
        for table in self._tables:
            if table.stream and table.stream_arn == arn:
                return table, table.stream
        raise not_found(f"Requested resource not found: Stream: {arn} not found")


def _start(stream: Stream, request: Request) -> int:
    kind = str(needed(request, "ShardIteratorType"))
    match kind:
        case "TRIM_HORIZON":
            return stream.first
        case "LATEST":
            return stream.next
        case "AT_SEQUENCE_NUMBER" | "AFTER_SEQUENCE_NUMBER":
            text = needed(request, "SequenceNumber")
            number = _number(text, "SequenceNumber", most=stream.next - 1) + kind.startswith("AFTER")
            _require_held(stream, number)
            return number
        case other:
            raise invalid(f"ShardIteratorType {other!r} is none of the four")


def _number(text: str, parameter: str, *, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_NUMBER_DIGITS and int(text) <= most):
        raise invalid(f"Invalid {parameter}: {text}")
    return int(text)


def _require_held(stream: Stream, number: int) -> None:
    if number < stream.first:
        raise Fault(
            "TrimmedDataAccessException", f"The record {number} is no longer held; the oldest is {stream.first}"
        )
