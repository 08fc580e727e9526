"""Streams: one record for each change, readers at any place of it, and the time to live that writes to it."""

from typing import Any

import pytest

from local_emulator.dynamodb.stream import SHARD
from tests.each_case import each_case
from tests.unit.dynamodb_asking import Asking, definition, item


@pytest.fixture
def db() -> Asking:
    return Asking()


def arn_of(db: Asking) -> str:
    return str(db.ask("ListStreams")["Streams"][0]["StreamArn"])


def iterator(db: Asking, kind: str, **more: Any) -> str:
    asked = {"StreamArn": arn_of(db), "ShardId": SHARD, "ShardIteratorType": kind}
    return str(db.ask("GetShardIterator", **asked, **more)["ShardIterator"])


def numbers(db: Asking, start: str, **more: Any) -> list[int]:
    found = db.ask("GetRecords", ShardIterator=start, **more)["Records"]
    return [int(record["dynamodb"]["SequenceNumber"]) for record in found]


def test_each_change_is_told_once_with_both_images(db: Asking) -> None:
    db.put(a=1)
    db.put(a=1)  # no change, no record
    db.update("SET a = a")
    db("UpdateItem", Key=item(p="p", s="s"))
    db.update("SET a = :v", values={"v": 2})
    db("DeleteItem", Key=item(p="p", s="s"))
    db("DeleteItem", Key=item(p="p", s="s"))
    key = item(p="p", s="s")
    told = [(r["eventName"], r["dynamodb"].get("OldImage"), r["dynamodb"].get("NewImage")) for r in db.records()]
    one, two = key | item(a=1), key | item(a=2)
    assert told == [("INSERT", None, one), ("MODIFY", one, two), ("REMOVE", two, None)]
    assert {r["dynamodb"]["SizeBytes"] for r in db.records()} == {11, 18}  # the key, and each image
    assert all(r["dynamodb"]["Keys"] == key and "userIdentity" not in r for r in db.records())


@each_case(
    ("view", "images"),
    [("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"}), ("KEYS_ONLY", set()),
     ("NEW_AND_OLD_IMAGES", {"NewImage", "OldImage"})],
)  # fmt: skip
def test_a_stream_shows_what_its_view_says(view: str, images: set[str]) -> None:
    db = Asking(definition(StreamSpecification={"StreamEnabled": True, "StreamViewType": view}))
    db.put(a=1)
    db.put(a=2)
    told = db.records()[1]["dynamodb"]
    assert (told.keys() & {"NewImage", "OldImage"}, told["StreamViewType"]) == (images, view)


def test_readers_begin_where_they_say(db: Asking) -> None:
    late = iterator(db, "LATEST")
    for number in range(5):
        db.put(a=number)
    assert numbers(db, iterator(db, "TRIM_HORIZON")) == [1, 2, 3, 4, 5]
    assert numbers(db, late, Limit=2) == [1, 2]
    assert numbers(db, iterator(db, "LATEST")) == []
    assert numbers(db, iterator(db, "AT_SEQUENCE_NUMBER", SequenceNumber="4")) == [4, 5]
    assert numbers(db, iterator(db, "AFTER_SEQUENCE_NUMBER", SequenceNumber="5")) == []
    page = db.ask("GetRecords", ShardIterator=iterator(db, "TRIM_HORIZON"), Limit=3)
    assert numbers(db, page["NextShardIterator"]) == [4, 5]


