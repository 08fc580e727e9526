"""What a shard asks of the control plane, and when: with a real loop, and replies by hand."""

import asyncio
import time

from benchfleet_contract.fleets.leases import KeyLimits, LeaseReply, LeaseRequest

from runner_image.workloads.llm.limits import MOST_WANTED, STALE_S, Leases, Places


class Plane:
    def __init__(self, *replies: LeaseReply) -> None:
        self.replies = list(replies)
        self.asked: list[LeaseRequest] = []
        self.at: list[float] = []

    def ask(self, request: LeaseRequest) -> LeaseReply:
        self.asked.append(request)
        self.at.append(time.monotonic())
        return self.replies.pop(0)

    def leases(self, limits: KeyLimits, *, upcoming: int = 500, places: int = 4) -> Leases:
        return Leases(self.ask, "loop-1", "loop:m", Places(places), lambda: [0.0] * upcoming, limits=limits)


LIMITED = KeyLimits(rpm=100)


def test_without_a_limit_many_are_leased_at_once_and_nothing_is_told_before_it_is_asked_for() -> None:
    plane = Plane(LeaseReply(granted=MOST_WANTED, lease_id="1.0.0"))

    async def work() -> None:
        leases = plane.leases(KeyLimits())
        for _ in range(MOST_WANTED):
            leases.settle(await leases.take(), usd=0.0, tokens=5)
        leases._asked_at -= 60
        await leases.tell()

    asyncio.run(work())
    assert [request.want for request in plane.asked] == [MOST_WANTED]


def test_with_a_limit_only_what_can_be_sent_in_time_is_leased() -> None:
    plane = Plane(LeaseReply(granted=1, lease_id="1.0.0", interval_ms=600), LeaseReply(granted=1, lease_id="1.0.0"))

    async def work() -> None:
        leases = plane.leases(LIMITED)
        slow = await leases.take()
        leases.settle(type(slow)(slow.id, slow.at - 9.9), usd=0.0, tokens=5)  # an answer that took ten seconds
        await leases.take()
        await leases.close()

    asyncio.run(work())
    assert [request.want for request in plane.asked] == [1, 1 + 2]


def test_who_is_refused_comes_back_at_its_turn_and_no_sooner() -> None:
    plane = Plane(
        LeaseReply(granted=1, lease_id="1.0.0", retry_after_ms=120),
        LeaseReply(granted=0, retry_after_ms=80),
        LeaseReply(granted=1, lease_id="1.0.0"),
    )

    async def work() -> None:
        leases = plane.leases(LIMITED)
        await leases.take()
        await leases.take()

    asyncio.run(work())
    assert plane.at[1] - plane.at[0] >= 0.12
    assert plane.at[2] - plane.at[1] >= 0.08


def test_a_lease_that_is_too_late_is_given_back_and_not_used() -> None:
    plane = Plane(
        LeaseReply(granted=3, lease_id="1.7.0"), LeaseReply(granted=1, lease_id="1.0.0"), LeaseReply(budget_left_usd=1)
    )

    async def work() -> None:
        leases = plane.leases(LIMITED)
        leases._answer_s = 1.0
        await leases.take()
        leases._granted = [type(one)(one.id, one.at - STALE_S - 1, one.usd) for one in leases._granted]
        assert (await leases.take()).id == "1.0.0"
        await leases.close()

    asyncio.run(work())
    assert [(one.id, one.usd, one.tokens) for one in plane.asked[1].settled] == [("1.7.0", 0.0, 0)] * 2


def test_what_came_of_leases_is_told_where_a_budget_waits_for_it() -> None:
    plane = Plane(LeaseReply(granted=2, lease_id="1.0.0", budget_left_usd=1.0), LeaseReply(budget_left_usd=1.0))

    async def work() -> None:
        leases = plane.leases(KeyLimits())
        leases.settle(await leases.take(), usd=0.1, tokens=5)
        await leases.tell()  # too soon after the question
        leases._asked_at -= 60
        await leases.tell()

    asyncio.run(work())
    assert [(request.want, len(request.settled)) for request in plane.asked] == [(MOST_WANTED, 0), (0, 1)]
