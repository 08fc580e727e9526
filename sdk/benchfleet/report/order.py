"""Who leads a ranking, by speed or by cost; who is told from the first; and of whom that cannot be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchfleet_results.boards.model import Needed, Relation, Verdict


@dataclass(frozen=True)
class Place:
    """A row, with its relation to the first. `place`: 1 + the rows that are better beyond noise."""

    label: str
    relation: Relation
    needed: Needed | None
    tasks: int
    place: int = 1


@dataclass(frozen=True)
class Order:
    """Best first; at least one row."""

    rows: Sequence[Place]

    @property
    def leaders(self) -> list[Place]:
        """Whom nothing is better than beyond noise. A noisy first may not be told from a row that others are told from."""
        return [self.rows[0], *(row for row in self.having("unclear") if row.place == 1)]

    @property
    def verdict(self) -> Literal["told_apart", "not_told_apart", "only_one", "unknown"]:
        if len(self.rows) == 1:
            return "only_one"
        if len(self.leaders) > 1:
            return "not_told_apart"
        return "unknown" if self.having("unknown") else "told_apart"

    @property
    def second(self) -> Place | None:
        """The one that decides the verdict: the closest that is within noise, else of unknown noise, else the second."""
        return next(iter([*self.leaders[1:], *self.having("unknown"), *self.rows[1:]]), None)

    @property
    def needed(self) -> Needed | None:
        """What would tell the last of the leaders apart."""
        return max((row.needed for row in self.leaders if row.needed), key=lambda one: one.count, default=None)

    def having(self, verdict: Verdict) -> list[Place]:
        return [row for row in self.rows[1:] if row.relation.verdict == verdict]
