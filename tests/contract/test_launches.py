"""What any implementation of `domain/ports.Launches` must do."""

from dataclasses import replace
from decimal import Decimal

from benchfleet_contract.launches import launch_name

from chalicelib.domain.launch_records import Failure, Launch
from chalicelib.store import keys
from chalicelib.store.stream import changes_of
from tests.contract.conftest import Stores
from tests.contract.records import NOW_MS


def a_launch(number: int = 1, *, run_id: str = "r") -> Launch:
    return Launch(
        run_id=run_id, number=number, name=launch_name(run_id, number), provider="aws", provisioner="aws-ec2",
        instance_type="c8g.medium", market="spot", slot=0, turn=0, wanted_ms=NOW_MS,
    )  # fmt: skip


def test_launches_of_a_run_come_by_their_numbers(stores: Stores) -> None:
    for number in (10, 9, 1):
        assert stores.launches.add(a_launch(number))
    stores.launches.add(a_launch(run_id="other"))
    assert [launch.number for launch in stores.launches.all("r")] == [1, 9, 10]
    assert stores.launches.all("none") == []


def test_a_launch_is_added_once(stores: Stores) -> None:
    assert stores.launches.add(a_launch())
    assert not stores.launches.add(replace(a_launch(), slot=5))
    assert stores.launches.all("r") == [a_launch()]


def test_everything_is_kept_as_it_is(stores: Stores) -> None:
    seen = a_launch()
    stores.launches.add(seen)
    full = seen.evolve(
        state="failed", attempt=2, aimed=True, tries=1, not_before_ms=5, region="eu-north-1", zone="eu-north-1a",
        resource_id="i-1", launched_ms=NOW_MS, called_home_ms=NOW_MS, seen_ms=NOW_MS, ended_ms=NOW_MS, expires_ms=NOW_MS,
        phase="image", message="pulling", hourly=Decimal("0.0425"),
        hourly_at_most=Decimal("0.11"), price_date="2026-11-29", failure=Failure("quota", "no more", "ask"),
    )  # fmt: skip
    assert stores.launches.change(seen, full)
    assert stores.launches.get("r", seen.name) == full
    assert stores.launches.change(full, seen.evolve(attempt=3))
    assert stores.launches.get("r", seen.name) == seen.evolve(attempt=3)
    assert stores.launches.get("r", "bf-00000000-1") is None


def test_a_change_goes_by_the_state_and_the_attempt_that_were_seen(stores: Stores) -> None:
    seen = a_launch()
    stores.launches.add(seen)
    aimed = seen.aim(region="eu-north-1", expires_ms=NOW_MS, price=None)
    assert stores.launches.change(seen, aimed)
    assert not stores.launches.change(seen, aimed)
    assert not stores.launches.change(aimed.evolve(tries=1), aimed.evolve(state="failed"))
    started = aimed.evolve(state="starting", resource_id="i-1")
    assert stores.launches.change(aimed, started)
    assert not stores.launches.change(aimed, aimed.evolve(state="failed"))
    assert stores.launches.all("r") == [started]


def test_what_a_machine_reports_hinders_no_change_and_is_kept(stores: Stores) -> None:
    seen = a_launch()
    stores.launches.add(seen)
    assert stores.launches.change(seen, seen.evolve(phase="boot", message="hello"))
    assert stores.launches.change(seen, seen.evolve(state="starting"))
    assert stores.launches.all("r") == [seen.evolve(phase="boot", message="hello", state="starting")]


def test_a_launch_that_is_gone_is_not_made_again_by_a_change(stores: Stores) -> None:
    assert not stores.launches.change(a_launch(), a_launch().evolve(state="starting"))
    assert stores.launches.all("r") == []


def test_one_look_is_taken_at_a_time_unless_somebody_hurries(stores: Stores) -> None:
    def take(now_ms: int) -> bool:
        return stores.launches.take("r", now_ms=now_ms, until_ms=now_ms + 15_000)

    assert take(NOW_MS)
    assert not take(NOW_MS + 14_999)
    assert take(NOW_MS + 15_000)
    stores.launches.hurry("r")
    assert take(NOW_MS + 15_001)
    assert stores.launches.all("r") == []


def test_a_run_that_is_deleted_takes_all_of_it_along(stores: Stores) -> None:
    for launch in (a_launch(1), a_launch(2), a_launch(run_id="other")):
        stores.launches.add(launch)
    stores.launches.take("r", now_ms=NOW_MS, until_ms=NOW_MS + 1)
    assert sum(stores.launches.erase("r")) == 3
    assert stores.launches.all("r") == []
    assert stores.launches.take("r", now_ms=NOW_MS, until_ms=NOW_MS + 1)
    assert len(stores.launches.all("other")) == 1


def test_places_are_known_as_long_as_machines_may_stand_there(stores: Stores) -> None:
    stores.launches.mark("aws-ec2", "eu-north-1", until_ms=NOW_MS + 10)
    stores.launches.mark("aws-ec2", "eu-north-1", until_ms=NOW_MS + 5)
    stores.launches.mark("aws-ecs", "eu-north-1", until_ms=NOW_MS + 5)
    assert stores.launches.marked(now_ms=NOW_MS) == [("aws-ec2", "eu-north-1"), ("aws-ecs", "eu-north-1")]
    assert stores.launches.marked(now_ms=NOW_MS + 9) == [("aws-ec2", "eu-north-1")]
    assert stores.launches.marked(now_ms=NOW_MS + 10) == []


def test_a_launch_is_never_taken_for_a_task(stores: Stores) -> None:
    item = {"pk": {"S": keys.launches_pk("r")}, "sk": {"S": keys.launch_sk("bf-00000000-1")}}
    record = {"eventName": "MODIFY", "dynamodb": {"Keys": item, "OldImage": item, "NewImage": item}}
    assert changes_of([record]) == {}
