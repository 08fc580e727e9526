"""Artifacts come to their folder whole and once, whatever is in the way; and without anybody who waits for them."""

import asyncio
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from benchfleet.exceptions import RunFailed
from benchfleet.fleet import AsyncFleetBenchmark, ResultsNotReady
from benchfleet.fleet.collecting import bring
from benchfleet.profiles.settings import Connection

from local_emulator.stack import Emulator
from tests.integration.fleet_project import Project, client, make_project, work
from tests.providers import Providers

pytestmark = pytest.mark.system


@pytest.fixture
def found(emulator: Emulator) -> Connection:
    return Connection(emulator.ready.api_url, emulator.ready.keys.admin, None)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.proof
def test_two_that_collect_at_once_leave_one_whole_folder(fleet: Project, found: Connection, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: bring(fleet.run_id, tmp_path, found), range(2)))
    assert json.loads((tmp_path / "fleet-results.json").read_text())["run_id"] == fleet.run_id
    assert not [name for name in files(tmp_path) if name.rpartition("/")[2].startswith(".")]


def test_one_that_was_killed_half_way_is_gone_on_with(fleet: Project, found: Connection, tmp_path: Path) -> None:
    bring(fleet.run_id, tmp_path / "whole", found)
    half = tmp_path / "half"
    (half / "repo-1").mkdir(parents=True)
    (half / "repo-1" / ".results.json.0a1b2c3d").write_bytes(b"{")  # what a killed process leaves
    (half / "fleet-summary.csv").write_bytes(b"old")
    (half / "mine.txt").write_bytes(b"kept")
    bring(fleet.run_id, half, found)
    assert files(half) == files(tmp_path / "whole") | {"mine.txt": b"kept"}


def test_what_is_in_the_way_is_waited_for(fleet: Project, found: Connection, tmp_path: Path) -> None:
    """As with a full disk: nothing is lost, the results come last, and they come when there is room."""
    taken, pauses = tmp_path / "fleet-summary.csv", []
    taken.mkdir()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        assert not (tmp_path / "fleet-results.json").exists()
        taken.rmdir()

    bring(fleet.run_id, tmp_path, found, sleep=pause)
    assert len(pauses) == 1
    assert taken.is_file()
    assert (tmp_path / "fleet-results.json").is_file()


def test_patience_ends(fleet: Project, found: Connection, tmp_path: Path) -> None:
    (tmp_path / "fleet-summary.csv").mkdir()
    with pytest.raises(OSError, match="fleet-summary"):
        bring(fleet.run_id, tmp_path, found, patience_s=-1)


@pytest.fixture
def collectors() -> Iterator[list[int]]:
    """Ends those that a test leaves."""
    left: list[int] = []
    yield left
    for pid in left:
        psutil.Process(pid).kill()


def test_the_artifacts_come_though_nobody_waits(
    emulator: Emulator, providers: Providers, tmp_path: Path, collectors: list[int]
) -> None:
    """The guide's signal: `fleet-results.json` is there. Its collector is no child of ours, and shows no key."""
    folder = make_project(tmp_path / "project", providers)
    with client(emulator, folder, collects=True) as fleet:
        handle = fleet.execute_fleet(folder / "fleet-manifest.json")
    log = handle.artifact_base_dir / "collect.log"
    collectors.append(int(told(log, "process ").split()[0]))
    process = psutil.Process(collectors[0])
    assert process.ppid() != os.getpid()
    assert emulator.ready.keys.admin not in " ".join(process.cmdline())
    work(emulator, handle.run_id, tmp_path)
    psutil.wait_procs([process], timeout=60)
    assert not process.is_running()
    collectors.clear()
    results = json.loads((handle.artifact_base_dir / "fleet-results.json").read_text())
    assert results["status"] == "partial"
    assert [path for path in handle.metadata.expected_artifacts if not Path(path).is_file()] == []


def told(log: Path, words: str) -> str:
    """What stands behind these words."""
    for _ in range(600):
        if log.is_file() and words in (text := log.read_text()):
            return text.partition(words)[2]
        time.sleep(0.05)
    raise AssertionError(f"no {words!r} in {log}")


@pytest.mark.proof
def test_awaited_and_uploaded(emulator: Emulator, providers: Providers, tmp_path: Path) -> None:
    """A dataset that no body could hold is sent before; the client with an event loop sees a run from start to end."""
    folder = make_project(tmp_path / "project", providers)
    path = folder / "datasets" / "repo1.json"
    dataset = json.loads(path.read_text())
    dataset["test_cases"][0]["prompt"] = "é" * 1_200_000
    path.write_text(json.dumps(dataset, ensure_ascii=False))

    async def see() -> None:
        made = AsyncFleetBenchmark(
            folder / "out", config_path=folder / "fleet.toml", url=emulator.ready.api_url,
            api_key=emulator.ready.keys.admin, collects=False,
        )  # fmt: skip
        async with made as fleet:
            handle = await fleet.execute_fleet(folder / "fleet-manifest.json")
            assert handle.metadata.request_count == 12
            assert handle.run_id in await fleet.list_runs(fleet_id="my-simulator-fleet")
            with pytest.raises(ResultsNotReady):
                await fleet.get_fleet_results(handle.run_id)
            await fleet.cancel(handle.run_id)
            assert (await fleet.get_status(handle.run_id)).status == "cancelled"
            with pytest.raises(RunFailed, match="is cancelled"):
                await fleet.wait_for_completion(handle.run_id, poll_interval_ms=50)
            while not (await fleet.get_status(handle.run_id)).results_ready:
                await asyncio.sleep(0.1)
            assert (await fleet.fetch_artifacts(handle.run_id) / "fleet-results.json").is_file()
            results = await fleet.get_fleet_results(handle.run_id)
        assert results["fleet_summary"]["total_skipped"] == 12

    asyncio.run(see())
