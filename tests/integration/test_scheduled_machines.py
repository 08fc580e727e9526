"""A schedule makes a run on time, which brings its machine, works, archives and leaves nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import ShiftedClock
from tests.integration.api_client import Api, fresh, run_body

pytestmark = pytest.mark.proof  # looks at machines are 15 seconds apart


def test_a_schedule_needs_nobody_from_its_time_to_its_archive(api: Api, emulator_clock: ShiftedClock) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=30)
    body = run_body(
        ruby_version=None, workload="mock", local=None, aws=[{"instance_type": "c8g.medium"}], provision={"aws": {}},
        per_instance_type={"tasks": 1},
    )  # fmt: skip
    run = {key: value for key, value in body.items() if key != "run_id"}
    name = fresh("alone")
    asked = {"name": name, "expression": f"at({soon:%Y-%m-%dT%H:%M:00})", "run": run}
    made = api("POST", "/schedules", asked)
    assert made.status_code == 201, made.text
    with emulator_clock.ahead(timedelta(minutes=31)):
        shown = api.until(f"/schedules/{name}", lambda found: found["last"] and found["last"]["run_id"])
    run_id = shown["last"]["run_id"]
    last = api.until(f"/schedules/{name}", lambda found: found["last"]["state"] != "running")["last"]
    assert (last["state"], last["tasks"], last["tasks_failed"]) == ("completed", 1, 0)
    ended = api.until(f"/runs/{run_id}", lambda found: set(found["launches"]) <= {"ended", "failed"})
    assert (ended["launches"], ended["archive"]["state"]) == ({"ended": 1}, "ready")
    assert api("DELETE", f"/schedules/{name}").status_code == 202
