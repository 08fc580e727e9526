"""A state folder that really cannot be written: the system refuses the emulator's files beyond a size (RLIMIT_FSIZE)."""

import contextlib
import resource
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from benchfleet_contract.authorities import authorities

from tests.integration.emulator_process import Running, Start

pytestmark = pytest.mark.system

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


@pytest.mark.proof
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
        late = httpx.put(upload, content=b"x", timeout=60, verify=authorities({}))
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


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 20 MB. Only root may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20M", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this user may not mount a small file system")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.proof
def test_a_full_disk_and_a_kill_lose_nothing_that_was_acknowledged(
    start: Start, tmp_path: Path, small_disk: Path
) -> None:
    emulator = start("--state", str(small_disk / "state"))
    _fill_up(small_disk / "others")
    acknowledged = list[str]()
    with emulator.api() as api:
        while api.get("/up").status_code == 200:
            run = f"r{len(acknowledged)}"
            if api.post("/runs", json=RUN | {"run_id": run}).status_code == 201:
                acknowledged.append(run)
        assert "for a reserve of" in api.get("/up").json()["error"]
    emulator.process.kill()
    emulator.process.communicate(timeout=WITHIN_S)
    emulator.ready_path.unlink()
    (small_disk / "others").unlink()
    again = start("--state", str(small_disk / "state"))
    with again.api() as api:
        assert acknowledged
        assert [run for run in acknowledged if api.get(f"/runs/{run}").status_code != 200] == []
    assert again.end() == 0


def _fill_up(path: Path) -> None:
    with path.open("wb") as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 65_536)
            file.flush()
