"""The money of a fleet run: set aside before a request is sent, corrected when its price is known. Pure.

Amounts are whole nano-USD. `committed` is what was spent and what is set aside, together: what a runner that died had set
aside is never given out again, it counts as spent.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from benchfleet_contract.fleets.leases import LeaseRequest, Settled

NANO = 1_000_000_000
SILENT_MS = 300_000  # what a runner holds that says nothing for so long is not waited for
REPEATS_MS = 120_000  # a request is repeated within this time, or never
MOST_HOLDINGS = 400  # the item holds 400 KB; a holding has some 500 bytes


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


def wanted(request: LeaseRequest) -> list[int]:
    """What each request may cost at most, in the order in which they are granted."""
    amounts = request.reserve_usd or [request.reserve_usd_each] * request.want
    return [round(usd * NANO) for usd in amounts[: request.want]]


def settle(budget: Budget, shard: int, attempt: int, settled: Iterable[Settled], *, now_ms: int) -> Budget:
    """What was set aside for these is free, and what they cost is spent. No attempt frees more than it holds."""
    mine, told = _mine(budget, shard, attempt, now_ms), list(settled)
    freed = min(mine.held, sum(map(_reserved, told)))
    spent = sum(round(one.usd * NANO) for one in told)
    return _with(
        replace(budget, committed=budget.committed - freed + spent), shard, replace(mine, held=mine.held - freed)
    )


def reserve(budget: Budget, shard: int, attempt: int, amounts: Sequence[int], *, now_ms: int) -> tuple[Budget, int]:
    """For as many of these requests, from the first on, as there is money; how many these are. What costs nothing is free."""
    mine, left, granted = _mine(budget, shard, attempt, now_ms), budget.left, 0
    for amount in amounts:
        if amount > left:
            break
        left, granted = left - amount, granted + 1
    held = sum(amounts[:granted])
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


def answered(budget: Budget, shard: int, sequence: int | None, reply: str, *, now_ms: int) -> Budget:
    """Remembers the reply, and forgets who holds nothing and will not repeat: a run may have more shards than fit the item."""
    mine = budget.holdings[str(shard)]
    budget = _with(budget, shard, replace(mine, sequence=sequence, reply=reply if sequence is not None else None))
    kept = {name: one for name, one in budget.holdings.items() if one.held or now_ms - one.seen_ms <= REPEATS_MS}
    newest = sorted(kept, key=lambda name: kept[name].seen_ms, reverse=True)[:MOST_HOLDINGS]
    return replace(budget, holdings={name: kept[name] for name in newest})


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


def _reserved(settled: Settled) -> int:
    return reserved_of(settled.id)[0] if settled.reserved_usd is None else round(settled.reserved_usd * NANO)


def _mine(budget: Budget, shard: int, attempt: int, now_ms: int) -> Holding:
    """A new attempt begins with nothing: what the one before held stays committed."""
    mine = budget.holdings.get(str(shard))
    return replace(mine, seen_ms=now_ms) if mine and mine.attempt == attempt else Holding(attempt, 0, now_ms)


def _with(budget: Budget, shard: int, holding: Holding) -> Budget:
    return replace(budget, holdings={**budget.holdings, str(shard): holding})
