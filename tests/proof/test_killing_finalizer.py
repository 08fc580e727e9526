"""The finalizer dies after its k-th AWS call, for every k that there is; what is delivered again puts it right."""

import hashlib
import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.services.runs.build_archive import BUILD_LEASE_MS, BuildArchive
from tests.proof.killer import Killed, Killer, watched_by_killer
from tests.proof.storm import create_run
from tests.proof.world import QUIET, World, world

pytestmark = [pytest.mark.proof, pytest.mark.timeout(600)]

TASKS, MOST_CALLS = 2, 100


@pytest.fixture
def here() -> Iterator[World]:
    with world(QUIET) as made:
        yield made


@pytest.fixture
def death(here: World) -> Killer:
    """After `here` and before the first request: the clients of the app must be made in its sight."""
    return watched_by_killer()


def finalizer(*, later_ms: int = 0) -> BuildArchive:
    """The app's own service; `later_ms` moves its clock, as the wait for a redelivery would."""
    services: Any = importlib.import_module("chalicelib.wiring").services()
    build: BuildArchive = services.runs.build_archive
    return replace(build, clock=lambda: services.clock() + later_ms)


def finished_run(here: World, *, name: str) -> tuple[str, list[bytes]]:
    run_id = create_run(here.target, tasks=TASKS, run_id=name)
    return run_id, [here.work(run_id, f"runner-{number}") for number in range(TASKS)]


def test_a_finalizer_killed_after_any_call_is_put_right_by_the_next_delivery(here: World, death: Killer) -> None:
    for k in range(1, MOST_CALLS):
        run_id, outputs = finished_run(here, name=f"killed-after-{k}")
        assert here.agrees(run_id)
        died = killed(death, run_id, after=k)
        finalizer(later_ms=BUILD_LEASE_MS + 1_000)(run_id)
        assert_right(here, run_id, outputs)
        if not died:
            assert k > 5, "a finalization takes more calls than this"
            return
    pytest.fail(f"a finalization takes more than {MOST_CALLS} calls")


def killed(death: Killer, run_id: str, *, after: int) -> bool:
    """Whether the finalizer died; False when it ended before its time came."""
    build = finalizer()
    death.arm(after=after)
    try:
        build(run_id)
    except Killed:
        return True
    finally:
        death.disarm()
    return False


def assert_right(here: World, run_id: str, outputs: list[bytes]) -> None:
    detail = here.detail(run_id)
    assert (detail.status, detail.archive.state) == ("completed", "ready")
    files = here.archive(run_id)
    assert [files[f"storm-{number}/output.json"] for number in range(1, TASKS + 1)] == outputs
    assert here.agrees(run_id)
    before = hashlib.sha256(here.object(detail.archive.key or "")).hexdigest()
    finalizer(later_ms=2 * BUILD_LEASE_MS)(run_id)  # delivered once more, as queues may
    assert (here.detail(run_id).archive.sha256, here.unfinished_uploads()) == (before, [])
