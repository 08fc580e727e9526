"""A run with a target precision, over HTTP and through the emulator's stream, queue and bucket: it ends early, as completed."""

import pytest

from tests.integration.api_client import Api
from tests.integration.measured_tasks import measure


@pytest.mark.proof
def test_a_run_ends_as_soon_as_it_knows_enough(api: Api) -> None:
    tasks = {"per_instance_type": {"tasks": 10}}
    body = {"workload": "mock", "ruby_version": None, "target_precision": "1%", "max_tasks": 30, **tasks}
    run_id = api.create(**body)["run_id"]
    for number in range(10):
        measure(api, run_id, 1 + number % 2 / 1000)
    run = api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    assert (run["status"], run["reason"]) == ("completed", "precision_reached")
    assert (run["tasks"]["completed"], run["tasks"]["cancelled"]) == (10, 20)
    assert [(stop["reason"], stop["tasks"]) for stop in run["precision"]["stops"]] == [("precision_reached", 10)]
    assert run["precision"]["stops"][0]["half_width"] < 0.01
    assert api.claim(run_id)["status"] == "done"
