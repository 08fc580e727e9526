"""What any implementation of `domain/fleet_ports.Fleets` must do."""

from concurrent.futures import ThreadPoolExecutor

from benchfleet_contract.fleets.leases import KeyLimits

from chalicelib.domain.fleet_budget import Budget, reserve
from chalicelib.domain.fleet_ports import Claimed, Progress
from chalicelib.domain.fleet_quota import Asked, Grant, Quota, take
from tests.contract.conftest import Stores
from tests.contract.records import NOW_MS

KEY = "openai/4f9a é"


def granted(stores: Stores, holder: str) -> Grant:
    asked = Asked(holder, 1, 5, KeyLimits(rpm=600))
    return stores.fleets.change_quota(KEY, lambda quota: take(quota, asked, now_ms=NOW_MS), now_ms=NOW_MS)


def test_runners_at_once_get_different_slots(stores: Stores) -> None:
    with ThreadPoolExecutor(4) as pool:
        starts = sorted(grant.start_after_ms for grant in pool.map(lambda n: granted(stores, str(n)), range(8)))
    assert starts == [100 * place for place in range(8)]


def test_a_quota_that_does_not_change_is_not_written(stores: Stores) -> None:
    assert stores.fleets.change_quota(KEY, lambda quota: (quota, quota), now_ms=NOW_MS) == Quota()
    assert stores.table.get("QUOTA#openai%2F4f9a%20%C3%A9", "QUOTA") is None
    granted(stores, "a")
    assert stores.table.get("QUOTA#openai%2F4f9a%20%C3%A9", "QUOTA") is not None


def test_money_is_given_out_once(stores: Stores) -> None:
    stores.fleets.begin_budget("r", 50)

    def ask(shard: int) -> int:
        return stores.fleets.change_budget("r", lambda b: reserve(b, shard, 1, [10] * 3, now_ms=NOW_MS)) or 0

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ask, range(1, 5))) == 5
    found = stores.fleets.budget("r")
    assert found
    assert (found.committed, found.left) == (50, 0)


def test_a_budget_begins_once_and_a_run_without_one_has_none(stores: Stores) -> None:
    stores.fleets.begin_budget("r", 50)
    stores.fleets.begin_budget("r", 99)
    assert stores.fleets.budget("r") == Budget(50)
    assert stores.fleets.budget("s") is None
    assert stores.fleets.change_budget("s", lambda b: (b, 1)) is None


def test_progress_never_goes_back(stores: Stores) -> None:
    said = Progress(2, 2, NOW_MS, {"success": 3, "ttft_ms": 1.5})
    for one in (said, Progress(2, 1, NOW_MS + 9, {"success": 9}), Progress(2, 2, NOW_MS - 1, {"success": 1})):
        stores.fleets.note_progress("r", one)
    stores.fleets.note_progress("r", Progress(1, 1, NOW_MS, {"success": 0}))
    found = stores.fleets.progress("r")
    assert (found[2], sorted(found)) == (said, [1, 2])


def test_an_idempotency_key_belongs_to_who_came_first(stores: Stores) -> None:
    first = Claimed("f-1", "a" * 64, NOW_MS)
    assert stores.fleets.claim_key("nightly#1", first, now_ms=NOW_MS) == first
    assert stores.fleets.claim_key("nightly#1", Claimed("f-2", "b" * 64, NOW_MS + 5), now_ms=NOW_MS) == first
    assert stores.fleets.claim_key("nightly#2", Claimed("f-2", "b" * 64, 0), now_ms=NOW_MS).run_id == "f-2"


def test_erased_a_run_has_nothing_left_and_others_and_keys_stay(stores: Stores) -> None:
    for run_id in ("r", "s"):
        stores.fleets.begin_budget(run_id, 5)
        stores.fleets.note_progress(run_id, Progress(1, 1, NOW_MS, {}))
    granted(stores, "a")
    assert sum(stores.fleets.erase("r")) == 2
    assert (stores.fleets.budget("r"), stores.fleets.progress("r")) == (None, {})
    assert stores.fleets.budget("s") == Budget(5)
    assert granted(stores, "b").start_after_ms == 100
