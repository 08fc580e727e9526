"""A deletion dies after its k-th AWS call, for every k that there is: the request, and the function that deletes."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.deleting import HANDED_OUT_MS
from chalicelib.services.runs.remove_run import REMOVAL_LEASE_MS
from tests.proof.killer import Killed, Killer, watched_by_killer
from tests.proof.storm import create_run
from tests.proof.test_killing_finalizer import finalizer
from tests.proof.world import QUIET, World, world

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

TASKS, MOST_CALLS = 3, 100


@pytest.fixture
def here() -> Iterator[World]:
    with world(QUIET) as made:
        yield made


@pytest.fixture
def death(here: World) -> Killer:
    """After `here` and before the first request: the clients of the app must be made in its sight."""
    return watched_by_killer()


def service(name: str, *, later_ms: int = HANDED_OUT_MS) -> Any:
    """One of the app's own services; `later_ms` moves its clock."""
    services: Any = importlib.import_module("chalicelib.wiring").services()
    return replace(getattr(services.runs, name), clock=lambda: services.clock() + later_ms)


def ended_run(here: World, name: str) -> str:
    run_id = create_run(here.target, tasks=TASKS, run_id=name)
    here.work(run_id, "runner")
    here.post(f"/runs/{run_id}/stop").raise_for_status()
    finalizer()(run_id)
    assert here.detail(run_id).archive.state == "ready"
    return run_id


def items(here: World) -> list[Any]:
    services: Any = importlib.import_module("chalicelib.wiring").services()
    client, name = services.stores.table._client, services.settings.table
    found: list[Any] = client.scan(TableName=name)["Items"]
    return found


def killed(death: Killer, call: Callable[[], None], *, after: int) -> bool:
    """Whether it died; False when it ended before its time came."""
    death.arm(after=after)
    try:
        call()
    except Killed:
        return True
    finally:
        death.disarm()
    return False


def deletion_ends(here: World, run_id: str) -> None:
    """As time goes on: whoever took the run counts as dead, and the sweep asks for another."""
    when = HANDED_OUT_MS + REMOVAL_LEASE_MS
    services: Any = importlib.import_module("chalicelib.wiring").services()
    due = services.stores.deletions.due(now_ms=services.clock() + when, limit=9)
    for name in due:
        service("remove", later_ms=when)(name)
    assert (items(here), here.keys(run_id), here.unfinished_uploads()) == ([], [], [])


def test_a_deletion_killed_after_any_call_is_gone_on_with(here: World, death: Killer) -> None:
    for k in range(1, MOST_CALLS):
        run_id = ended_run(here, f"killed-after-{k}")
        service("delete")(run_id)
        died = killed(death, lambda name=run_id: service("remove")(name), after=k)  # type: ignore[misc]
        deletion_ends(here, run_id)
        if not died:
            assert k > 10, f"a deletion takes more calls than this: {death.calls}"
            return
    pytest.fail(f"a deletion takes more than {MOST_CALLS} calls")


def test_a_request_killed_after_any_call_has_deleted_the_run_or_has_not_begun(here: World, death: Killer) -> None:
    for k in range(1, MOST_CALLS):
        run_id = ended_run(here, f"asked-until-{k}")
        died = killed(death, lambda name=run_id: service("delete")(name), after=k)  # type: ignore[misc]
        if "UpdateItem" not in death.calls:
            assert here.detail(run_id).status == "cancelled"
            service("delete")(run_id)
        deletion_ends(here, run_id)
        if not died:
            assert k > 2, f"a request takes more calls than this: {death.calls}"
            return
    pytest.fail(f"a request takes more than {MOST_CALLS} calls")
