"""Heartbeats, leases that end, and the sweep that writes it down."""

from collections.abc import Callable
from typing import Any

import pytest
from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.executors import Command
from benchfleet_contract.registry.models import Filters

from chalicelib.domain.registry.errors import ExecutorNotFound, Fenced, Gone, Malformed, TooOften
from chalicelib.services.registry.sweep_executors import Swept
from chalicelib.store import keys
from chalicelib.store.items import marshal_item
from chalicelib.store.table import Table
from tests.contract.in_process import Engine
from tests.services.registry import ADMIN, Registry

ANY = Filters()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine()


@pytest.fixture
def registry(engine: Engine) -> Registry:
    return Registry(engine.quick_table())


class Counted:
    """A DynamoDB client that notes each request and, of an update, the bytes of the item after it."""

    def __init__(self, client: Any) -> None:
        self.client, self.asked = client, []  # type: ignore[var-annotated]

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            reply = getattr(self.client, operation)(**arguments)
            self.asked.append((operation, _size(reply.get("Attributes", {}))))
            return reply

        return call


def _size(item: dict[str, Any]) -> int:
    """As DynamoDB counts: names and texts as UTF-8, two digits of a number in a byte and one more, three for a set."""
    sizes: dict[str, Callable[[Any], int]] = {
        "N": lambda digits: len(digits) // 2 + 2, "BOOL": lambda _: 1, "S": lambda text: len(text.encode()),
        "SS": lambda members: 3 + sum(map(len, members)),
    }  # fmt: skip
    return sum(len(name) + sizes[kind](value) for name, typed in item.items() for kind, value in typed.items())


def test_a_heartbeat_is_one_request_of_one_write_unit_whatever_the_models(engine: Engine) -> None:
    counted = Counted(engine.quick)
    registry = Registry(Table(counted, engine.new_table()))
    reply = registry.announce("x" * 36, [f"meta-llama/Llama-3.3-70B-Instruct-{number}" for number in range(50)])
    registry.clock.pass_s(10)
    counted.asked.clear()
    load = {"active": 0, "queued": 0, "requests_total": 10**9, "failures_total": 10**6, "tokens_total": 10**12}
    registry.beat(reply, 1, load=load, progress=10**9)
    registry.clock.pass_s(10)
    counted.asked.clear()
    registry.beat(reply, 2, load=load, progress=10**9 + 1)
    assert [operation for operation, _ in counted.asked] == ["update_item"]
    assert counted.asked[0][1] <= 1_024


def test_a_heartbeat_moves_the_lease_and_keeps_the_load(registry: Registry) -> None:
    reply = registry.announce(capacity={"max_concurrent": 4})
    registry.clock.pass_s(20)
    beaten = registry.beat(reply, 1, load={"active": 3, "queued": 1, "models": {"gpt-4": {"active": 3}}})
    now_s = registry.clock.now_ms / 1000
    assert (beaten.lease.lease_expires_at, beaten.lease.removal_at) == (now_s + 30, now_s + 100)
    assert (beaten.status, beaten.recovered, beaten.ignored, beaten.commands) == ("overloaded", False, False, [])
    registry.clock.pass_s(3)
    shown = registry.read.show("host-a")
    assert (shown.executor.active, shown.executor.queued, shown.executor.load_age_s) == (3, 1, 3.0)
    assert shown.load.models["gpt-4"].active == 3
    assert shown.sequence == 1


def test_of_an_unknown_executor_nothing_is_kept(registry: Registry) -> None:
    reply = registry.announce("other").model_copy(update={"executor_id": "host-a"})
    with pytest.raises(ExecutorNotFound) as raised:
        registry.beat(reply, 1)
    assert raised.value.number is RegistryCode.EXECUTOR_NOT_FOUND
    assert registry.executors.get("host-a") is None


