"""The only DynamoDB calls."""

import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.domain.errors import Unavailable
from chalicelib.store.expressions import Raw, Write
from chalicelib.store.items import Item, marshal, marshal_item, unmarshal_item

_BATCH = 25  # what BatchWriteItem takes
_READ_BATCH = 100  # what BatchGetItem takes
_ERASED_AT_ONCE = 1_000
_WRITERS = 8
_BATCH_TRIES = 10
_LONGEST_PAUSE_S = 2.0
_BUSY = {
    "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "InternalServerError",
    "ServiceUnavailable",
}  # fmt: skip


class ConditionFailed(Exception):
    """A conditional write was refused; `old_item` is what stands there, None if nothing does."""

    def __init__(self, old_item: Item | None) -> None:
        super().__init__("condition not met")
        self.old_item = old_item


class Table:
    """One table. Every method raises Unavailable when DynamoDB is busy for longer than botocore's own retries."""

    def __init__(self, client: Any, name: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep
        self._name = name

    def get(self, pk: str, sk: str) -> Item | None:
        """A strongly consistent read."""
        reply = self._call("get_item", Key=marshal_item({"pk": pk, "sk": sk}), ConsistentRead=True)
        return unmarshal_item(reply["Item"]) if "Item" in reply else None

    def get_all(self, keys: Iterable[tuple[str, str]]) -> Iterator[Item]:
        """Strongly consistent reads, 100 a request, in no particular order; what is not there is left out."""
        wanted = [marshal_item({"pk": pk, "sk": sk}) for pk, sk in keys]
        stuck = 0
        while wanted:
            request = {self._name: {"Keys": wanted[:_READ_BATCH], "ConsistentRead": True}}
            reply = self._call("batch_get_item", RequestItems=request)
            unread = reply.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            wanted = wanted[_READ_BATCH:] + unread
            stuck = stuck + 1 if unread else 0
            if stuck == _BATCH_TRIES:
                raise Unavailable("The database is busy")
            if unread:
                self._back_off(stuck)
            yield from map(unmarshal_item, reply["Responses"].get(self._name, []))

    def update(self, write: Write) -> Item:
        """Sends the write; returns the item after it. Raises ConditionFailed."""
        reply = self._call("update_item", **arguments(write))
        return unmarshal_item(reply["Attributes"])

    def put_new(self, item: Item) -> None:
        """Raises ConditionFailed where something stands already."""
        self._call(
            "put_item", Item=marshal_item(item), ConditionExpression="attribute_not_exists(pk)",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip

    def put_over(self, item: Item, name: str, value: int) -> None:
        """Replaces the item whose attribute `name` has this value. Raises ConditionFailed."""
        self._put_where(f"#{name} = :value", {":value": value}, item)

    def put_unless_later(self, item: Item, names: tuple[str, str]) -> None:
        """Not over an item that is later by these two numbers, the first before the second. Raises ConditionFailed."""
        first, second = names
        condition = f"attribute_not_exists(#pk) OR #{first} < :first OR (#{first} = :first AND #{second} <= :second)"
        self._put_where(condition, {":first": item[first], ":second": item[second]}, item)

    def _put_where(self, condition: str, values: Mapping[str, Any], item: Item) -> None:
        self._call(
            "put_item", Item=marshal_item(item), ConditionExpression=condition,
            ReturnValuesOnConditionCheckFailure="ALL_OLD", **_expression(condition, values),
        )  # fmt: skip

    def put(self, item: Item) -> None:
        self._call("put_item", Item=marshal_item(item))

    def delete(self, pk: str, sk: str) -> None:
        self._call("delete_item", Key=marshal_item({"pk": pk, "sk": sk}))

    def delete_if(self, write: Write) -> None:
        """Deletes the write's item where its condition holds. Raises ConditionFailed."""
        self._call(
            "delete_item", Key=marshal_item({"pk": write.pk, "sk": write.sk}), ConditionExpression=write.condition,
            **_expression(write.condition, write.values),
        )  # fmt: skip

    def delete_unless_later(self, pk: str, sk: str, names: tuple[str, str], numbers: tuple[int, int]) -> None:
        """As `put_unless_later`, to delete it. Raises ConditionFailed."""
        first, second = names
        condition = f"attribute_not_exists(#pk) OR #{first} < :first OR (#{first} = :first AND #{second} <= :second)"
        values: dict[str, Any] = {":first": numbers[0], ":second": numbers[1]}
        self.delete_if(Write(pk, sk, condition, values=values))

    def put_all(self, items: Iterable[Item]) -> None:
        """Unconditional puts, 25 a request, several requests at a time."""
        self._write_all({"PutRequest": {"Item": marshal_item(item)}} for item in items)

    def delete_all(self, keys: Iterable[tuple[str, str]]) -> None:
        self._write_all({"DeleteRequest": {"Key": marshal_item({"pk": pk, "sk": sk})}} for pk, sk in keys)

    def erase(self, pk: str) -> Iterator[int]:
        """Deletes everything under this pk, page by page; how many items each page had."""
        while True:
            items, _ = self.query("#pk = :pk", {":pk": pk}, limit=_ERASED_AT_ONCE, ProjectionExpression="pk, sk")
            if not items:
                return
            self.delete_all((item["pk"], item["sk"]) for item in items)
            yield len(items)

    def query(
        self, condition: str, values: Mapping[str, Any], *, limit: int | None = None, start: Item | None = None,
        **more: Any,
    ) -> tuple[list[Item], Item | None]:  # fmt: skip
        """One page of a query, consistent unless `more` says otherwise; the second value is where the next one starts."""
        arguments_ = (
            _expression(condition, values) | {"KeyConditionExpression": condition, "ConsistentRead": True} | more
        )
        if limit is not None:
            arguments_["Limit"] = limit
        if start is not None:
            arguments_["ExclusiveStartKey"] = marshal_item(start)
        reply = self._call("query", **arguments_)
        last = reply.get("LastEvaluatedKey")
        return [unmarshal_item(item) for item in reply["Items"]], unmarshal_item(last) if last else None

    def query_all(self, condition: str, values: Mapping[str, Any], **more: Any) -> Iterator[Item]:
        """Every item of a query, page by page."""
        start: Item | None = None
        while True:
            items, start = self.query(condition, values, start=start, **more)
            yield from items
            if start is None:
                return

    def _write_all(self, requests: Iterable[dict[str, Any]]) -> None:
        stream = iter(requests)
        batches = list(iter(lambda: list(islice(stream, _BATCH)), []))
        if len(batches) <= 2:
            for batch in batches:
                self._write_batch(batch)
            return
        with ThreadPoolExecutor(_WRITERS) as pool:
            list(pool.map(self._write_batch, batches))

    def _write_batch(self, batch: list[dict[str, Any]]) -> None:
        for attempt in range(_BATCH_TRIES):
            reply = self._call("batch_write_item", RequestItems={self._name: batch})
            batch = reply.get("UnprocessedItems", {}).get(self._name, [])
            if not batch:
                return
            self._back_off(attempt)
        raise Unavailable("The database is busy")

    def _back_off(self, attempt: int) -> None:
        self._sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.05 * 2**attempt)))  # noqa: S311  # jitter, not a secret

    def _call(self, operation: str, **arguments_: Any) -> Any:
        if not operation.startswith("batch_"):
            arguments_["TableName"] = self._name
        try:
            return getattr(self._client, operation)(**arguments_)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                old: Any = error.response.get("Item")
                raise ConditionFailed(unmarshal_item(old) if old else None) from None
            if code in _BUSY:
                raise Unavailable("The database is busy") from error
            raise


