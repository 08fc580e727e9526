"""What the tests of load tools share: commands in a slot of real processes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner_image.isolation.processes import ProcessIsolation
from runner_image.stopping import Stop
from runner_image.workloads.http.load.commands import SlotCommands


@contextmanager
def slot_commands(work_dir: Path) -> Iterator[SlotCommands]:
    with ProcessIsolation(dict(os.environ)).open(work_dir, stop=Stop()) as slot:
        yield SlotCommands(slot, work_dir / "load")
