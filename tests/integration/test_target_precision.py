"""A run with a target precision, over HTTP and through the emulator's stream, queue and bucket: it ends early, as completed."""

import json

import httpx

from tests.integration.api_client import Api
from tests.unit.archive_uploads import upload_of


def test_a_run_ends_as_soon_as_it_knows_enough(api: Api) -> None:
    body = {"workload": "mock", "ruby_version": None, "target_precision": "1%", "max_tasks": 30}
    run_id = api.create(**body)["run_id"]
    for number in range(10):
        claimed = api.claim(run_id)
        urls, task = claimed["presigned_urls"], claimed["task"]
        upload = result(1 + number % 2 / 1000)
        assert httpx.put(urls["result_upload_url"], content=upload, headers=urls["required_headers"]).status_code == 200
        said = {"runner_id": "runner-1", "attempt": task["attempt"], "s3_result_key": urls["result_key"]}
        assert api("POST", f"/tasks/{task['id']}/complete", said, role="runner").status_code == 200
    run = api.until(f"/runs/{run_id}", lambda run: run["archive"]["state"] == "ready")
    assert (run["status"], run["reason"]) == ("completed", "precision_reached")
    assert (run["tasks"]["completed"], run["tasks"]["cancelled"]) == (10, 20)
    assert [(stop["reason"], stop["tasks"]) for stop in run["precision"]["stops"]] == [("precision_reached", 10)]
    assert run["precision"]["stops"][0]["half_width"] < 0.01
    assert api.claim(run_id)["status"] == "done"


def result(value: float) -> bytes:
    measurement = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [value]}
    output = {"schema_version": 1, "workload": "mock", "measurements": [measurement]}
    return upload_of([("output.json", json.dumps(output).encode())])
