"""What was written to the table, from its own stream: every image before and after."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.write_units import Item

Change = tuple[Item | None, Item | None]  # before, after; None: there was, or is, no item


def changes(streams: Any, *, stream_arn: str) -> Iterator[Change]:
    """All changes that the stream still holds, oldest first within a shard. `streams` is a `dynamodbstreams` client."""
    for shard in streams.describe_stream(StreamArn=stream_arn)["StreamDescription"]["Shards"]:
        start = {"StreamArn": stream_arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        yield from _of_shard(streams, iterator=streams.get_shard_iterator(**start)["ShardIterator"])


def _of_shard(streams: Any, *, iterator: str | None) -> Iterator[Change]:
    while iterator is not None:
        page = streams.get_records(ShardIterator=iterator, Limit=1000)
        if not page["Records"]:
            return
        yield from (_images(record["dynamodb"]) for record in page["Records"])
        iterator = page.get("NextShardIterator")


def _images(record: Mapping[str, Any]) -> Change:
    return record.get("OldImage") or None, record.get("NewImage") or None