def test_what_was_trimmed_is_told_to_be_gone(db: Asking) -> None:
    old = iterator(db, "TRIM_HORIZON")
    for number in range(5):
        db.put(a=number)
    stream = db.table.stream
    assert stream
    stream.trim(before=5, keep=1)
    assert numbers(db, iterator(db, "TRIM_HORIZON")) == [4, 5]
    assert numbers(db, iterator(db, "AFTER_SEQUENCE_NUMBER", SequenceNumber="3")) == [4, 5]
    assert db.ask_refused("GetRecords", ShardIterator=old).code == "TrimmedDataAccessException"
    asked = {"StreamArn": arn_of(db), "ShardId": SHARD, "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
    assert db.ask_refused("GetShardIterator", SequenceNumber="3", **asked).code == "TrimmedDataAccessException"
    shard = db.ask("DescribeStream", StreamArn=arn_of(db))["StreamDescription"]["Shards"][0]
    assert shard["SequenceNumberRange"] == {"StartingSequenceNumber": "4"}
    stream.trim(before=100, keep=0)
    assert numbers(db, iterator(db, "TRIM_HORIZON")) == []


@pytest.mark.parametrize("text", ["", "x", "|", "arn|", "|1", "{arn}|x", "{arn}|2", "{arn}|-1", "{arn}|" + "9" * 5000])
def test_what_is_no_iterator(db: Asking, text: str) -> None:
    fault = db.ask_refused("GetRecords", ShardIterator=text.replace("{arn}", arn_of(db)))
    assert fault.code in ("ValidationException", "ResourceNotFoundException")


def test_streams_and_shards_are_listed(db: Asking) -> None:
    db.ask("CreateTable", **definition("another"))
    first = db.ask("ListStreams", Limit=1)
    assert [one["TableName"] for one in first["Streams"]] == ["another"]
    rest = db.ask("ListStreams", ExclusiveStartStreamArn=first["LastEvaluatedStreamArn"])
    assert [one["TableName"] for one in rest["Streams"]] == ["things"]
    assert db.ask("ListStreams", TableName="things")["Streams"] == rest["Streams"]
    described = db.ask("DescribeStream", StreamArn=arn_of(db), ExclusiveStartShardId=SHARD)["StreamDescription"]
    assert (described["Shards"], described["StreamStatus"]) == ([], "ENABLED")
    assert db.ask_refused("DescribeStream", StreamArn="arn:none").code == "ResourceNotFoundException"


def living(db: Asking) -> list[str]:
    return sorted(one["s"]["S"] for one in db("Scan")["Items"])


def test_what_has_outlived_its_time_is_removed_by_the_service(db: Asking) -> None:
    db.put(s="before", e=int(db.now.timestamp()) + 60)
    specification = {"AttributeName": "e", "Enabled": True}
    assert db("UpdateTimeToLive", TimeToLiveSpecification=specification) == {"TimeToLiveSpecification": specification}
    now_s = int(db.now.timestamp())
    db.put(s="after", e=now_s + 60, h="h", g="g")
    db.put(s="later", e=now_s + 61)
    db.put(s="moved", e=now_s + 60)
    db.update("SET e = :v", Key=item(p="p", s="moved"), values={"v": now_s + 600})
    db.put(s="kept", e=now_s + 60)
    db.update("REMOVE e", Key=item(p="p", s="kept"))
    db.put(s="text", e=str(now_s))
    db.put(s="ancient", e=now_s - 6 * 365 * 24 * 3600)  # taken for a mistake, as AWS does
    told = len(db.records())
    db.pass_s(60)
    assert db.table.drop_expired() == 0
    db.pass_s(1)
    assert db.table.drop_expired() == 2
    assert living(db) == ["ancient", "kept", "later", "moved", "text"]
    assert db("Scan", IndexName="global")["Count"] == 0
    gone = db.records()[told:]
    assert {record["dynamodb"]["Keys"]["s"]["S"] for record in gone} == {"before", "after"}
    service = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}
    assert all((r["eventName"], r["userIdentity"]) == ("REMOVE", service) for r in gone)
    assert db.table.drop_expired() == 0


def test_a_time_to_live_is_described_and_ended(db: Asking) -> None:
    assert db("DescribeTimeToLive")["TimeToLiveDescription"] == {"TimeToLiveStatus": "DISABLED"}
    on, off = ({"AttributeName": "e", "Enabled": enabled} for enabled in (True, False))
    assert "already disabled" in db.refused("UpdateTimeToLive", TimeToLiveSpecification=off).message
    db("UpdateTimeToLive", TimeToLiveSpecification=on)
    told = {"TimeToLiveStatus": "ENABLED", "AttributeName": "e"}
    assert db("DescribeTimeToLive")["TimeToLiveDescription"] == told
    assert "already enabled" in db.refused("UpdateTimeToLive", TimeToLiveSpecification=on).message
    other = {"AttributeName": "x", "Enabled": False}
    assert "current AttributeName is e" in db.refused("UpdateTimeToLive", TimeToLiveSpecification=other).message
    db("UpdateTimeToLive", TimeToLiveSpecification=off)
    db.put(e=1)
    assert db.table.drop_expired() == 0