def test_an_old_heartbeat_does_no_harm(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(1)
    registry.beat(reply, 7)
    registry.clock.pass_s(1)
    before = registry.executors.get("host-a")
    assert registry.beat(reply, 7).ignored
    assert registry.beat(reply, 3).ignored
    assert registry.executors.get("host-a") == before


def test_two_heartbeats_a_second_are_taken(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(0.5)
    registry.beat(reply, 1)
    registry.clock.pass_s(0.499)
    with pytest.raises(TooOften):
        registry.beat(reply, 2)
    registry.clock.pass_s(0.001)
    registry.beat(reply, 2)


def test_a_clock_that_is_wrong_is_told(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(1)
    with pytest.raises(Malformed) as raised:
        registry.beat(reply, 1, timestamp=registry.clock.now_ms / 1000 + 301)
    assert raised.value.number is RegistryCode.EXPIRED_MESSAGE


def test_live_stale_gone_follow_from_the_time_alone(registry: Registry) -> None:
    reply = registry.announce()

    def seen() -> tuple[list[str], list[str]]:
        page = registry.read.page()
        return [one.status for one in page.executors], [one.model_id for one in registry.discover.models(ANY).models]

    registry.clock.pass_s(29.999)
    assert seen() == (["available"], ["gpt-4"])
    registry.clock.pass_s(0.001)
    assert seen() == (["stale"], [])
    assert [one.model_id for one in registry.discover.models(ANY, all_of=True).models] == ["gpt-4"]
    registry.clock.pass_s(69.999)
    assert seen() == (["stale"], [])
    registry.clock.pass_s(0.001)
    assert seen() == ([], [])
    with pytest.raises(Gone):
        registry.read.show("host-a")
    with pytest.raises(Gone):
        registry.beat(reply, 1)


def test_a_heartbeat_brings_a_stale_executor_back(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(30)
    registry.sweep()
    assert registry.beat(reply, 1).recovered
    assert registry.events() == ["announced", "stale", "recovered"]
    registry.clock.pass_s(30)
    registry.sweep()
    assert registry.events()[-1] == "stale"  # it is noted again


def test_a_sweep_tells_each_end_once_and_leaves_a_tombstone(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(30)
    assert [registry.sweep(), registry.sweep()] == [Swept(1, 1, 0), Swept(1, 0, 0)]
    registry.clock.pass_s(70)
    assert [registry.sweep(), registry.sweep()] == [Swept(1, 0, 1), Swept(0, 0, 0)]
    assert registry.events() == ["announced", "stale", "expired"]
    assert registry.executors.get("host-a") is None
    assert registry.catalogs.rows("gpt-4") == []
    with pytest.raises(Gone, match="expired"):
        registry.beat(reply, 1)
    assert registry.read.stats().total_executors == registry.log.counts().executors == 0


def test_a_heartbeat_that_races_the_sweep_wins(registry: Registry) -> None:
    reply = registry.announce()
    registry.clock.pass_s(99)
    looked_at = registry.executors.get("host-a")
    assert looked_at
    registry.beat(reply, 1)
    registry.clock.pass_s(1)
    assert not registry.sweep._expire(looked_at, registry.clock())
    assert not registry.sweep._note_stale(looked_at, registry.clock())
    assert registry.read.page().executors[0].status == "available"
    registry.clock.pass_s(1)
    registry.beat(reply, 2)


def test_many_that_fall_silent_at_once_are_kept_for_a_while(registry: Registry) -> None:
    for number in range(5):
        registry.announce(f"host-{number}")
    registry.sweep()
    registry.clock.pass_s(101)
    assert registry.sweep() == Swept(5, 5, 0, guard=True)
    assert registry.read.page().executors == []  # nobody is told of them
    registry.clock.pass_s(99)
    assert registry.sweep() == Swept(5, 0, 0, guard=True)
    registry.clock.pass_s(1)
    assert registry.sweep() == Swept(5, 0, 5)
    assert [registry.events(f"host-{number}").count("guarded") for number in range(5)] == [1, 0, 0, 0, 0]


def test_a_sweep_that_was_away_removes_nothing_at_first(registry: Registry) -> None:
    registry.announce()
    registry.sweep()
    registry.clock.pass_s(181)
    assert registry.sweep() == Swept(1, 1, 0, guard=True)


def test_overload_is_kept_and_told_when_it_turns(registry: Registry) -> None:
    reply = registry.announce(capacity={"max_concurrent": 100})
    seen = []
    for sequence, active in enumerate((79, 80, 100, 85, 80, 79), start=1):
        registry.clock.pass_s(1)
        seen.append(registry.beat(reply, sequence, load={"active": active}).status)
    assert seen == ["available", "busy", "overloaded", "overloaded", "overloaded", "available"]
    assert registry.events() == ["announced", "overloaded", "load_normal"]


def test_a_work_loop_that_hangs_is_seen(registry: Registry) -> None:
    reply = registry.announce()

    def beat_for(seconds: int, start: int, *, moving: bool) -> bool:
        for step in range(0, seconds, 10):
            registry.clock.pass_s(10)
            progress = 1_000 + start + step if moving else 5_000
            registry.beat(reply, start + step + 1, load={"active": 1}, progress=progress)
        return registry.read.page().executors[0].stuck

    assert not beat_for(900, 0, moving=True)
    assert not beat_for(440, 10_000, moving=False)  # it may have moved up to 150 s before it was last noted
    assert beat_for(170, 20_000, moving=False)
    assert not beat_for(10, 30_000, moving=True)


def test_commands_are_told_with_the_next_heartbeat_and_draining_with_each(registry: Registry) -> None:
    reply = registry.announce()
    registry.leave.command("host-a", [Command(command="rediscover")])
    registry.leave.drain("host-a", None, ADMIN, reason="maintenance")
    registry.leave.drain("host-a", None, ADMIN, reason="again")  # said twice is said once
    told = []
    for sequence in (1, 2):
        registry.clock.pass_s(1)
        beaten = registry.beat(reply, sequence)
        told.append(([one.command for one in beaten.commands], beaten.status))
    assert told == [(["rediscover", "drain"], "draining"), (["drain"], "draining")]
    assert registry.discover.models(ANY).models == []
    registry.leave.drain("host-a", None, ADMIN, reason=None, draining=False)
    registry.clock.pass_s(1)
    assert registry.beat(reply, 3).commands == []
    assert registry.events() == ["announced", "draining", "updated"]


def test_removal_leaves_nothing_and_says_so_to_the_late(registry: Registry) -> None:
    reply = registry.announce(models=["gpt-4", "llama"])
    registry.leave.remove("host-a", reply.generation, ADMIN)
    registry.leave.remove("host-a", reply.generation, ADMIN)
    registry.leave.remove("never-seen", 1, ADMIN)
    assert (registry.discover.models(ANY).models, registry.catalogs.rows("llama")) == ([], [])
    with pytest.raises(Gone, match="removed"):
        registry.beat(reply, 1)
    assert registry.events() == ["announced", "removed"]
    newer = registry.announce(instance_id="process-2")
    with pytest.raises(Fenced):
        registry.leave.remove("host-a", reply.generation, ADMIN)
    registry.leave.remove("host-a", newer.generation, ADMIN)


def test_the_feed_tells_what_changed_since_a_revision(registry: Registry) -> None:
    first = registry.announce("a")
    registry.announce("b")
    registry.leave.remove("a", first.generation, ADMIN)
    feed = registry.read.feed(first.registry_revision)
    assert [(event.executor_id, event.type, event.revision) for event in feed.events] == [
        ("b", "announced", 2), ("a", "removed", 3)
    ]  # fmt: skip
    assert (feed.registry_revision, registry.read.feed(3).events) == (3, [])


def test_events_come_page_by_page_the_latest_first(registry: Registry) -> None:
    for number in range(5):
        registry.announce(instance_id=f"process-{number}")
        registry.clock.pass_s(60)
    first = registry.read.events("host-a", limit=3, cursor=None)
    second = registry.read.events("host-a", limit=3, cursor=first.next_cursor)
    times = [event.at for event in first.events + second.events]
    assert (len(first.events), len(second.events), second.next_cursor) == (3, 2, None)
    assert times == sorted(times, reverse=True)


def test_no_key_of_the_registry_looks_like_a_tasks(registry: Registry) -> None:
    """The stream's reader takes what begins with T# for a task."""
    registry.announce("T-1", ["T#1"])
    items = registry.executors._table.query_all("#pk = :pk", {":pk": keys.EXECUTORS})
    assert all(not marshal_item(item)["sk"]["S"].startswith(keys.TASK_PREFIX) for item in items)
