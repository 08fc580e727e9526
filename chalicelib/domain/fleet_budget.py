"""The money of a fleet run: set aside before a request is sent, corrected when its price is known. Pure.

Amounts are whole nano-USD. `committed` is what was spent and what is set aside, together: what a runner that died had set
aside is never given out again, it counts as spent.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from benchfleet_contract.fleets.leases import Settled

NANO = 1_000_000_000
SILENT_MS = 300_000  # what a runner holds that says nothing for so long is not waited for


@dataclass(frozen=True)
class Holding:
    """What one shard's attempt has set aside. `reply` is the response to its request with `sequence`, as JSON."""

    attempt: int
    held: int
    seen_ms: int
    sequence: int | None = None
    reply: str | None = None


@dataclass(frozen=True)
class Budget:
    most: int
    committed: int = 0
    holdings: Mapping[str, Holding] = field(default_factory=dict)  # by the shard's number

    @property
    def left(self) -> int:
        return max(0, self.most - self.committed)


def settle(budget: Budget, shard: int, attempt: int, settled: list[Settled], *, now_ms: int) -> Budget:
    """What was set aside for these is free, and what they cost is spent. No attempt frees more than it holds."""
    mine = _mine(budget, shard, attempt, now_ms)
    freed = min(mine.held, sum(reserved_of(one.id)[0] for one in settled))
    spent = sum(round(one.usd * NANO) for one in settled)
    return _with(
        replace(budget, committed=budget.committed - freed + spent), shard, replace(mine, held=mine.held - freed)
    )


def reserve(budget: Budget, shard: int, attempt: int, want: int, each: int, *, now_ms: int) -> tuple[Budget, int]:
    """For as many of `want` requests as there is money; how many these are."""
    mine = _mine(budget, shard, attempt, now_ms)
    granted = min(want, budget.left // each) if each else (want if budget.left else 0)
    held = granted * each
    return _with(
        replace(budget, committed=budget.committed + held), shard, replace(mine, held=mine.held + held)
    ), granted


def may_return(budget: Budget, *, now_ms: int) -> bool:
    """Is money set aside that may come back? Then a runner that got none waits instead of stopping."""
    return any(one.held and now_ms - one.seen_ms <= SILENT_MS for one in budget.holdings.values())


def repeated(budget: Budget, shard: int, attempt: int, sequence: int | None) -> str | None:
    """The response that this very request had, None for a new one."""
    mine = budget.holdings.get(str(shard))
    same = mine and sequence is not None and (mine.attempt, mine.sequence) == (attempt, sequence)
    return mine.reply if mine and same else None


def answered(budget: Budget, shard: int, sequence: int | None, reply: str) -> Budget:
    mine = budget.holdings[str(shard)]
    return _with(budget, shard, replace(mine, sequence=sequence, reply=reply if sequence is not None else None))


def lease_id(shard: int, *, usd_each: int, tokens_each: int) -> str:
    """Says itself what is set aside for each of its requests: nobody must remember leases."""
    return f"{shard}.{usd_each}.{tokens_each}"


def reserved_of(lease: str) -> tuple[int, int]:
    """(nano-USD, tokens) that were set aside for a request of this lease; nothing for what is none."""
    parts = lease.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdecimal() and len(part) <= 20 for part in parts):
        return 0, 0
    return int(parts[1]), int(parts[2])


def budget_text(budget: Budget) -> str:
    return json.dumps(asdict(budget), sort_keys=True, separators=(",", ":"))


def budget_of_text(text: str) -> Budget:
    read = json.loads(text)
    holdings = {number: Holding(**one) for number, one in read["holdings"].items()}
    return Budget(read["most"], read["committed"], holdings)


def _mine(budget: Budget, shard: int, attempt: int, now_ms: int) -> Holding:
    """A new attempt begins with nothing: what the one before held stays committed."""
    mine = budget.holdings.get(str(shard))
    return replace(mine, seen_ms=now_ms) if mine and mine.attempt == attempt else Holding(attempt, 0, now_ms)


def _with(budget: Budget, shard: int, holding: Holding) -> Budget:
    return replace(budget, holdings={**budget.holdings, str(shard): holding})
