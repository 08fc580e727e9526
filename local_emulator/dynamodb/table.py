"""One table: its items, its indexes, its stream."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from local_emulator.dynamodb.definitions import require_table
from local_emulator.dynamodb.expiry import Expiry
from local_emulator.dynamodb.faults import invalid
from local_emulator.dynamodb.indexes import Index
from local_emulator.dynamodb.keys import KeySchema
from local_emulator.dynamodb.partitions import Entry, Partitions
from local_emulator.dynamodb.sizes import MOST_ITEM_BYTES, item_bytes
from local_emulator.dynamodb.stream import TIME_TO_LIVE, Stream
from local_emulator.dynamodb.values import Item

Clock = Callable[[], datetime]


class Table:
    """`definition`: keyword arguments of boto3's create_table. Raises Fault for one that makes no table.

    Items that go in or come out are shared with the table: nobody changes one in place.
    """

    def __init__(self, definition: Mapping[str, Any], *, region: str, account: str, clock: Clock) -> None:
        require_table(definition)
        self.definition = dict(definition)
        self.name = str(definition["TableName"])
        self.arn = f"arn:aws:dynamodb:{region}:{account}:table/{self.name}"
        self.created = clock()
        self._clock = clock
        self._expiry: Expiry | None = None
        kinds = {each["AttributeName"]: each["AttributeType"] for each in definition["AttributeDefinitions"]}
        self.schema = KeySchema.read(definition["KeySchema"], kinds)
        self.indexes = {index.name: index for index in _indexes(definition, table=self.schema, kinds=kinds)}
        self.partitions = Partitions()
        self.stream = _stream(definition.get("StreamSpecification") or {}, region=region, clock=clock)
        self.item_count = 0

    @property
    def stream_arn(self) -> str | None:
        return f"{self.arn}/stream/{self.stream.label}" if self.stream else None

    def get(self, key: Item) -> Item | None:
        """Raises Fault for a key that is not this table's."""
        self.schema.require_exact(key)
        return self.at(key)

    def at(self, item: Item) -> Item | None:
        """What stands where this item, or one with this key, would stand."""
        found = self.entry_at(item)
        return found.item if found else None

    def entry_at(self, item: Item) -> Entry | None:
        return self.partitions.get(*self.schema.place(item))

    def index(self, name: str) -> Index:
        """Raises Fault."""
        found = self.indexes.get(name)
        if found is None:
            raise invalid(f"The table does not have the specified index: {name}")
        return found

    def require_fitting(self, item: Item, *, update: bool = False) -> int:
        """The item's size in bytes. Raises Fault unless it may stand in this table."""
        self.schema.require_in(item)
        for index in self.indexes.values():
            index.schema.require_if_there(item, index=index.name, update=update)
        size = item_bytes(item)
        if size > MOST_ITEM_BYTES:
            raise invalid(f"Item size {'to update ' if update else ''}has exceeded the maximum allowed size")
        return size

    def put(self, old: Item | None, new: Item, *, size_bytes: int) -> None:
        """In place of `old`, which has the same key. `new` fits, which `require_fitting` knows, and its size."""
        if old is not None and old == new:
            return
        place = self.schema.place(new)
        standing = self.partitions.get(*place)
        self.partitions.put(*place, Entry(new, size_bytes))
        self.item_count += old is None
        self._follow(old, new, size_bytes=size_bytes + (standing.size_bytes if standing else 0))

    def drop(self, old: Item, *, who: Mapping[str, str] | None = None) -> None:
        place = self.schema.place(old)
        standing = self.partitions.get(*place)
        self.partitions.drop(*place)
        self.item_count -= 1
        self._follow(old, None, size_bytes=standing.size_bytes if standing else 0, who=who)

    @property
    def expires(self) -> str | None:
        """The attribute with the time to live, in seconds since 1970."""
        return self._expiry.attribute if self._expiry else None

    @expires.setter
    def expires(self, attribute: str | None) -> None:
        self._expiry = Expiry(attribute, self.items(), place=self.schema.place) if attribute else None

    def drop_expired(self) -> int:
        """Removes what has outlived its time to live; how many items that were."""
        gone = self._expiry.expired(self._clock()) if self._expiry else []
        for item in gone:
            self.drop(item, who=TIME_TO_LIVE)
        return len(gone)

    def items(self) -> Iterator[Item]:
        """All, partition by partition."""
        return (entry.item for _, partition in self.partitions.since() for entry in partition.entries.values())

    def restore(self, items: list[Item]) -> None:
        """Into the empty table, and not told to its stream."""
        stream, self.stream = self.stream, None
        try:
            for item in items:
                self.put(None, item, size_bytes=self.require_fitting(item))
        finally:
            self.stream = stream

    def _follow(
        self, old: Item | None, new: Item | None, *, size_bytes: int, who: Mapping[str, str] | None = None
    ) -> None:
        """`size_bytes` of both images."""
        for index in self.indexes.values():
            index.replace(old, new)
        if self._expiry is not None:
            self._expiry.replace(old, new)
        if self.stream is not None:
            self.stream.tell(self.schema.of(new or old or {}), old, new, size_bytes=size_bytes, who=who)


def _indexes(definition: Mapping[str, Any], *, table: KeySchema, kinds: Mapping[str, str]) -> Iterator[Index]:
    for parameter in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for each in definition.get(parameter) or ():
            yield Index(each, table=table, kinds=kinds, is_global=parameter.startswith("Global"))


def _stream(specification: Mapping[str, Any], *, region: str, clock: Clock) -> Stream | None:
    if not specification.get("StreamEnabled"):
        return None
    label = clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return Stream(label=label, view=specification["StreamViewType"], region=region, clock=clock)
