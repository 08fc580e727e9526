"""What tasks of the same work took, as the control plane knows it."""

from contextlib import closing
from typing import Any

import pytest
from benchfleet.client import Client
from benchfleet.prices.durations import of_control_plane
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.runs import RunRequest

from local_emulator.stack import Emulator
from tests.integration.api_client import Api, fresh
from tests.integration.measured_tasks import measure

WORK: dict[str, Any] = {"workload": "mock", "workload_options": {"steps": 3, "step_s": 0.011}, "ruby_version": None}


def asked(**changes: object) -> RunRequest:
    body: dict[str, Any] = {
        **WORK,
        "per_instance_type": {"tasks": 1},
        "aws": [{"instance_type": "c8g.medium"}],
        "provision": {"aws": {}},
    }
    request = read_run_request({name: value for name, value in (body | changes).items() if value is not None}).request
    assert request is not None
    return request


def test_tasks_of_the_same_work_are_found_among_the_newest_runs(emulator: Emulator) -> None:
    run_id = fresh("same")
    with closing(Api(emulator.ready)) as api:
        api.create(**WORK, run_id=run_id)
        measure(api, run_id, 1.0)
        api.create(**WORK)  # no task of it has ended
    with Client(emulator.ready.api_url, key=emulator.ready.keys.reader) as client:
        found = of_control_plane(client, asked())
        assert found is not None
        assert (found.runs, found.where) == ((run_id,), "at the control plane")
        known = found.of("c8g.medium")
        assert known is not None
        assert (known.tasks, known.same_type) == (1, False)
        assert known.mean_s == pytest.approx(1, abs=60)
        assert of_control_plane(client, asked(workload_options={"steps": 4})) is None
