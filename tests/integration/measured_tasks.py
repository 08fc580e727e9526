"""A runner's part over HTTP: a task is claimed, measured and completed."""

import json

import httpx

from tests.integration.api_client import Api
from tests.unit.archive_uploads import upload_of


def measure(api: Api, run_id: str, value: float) -> None:
    """One task of the run, whose only sample is `value` (seconds)."""
    claimed = api.claim(run_id)
    urls, task = claimed["presigned_urls"], claimed["task"]
    sent = httpx.put(urls["result_upload_url"], content=_result(value), headers=urls["required_headers"], timeout=60)
    assert sent.status_code == 200
    said = {"runner_id": "runner-1", "attempt": task["attempt"], "s3_result_key": urls["result_key"]}
    assert api("POST", f"/tasks/{task['id']}/complete", said, role="runner").status_code == 200


def _result(value: float) -> bytes:
    measurement = {"benchmark": "x", "variant": "default", "unit": "s", "better": "lower", "samples": [value]}
    output = {"schema_version": 1, "workload": "mock", "measurements": [measurement]}
    return upload_of([("output.json", json.dumps(output).encode())])
