"""One table: its items, its indexes, its stream."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from local_emulator.dynamodb.faults import Fault, invalid
from local_emulator.dynamodb.indexes import Index
from local_emulator.dynamodb.keys import KeySchema
from local_emulator.dynamodb.partitions import Entry, Partitions
from local_emulator.dynamodb.sizes import MOST_ITEM_BYTES, item_bytes
from local_emulator.dynamodb.stream import Stream
from local_emulator.dynamodb.values import Item

Clock = Callable[[], datetime]


class Table:
    """`definition`: keyword arguments of boto3's create_table. Raises Fault for one that makes no table.

    Items that go in or come out are shared with the table: nobody changes one in place.
    """

    def __init__(self, definition: Mapping[str, Any], *, region: str, account: str, clock: Clock) -> None:
        self.definition = dict(definition)
        self.name = str(definition["TableName"])
        self.arn = f"arn:aws:dynamodb:{region}:{account}:table/{self.name}"
        self.created = clock()
        self.expires: str | None = None  # the attribute with the time to live, in seconds since 1970
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
        found = self.partitions.get(*self.schema.place(key))
        return found.item if found else None

    def index(self, name: str) -> Index:
        """Raises Fault."""
        found = self.indexes.get(name)
        if found is None:
            raise invalid(f"The table does not have the specified index: {name}")
        return found

    def require_fitting(self, item: Item) -> int:
        """The item's size in bytes. Raises Fault unless it may stand in this table."""
        self.schema.require_in(item)
        for index in self.indexes.values():
            index.schema.require_if_there(item, index=index.name)
        size = item_bytes(item)
        if size > MOST_ITEM_BYTES:
            raise invalid("Item size has exceeded the maximum allowed size")
        return size

    def put(self, old: Item | None, new: Item) -> None:
        """In place of `old`, which has the same key. Raises Fault unless it may stand here; then nothing has changed."""
        size = self.require_fitting(new)
        self.partitions.put(*self.schema.place(new), Entry(new, size))
        self.item_count += old is None
        self._follow(old, new)

    def drop(self, old: Item, *, who: Mapping[str, str] | None = None) -> None:
        self.partitions.drop(*self.schema.place(old))
        self.item_count -= 1
        self._follow(old, None, who=who)

    def items(self) -> Iterator[Item]:
        """All, partition by partition."""
        return (entry.item for _, partition in self.partitions for entry in partition.entries.values())

    def restore(self, items: list[Item]) -> None:
        """Into the empty table, and not told to its stream."""
        stream, self.stream = self.stream, None
        try:
            for item in items:
                self.put(None, item)
        finally:
            self.stream = stream

    def _follow(self, old: Item | None, new: Item | None, *, who: Mapping[str, str] | None = None) -> None:
        for index in self.indexes.values():
            index.replace(old, new)
        if self.stream is not None:
            self.stream.tell(self.schema.of(new or old or {}), old, new, who=who)


def _indexes(definition: Mapping[str, Any], *, table: KeySchema, kinds: Mapping[str, str]) -> Iterator[Index]:
    for parameter in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for each in definition.get(parameter) or ():
            yield Index(each, table=table, kinds=kinds, is_global=parameter.startswith("Global"))


def _stream(specification: Mapping[str, Any], *, region: str, clock: Clock) -> Stream | None:
    if not specification.get("StreamEnabled"):
        return None
    view = specification.get("StreamViewType")
    if view not in ("NEW_AND_OLD_IMAGES", "NEW_IMAGE", "OLD_IMAGE", "KEYS_ONLY"):
        raise Fault("ValidationException", f"StreamViewType is not one of the four: {view}")
    return Stream(label=clock().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3], view=view, region=region, clock=clock)
