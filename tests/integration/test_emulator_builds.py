"""An emulator that was killed while it built an archive builds it at its next start, not five minutes later."""

import sys
from pathlib import Path

import pytest

from tests import prepared_start

# In a process of its own: the emulated AWS is global to a process, and the session's emulator has this one.
LIVES = """
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from benchfleet_contract.states import ArchiveState
from local_emulator.config import EmulatorConfig
from local_emulator.stack import Emulator
from tests.contract.records import a_run

config = EmulatorConfig(state_dir=Path(sys.argv[1]), port=0)
with Emulator(config):
    from chalicelib.wiring import services
    runs, now_ms = services().stores.runs, services().clock()
    run = replace(a_run(), created_ms=now_ms, deadline_ms=now_ms + 86_400_000)
    runs.reserve(run)
    runs.publish(run)
    runs.activate(run)
    assert runs.begin_archive("r", now_ms=now_ms, until_ms=now_ms + 300_000)
with Emulator(config):
    from chalicelib.wiring import services  # loaded anew, with the new endpoint
    archive = services().stores.runs.get("r")[0].archive
    print(archive.state is ArchiveState.BUILDING and archive.building_until_ms == now_ms + 300_000)
"""


@pytest.mark.proof
def test_a_build_in_progress_is_released_at_restart(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = prepared_start.run(
        [sys.executable, "-c", LIVES, str(tmp_path / "state")], capture_output=True, text=True, cwd=root, timeout=100
    )
    assert (done.stdout, done.returncode) == ("False\n", 0), done.stderr
