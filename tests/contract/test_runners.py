"""What any implementation of `domain/ports.Runners` must do."""

from dataclasses import replace

import pytest

from chalicelib.domain.presence import KEEP_MS
from chalicelib.domain.records import Presence
from chalicelib.store import keys
from chalicelib.store.schema import TIME_TO_LIVE
from chalicelib.store.stream import changes_of
from tests.contract.conftest import Stores
from tests.contract.records import CLOUD, LOCAL, NOW_MS

ONE = Presence("one", LOCAL, "r", NOW_MS)


def test_a_runner_is_there_once_with_its_last_word(stores: Stores) -> None:
    last = replace(ONE, seen_ms=NOW_MS + 9, demand=CLOUD)
    for presence in (ONE, last):
        stores.runners.note(presence)
    assert stores.runners.seen("r", now_ms=NOW_MS) == [last]


def test_runners_of_one_run_of_another_and_of_any_are_apart(stores: Stores) -> None:
    found = {run_id: replace(ONE, run_id=run_id) for run_id in ("r", "r2", None)}
    for presence in found.values():
        stores.runners.note(presence)
    assert {run_id: stores.runners.seen(run_id, now_ms=NOW_MS) for run_id in found} == {
        run_id: [presence] for run_id, presence in found.items()
    }
    assert stores.runs.active() == []
    assert stores.runs.get("r") is None


@pytest.mark.parametrize("runner_id", ["T#0000001", "a/b c#d", "\N{GRINNING FACE}" * 256])
def test_any_id_that_a_runner_may_have_is_kept_and_is_never_taken_for_a_task(stores: Stores, runner_id: str) -> None:
    presence = replace(ONE, runner_id=runner_id)
    stores.runners.note(presence)
    assert stores.runners.seen("r", now_ms=NOW_MS) == [presence]
    item = {"pk": {"S": keys.seen_key("r", runner_id)[0]}, "sk": {"S": keys.seen_key("r", runner_id)[1]}}
    record = {"eventName": "MODIFY", "dynamodb": {"Keys": item, "OldImage": item, "NewImage": item}}
    assert changes_of([record]) == {}


def test_what_has_expired_is_told_no_more_although_it_stands(stores: Stores) -> None:
    stores.runners.note(ONE)
    assert stores.runners.seen("r", now_ms=NOW_MS + KEEP_MS) == []
    item = stores.table.get(*keys.seen_key("r", "one"))
    assert item
    assert item[TIME_TO_LIVE["AttributeName"]] == (NOW_MS + KEEP_MS) // 1000


def test_more_runners_than_one_page_holds_are_all_told(stores: Stores) -> None:
    for number in range(40):
        stores.runners.note(replace(ONE, runner_id=f"{number:02d}" + "x" * 100))
    assert len(stores.runners.seen("r", now_ms=NOW_MS)) == 40
