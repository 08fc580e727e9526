"""The money of a fleet run: whatever runners do, no more is given out than there is."""

import pytest
from benchfleet_contract.fleets.leases import LeaseRequest, Settled
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from pydantic import ValidationError

from chalicelib.domain.fleet_budget import (
    NANO,
    SILENT_MS,
    Budget,
    answered,
    budget_of_text,
    budget_text,
    lease_id,
    may_return,
    repeated,
    reserve,
    reserved_of,
    settle,
    wanted,
)

NOW = 1_700_000_000_000
SHARDS = st.integers(1, 3)


class Spending(RuleBasedStateMachine):
    """Against a model that knows every request: what it was granted with, and what it cost."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = Budget(1_000)
        self.attempts = {1: 1, 2: 1, 3: 1}
        self.open: list[tuple[int, int, int]] = []  # shard, attempt, what was set aside
        self.lost = self.spent = 0

    @rule(shard=SHARDS, amounts=st.lists(st.integers(0, 300), max_size=5))
    def asks(self, shard: int, amounts: list[int]) -> None:
        left = self.budget.left
        self.budget, granted = reserve(self.budget, shard, self.attempts[shard], amounts, now_ms=NOW)
        assert sum(amounts[:granted]) <= left
        assert granted == len(amounts) or left < sum(amounts[: granted + 1])
        self.open += [(shard, self.attempts[shard], each) for each in amounts[:granted]]

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def ends(self, data: st.DataObject) -> None:
        shard, attempt, each = one = data.draw(st.sampled_from(self.open))
        cost = data.draw(st.integers(0, each))
        lease, aside = data.draw(st.sampled_from([(each, None), (0, each / NANO)]))
        told = Settled(id=lease_id(shard, usd_each=lease, tokens_each=0), usd=cost / NANO, reserved_usd=aside)
        self.budget = settle(self.budget, shard, attempt, [told], now_ms=NOW)
        self.open.remove(one)
        self.spent += cost

    @rule(shard=SHARDS)
    def dies(self, shard: int) -> None:
        """Another attempt takes over: what the dead one had set aside may have been spent."""
        self.lost += sum(each for number, _, each in self.open if number == shard)
        self.open = [one for one in self.open if one[0] != shard]
        self.attempts[shard] += 1

    @rule(shard=SHARDS)
    def lies(self, shard: int) -> None:
        """Who says that it held more than it does frees nothing of others."""
        told = Settled(id=lease_id(shard, usd_each=10**9, tokens_each=0))
        before = self.budget.committed
        mine = sum(each for number, _, each in self.open if number == shard)
        self.budget = settle(self.budget, shard, self.attempts[shard], [told], now_ms=NOW)
        assert self.budget.committed == before - mine
        self.open = [(n, a, 0) if n == shard else (n, a, each) for n, a, each in self.open]

    @invariant()
    def nothing_is_given_out_twice(self) -> None:
        assert self.budget.committed == self.spent + self.lost + sum(each for _, _, each in self.open)
        assert self.budget.committed <= self.budget.most

    @invariant()
    def it_is_the_same_after_it_was_written(self) -> None:
        assert budget_of_text(budget_text(self.budget)) == self.budget


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_lease_says_what_was_set_aside_and_nonsense_says_nothing() -> None:
    assert reserved_of(lease_id(7, usd_each=1_500, tokens_each=20)) == (1_500, 20)
    assert [reserved_of(text) for text in ("", "a.b.c", "1.2", "1.-2.3", "1.²2.3")] == [(0, 0)] * 5


def test_a_repeated_request_has_the_response_that_it_had() -> None:
    budget, _ = reserve(Budget(100), 1, 2, [10] * 3, now_ms=NOW)
    budget = answered(budget, 1, 5, "said", now_ms=NOW)
    assert repeated(budget, 1, 2, 5) == "said"
    assert [repeated(budget, *other) for other in ((1, 3, 5), (1, 2, 6), (2, 2, 5), (1, 2, None))] == [None] * 4


def test_who_gets_nothing_waits_for_what_may_come_back_and_not_for_the_dead() -> None:
    budget, granted = reserve(Budget(100), 1, 1, [10] * 20, now_ms=NOW)
    assert (granted, reserve(budget, 2, 1, [10], now_ms=NOW)[1]) == (10, 0)
    assert may_return(budget, now_ms=NOW + SILENT_MS)
    assert not may_return(budget, now_ms=NOW + SILENT_MS + 1)
    assert not may_return(Budget(0), now_ms=NOW)


def test_what_costs_nothing_is_sent_whatever_is_left() -> None:
    assert reserve(Budget(1, committed=1), 1, 1, [0] * 5, now_ms=NOW)[1] == 5


def test_each_request_is_set_aside_with_its_own_amount() -> None:
    request = LeaseRequest(provider_key="k", target="t", want=3, reserve_usd=[1e-9, 5e-9, 2e-9])
    assert wanted(request) == [1, 5, 2]
    budget, granted = reserve(Budget(7), 1, 1, wanted(request), now_ms=NOW)
    assert (granted, budget.left) == (2, 1)
    back = settle(budget, 1, 1, [Settled(id="1.0.0", usd=2e-9, reserved_usd=5e-9)], now_ms=NOW)
    assert back.left == 4
    with pytest.raises(ValidationError, match="one for each"):
        LeaseRequest(provider_key="k", target="t", want=2, reserve_usd=[1.0])


def test_the_item_stays_small_however_many_shards_a_run_has() -> None:
    """Who holds nothing is forgotten once it will not repeat its request; of too many the oldest."""
    budget = Budget(10**15)
    for shard in range(1, 3_000):
        now = NOW + shard * 1_000
        budget, _ = reserve(budget, shard, 1, [10], now_ms=now)
        if shard % 2:
            budget = settle(budget, shard, 1, [Settled(id=f"{shard}.10.0")], now_ms=now)
        budget = answered(budget, shard, 1, "x" * 300, now_ms=now)
        assert repeated(budget, shard, 1, 1) is not None
    assert len(budget_text(budget)) < 300_000
    assert budget.committed == 1_499 * 10
    late = settle(budget, 2, 1, [Settled(id="2.10.0")], now_ms=NOW)
    assert late.committed == budget.committed  # what is forgotten stays spent
