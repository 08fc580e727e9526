"""The time to live: which items have one, and which of them have outlived it.

Rules: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from local_emulator.dynamodb.values import Item

OLDEST_S = 5 * 365 * 24 * 3600  # what expired longer ago than that stays: it is taken for a mistake


class Expiry:
    """`place` names an item. An item without the attribute, or with one that is no number, stays for good."""

    def __init__(self, attribute: str, items: Iterable[Item], *, place: Callable[[Item], Any]) -> None:
        self.attribute = attribute
        self._place = place
        self._held: dict[Any, Item] = {}
        for item in items:
            self.replace(None, item)

    def replace(self, old: Item | None, new: Item | None) -> None:
        """Follows a change of the table."""
        if new is not None and "N" in new.get(self.attribute, ()):
            self._held[self._place(new)] = new
        elif old is not None and self.attribute in old:
            self._held.pop(self._place(old), None)

    def expired(self, now: datetime) -> list[Item]:
        """Those whose time is over, in no order."""
        now_s = Decimal(int(now.timestamp()))
        return [item for item in self._held.values() if now_s - OLDEST_S <= Decimal(item[self.attribute]["N"]) < now_s]
