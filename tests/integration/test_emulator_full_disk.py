"""A state folder that really cannot be written: the system refuses the emulator's files beyond a size (RLIMIT_FSIZE)."""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.integration.emulator_process import Running, Start

WITHIN_S = 60.0
RUN = {"workload": "mock", "per_instance_type": {"tasks": 1}, "local": [{"instance_type": "box"}]}


def set_room(emulator: Running, size_bytes: int) -> None:
    hard = resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(emulator.process.pid, resource.RLIMIT_FSIZE, (size_bytes, hard))


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def test_what_cannot_be_kept_is_not_acknowledged(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "state"
    emulator = start("--state", str(state))
    with emulator.api() as api:
        s3 = emulator.client("s3")
        upload = s3.generate_presigned_url("put_object", Params={"Bucket": emulator.ready["bucket"], "Key": "k"})
        s3.close()
        assert api.post("/runs", json=RUN | {"run_id": "before"}).status_code == 201
        set_room(emulator, 100)
        wait_for(lambda: api.get("/up").status_code == 503)
        refused = api.post("/runs", json=RUN | {"run_id": "full"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert refused.json()["problems"][0]["value"] == str(state)
        assert "File too large" in refused.json()["error"]
        assert api.get("/runs/before").status_code == 200
        assert api.get("/runs/full").status_code == 404
        late = httpx.put(upload, content=b"x")
        assert (late.status_code, late.headers["Retry-After"]) == (503, "5")
        set_room(emulator, resource.RLIM_INFINITY)
        wait_for(lambda: api.get("/up").status_code == 200)
        assert api.post("/runs", json=RUN | {"run_id": "after"}).status_code == 201
    assert emulator.end() == 0
    again = start("--state", str(state))
    with again.api() as api:
        found = {run: api.get(f"/runs/{run}").status_code for run in ("before", "full", "after")}
    assert found == {"before": 200, "full": 404, "after": 200}


def test_a_last_snapshot_that_fails_is_no_clean_end(start: Start, tmp_path: Path) -> None:
    state = tmp_path / "state"
    emulator = start("--state", str(state))
    before = (state / "state.json").read_bytes()
    set_room(emulator, 100)
    assert emulator.end() == 3
    assert "File too large" in emulator.errors
    assert "lost" in emulator.errors.splitlines()[-1]
    assert "Traceback" not in emulator.errors
    assert (state / "state.json").read_bytes() == before
