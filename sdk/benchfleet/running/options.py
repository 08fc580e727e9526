"""What `benchfleet run` was asked to do."""

from dataclasses import dataclass
from pathlib import Path

LATEST = "latest"


@dataclass(frozen=True)
class RunOptions:
    """`config` may be None when a run is resumed: its state file names it. `timeout_s` None waits for ever.

    `quiet_s`: how long to wait for this machine to be quiet; None: not at all. `stays` False: nothing may outlive this
    command, neither when it gives up waiting nor to be resumed later.
    """

    config: Path | None
    results: Path | None
    state_dir: Path
    providers: tuple[str, ...] = ()
    emulator: bool = False
    resume: str | None = None
    detach: bool = False
    timeout_s: float | None = None
    slots: int | None = None
    run_id: str | None = None
    stays: bool = True
    quiet_s: float | None = None
