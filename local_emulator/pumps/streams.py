"""Delivers a table's stream records to a function, in order, at least once, as Lambda's event source mapping does."""

from collections.abc import Callable
from typing import Any

Handler = Callable[[dict[str, Any]], Any]


class StreamPump:
    """Reads each shard from its oldest record and calls `handler` with batches. `client` makes the streams client.

    A handler that raises gets the same batch again on the next step; nothing behind it moves until it succeeds.
    """

    def __init__(self, client: Callable[[], Any], handler: Handler, *, stream_arn: str, batch_size: int) -> None:
        self._client = client
        self._handler = handler
        self._arn = stream_arn
        self._batch_size = batch_size
        self._shards: dict[str, str | None] = {}  # shard id → sequence number of the last record that was handled
        self._waiting: dict[str, list[dict[str, Any]]] = {}

    @property
    def handled(self) -> str | None:
        """The sequence number of the newest record that the handler has accepted."""
        numbers = [number for number in self._shards.values() if number]
        return max(numbers, key=int, default=None)

    def step(self) -> bool:
        if not self._shards:
            described = self._client().describe_stream(StreamArn=self._arn)["StreamDescription"]
            self._shards = {shard["ShardId"]: None for shard in described["Shards"]}
        return any([self._step_shard(shard) for shard in list(self._shards)])

    def _step_shard(self, shard: str) -> bool:
        batch = self._waiting.get(shard) or self._read(shard)
        if not batch:
            return False
        self._waiting[shard] = batch
        self._handler({"Records": [lambda_record(record, stream_arn=self._arn) for record in batch]})
        self._shards[shard] = batch[-1]["dynamodb"]["SequenceNumber"]
        del self._waiting[shard]
        return len(batch) == self._batch_size

    def _read(self, shard: str) -> list[dict[str, Any]]:
        after = self._shards[shard]
        where = {"ShardIteratorType": "TRIM_HORIZON"}
        if after is not None:
            where = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
        streams = self._client()
        iterator = streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard, **where)["ShardIterator"]
        return list(streams.get_records(ShardIterator=iterator, Limit=self._batch_size)["Records"])


def lambda_record(record: dict[str, Any], *, stream_arn: str) -> dict[str, Any]:
    """A record of the streams API as Lambda shows it to a function: seconds for the time, the stream's ARN added."""
    change = record["dynamodb"]
    created = change["ApproximateCreationDateTime"].timestamp()
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": record.get("eventVersion", "1.1"),
        "eventSource": "aws:dynamodb",
        "awsRegion": record["awsRegion"],
        "dynamodb": {**change, "ApproximateCreationDateTime": created},
        "eventSourceARN": stream_arn,
    }
