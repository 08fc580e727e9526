"""An emulator that was killed while it built an archive builds it at its next start, not five minutes later."""

from dataclasses import replace
from pathlib import Path

from benchfleet_contract.states import ArchiveState

from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator
from tests.contract.records import a_run


def test_a_build_in_progress_is_released_at_restart(tmp_path: Path) -> None:
    config = EmulatorConfig(state_dir=tmp_path / "state", port=0)
    with Emulator(config):
        from chalicelib.wiring import services

        runs = services().runs
        now_ms = services().clock()
        run = replace(a_run(), created_ms=now_ms, deadline_ms=now_ms + 86_400_000)
        assert runs.reserve(run)
        assert runs.publish(run)
        runs.activate(run)
        assert runs.begin_archive("r", now_ms=now_ms, until_ms=now_ms + 300_000)
    with Emulator(config):
        from chalicelib.wiring import services as fresh

        found = fresh().runs.get("r")
        assert found
        assert (
            found[0].archive.state is not ArchiveState.BUILDING
            or found[0].archive.building_until_ms != now_ms + 300_000
        )