def arguments(write: Write) -> dict[str, Any]:
    """The keyword arguments of `update_item` for a write; pure."""
    values, assignments = dict(write.values), []
    for name, value in write.sets.items():
        if isinstance(value, Raw):
            assignments.append(f"#{name} = {value.text}")
        elif value is not None:
            values[f":set_{name}"] = value
            assignments.append(f"#{name} = :set_{name}")
    removed = [f"#{name}" for name, value in write.sets.items() if value is None]
    for name, amount in write.adds.items():
        values[f":add_{name}"] = amount
    added = [f"#{name} :add_{name}" for name in write.adds]
    for name, members in write.takes.items():
        values[f":take_{name}"] = members
    taken = [f"#{name} :take_{name}" for name in write.takes]
    parts = [("SET", assignments), ("REMOVE", removed), ("ADD", added), ("DELETE", taken)]
    update = " ".join(f"{verb} {', '.join(what)}" for verb, what in parts if what)
    return _expression(f"{update} {write.condition}", values) | {
        "Key": marshal_item({"pk": write.pk, "sk": write.sk}),
        "UpdateExpression": update,
        "ConditionExpression": write.condition,
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def _expression(text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", text)}
    used = {name: marshal(value) for name, value in values.items()}
    return {"ExpressionAttributeNames": names} | ({"ExpressionAttributeValues": used} if used else {})
