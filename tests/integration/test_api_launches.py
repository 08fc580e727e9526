"""Machines of a run over HTTP, in an emulator: what is asked for, what is told, and a run whose types cannot be had."""

from typing import Any

import pytest
from benchfleet_contract.launches import LaunchList
from benchfleet_contract.runs import RunDetail

from tests.each_case import each_case
from tests.integration.api_client import Api, fresh

NO_SUCH_TYPE = {
    "local": [],
    "aws": [{"instance_type": "no.such-type"}],
    "provision": {"aws": {}},
    "per_instance_type": {"tasks": 2, "instances": 2},
}


def failed_run(api: Api) -> tuple[str, dict[str, Any]]:
    run_id = fresh("machines")
    api.create(run_id=run_id, **NO_SUCH_TYPE)
    return run_id, api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")


@pytest.mark.proof
def test_a_run_whose_types_cannot_be_had_ends_with_the_reason(api: Api) -> None:
    run_id, run = failed_run(api)
    assert (run["status"], run["reason"], run["launches"]) == ("failed", "not_provisioned", {"failed": 2})
    RunDetail.model_validate(run)
    told = api("GET", f"/runs/{run_id}/launches", role="reader").json()
    found = LaunchList.model_validate(told).launches
    assert [(each.instance_type, each.provisioner, each.state) for each in found] == [
        ("no.such-type", "aws-ec2", "failed")
    ] * 2
    failures = [each.failure for each in found if each.failure]
    assert [bool(failure.message and failure.remedy) for failure in failures] == [True, True]
    tasks = api("GET", f"/runs/{run_id}/tasks").json()["tasks"]
    assert {task["error_type"] for task in tasks} == {"not_provisioned"}
    assert {task["error_message"] for task in tasks} == {
        f"{failures[0].code}: {failures[0].message}; {failures[0].remedy}"
    }
    name = found[0].name
    said = api("POST", f"/runs/{run_id}/launches/{name}", {"phase": "image", "message": "pulling"}, role="runner")
    assert (said.status_code, said.json()) == (200, {"message": "Report received"})
    (first, _) = api("GET", f"/runs/{run_id}/launches").json()["launches"]
    assert (first["phase"], first["message"], first["state"]) == ("image", "pulling", "failed")


def test_a_run_that_brings_nothing_says_nothing_of_machines(api: Api) -> None:
    run_id = api.create()["run_id"]
    assert "launches" not in api("GET", f"/runs/{run_id}").json()
    assert api("GET", f"/runs/{run_id}/launches").json() == {"run_id": run_id, "launches": [], "truncated": False}


@each_case(
    ("name", "body", "status", "code"),
    [
        ("bf-00000000-1", {"phase": "boot"}, 404, "launch_not_found"),
        ("not-a-name", {"phase": "boot"}, 404, "launch_not_found"),
        ("bf-00000000-1", {}, 400, "missing_parameter"),
        ("bf-00000000-1", {"phase": "dancing"}, 400, "invalid_phase"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused(
    api: Api, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    run_id = api.create()["run_id"]
    reply = api("POST", f"/runs/{run_id}/launches/{name}", body, role="runner")
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_readers_report_nothing(api: Api) -> None:
    run_id = api.create()["run_id"]
    reply = api("POST", f"/runs/{run_id}/launches/bf-00000000-1", {"phase": "boot"}, role="reader")
    assert reply.status_code == 403
    assert api("GET", "/runs/nope/launches").status_code == 404
