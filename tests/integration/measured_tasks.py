"""A runner's part over HTTP: a task is claimed, measured and completed."""

import json

import httpx
from benchfleet_contract.authorities import authorities

from tests.integration.api_client import Api
from tests.unit.archive_uploads import upload_of


def measure(
    api: Api, run_id: str, value: float, *, runner_id: str = "runner-1", instance: str | None = None
) -> int | None:
    """One task of the run, whose only sample is `value` (seconds). Returns its number; None where nothing is left to claim."""
    claimed = api.claim(run_id, runner_id=runner_id)
    if claimed["status"] != "assigned":
        return None
    urls, task = claimed["presigned_urls"], claimed["task"]
    sent = httpx.put(
        urls["result_upload_url"],
        content=_result(value, instance),
        headers=urls["required_headers"],
        timeout=60,
        verify=authorities({}),
    )
    assert sent.status_code == 200
    said = {"runner_id": runner_id, "attempt": task["attempt"], "s3_result_key": urls["result_key"]}
    assert api("POST", f"/tasks/{task['id']}/complete", said, role="runner").status_code == 200
    return int(task["id"].rpartition(".")[2])


def _result(value: float, instance: str | None) -> bytes:
    measurement = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [value]}
    output = {"schema_version": 1, "workload": "mock", "measurements": [measurement]}
    metadata = {"provenance": {"machine": {"instance": instance}}}
    return upload_of([("output.json", json.dumps(output).encode()), ("metadata.json", json.dumps(metadata).encode())])
