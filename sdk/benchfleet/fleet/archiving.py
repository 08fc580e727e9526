"""Old runs of this machine, packed: `<output>/archive/<run id>.tar.gz` instead of a folder."""

import os
import secrets
import shutil
import tarfile
import time
from pathlib import Path

from benchfleet.exceptions import UsageError
from benchfleet.fleet.folder import RESULTS

ARCHIVE = "archive"


def finished(output: Path, *, older_than_s: float = 0.0) -> list[str]:
    """Ids of runs whose artifacts are all there, and have been for so long; in order."""
    latest = time.time() - older_than_s
    found = output.glob(f"*/{RESULTS}")
    return sorted(path.parent.name for path in found if path.stat().st_mtime <= latest)


def archive(output: Path, run_id: str) -> Path:
    """The folder is removed once its archive is whole and on the disk. Raises UsageError for a run without results, OSError."""
    folder, target = output / run_id, output / ARCHIVE / f"{run_id}.tar.gz"
    if not (folder / RESULTS).is_file():
        raise UsageError(f"{folder} has no {RESULTS}: bring it with `benchfleet fleet results {run_id} --fetch`")
    if target.exists():
        raise UsageError(f"{target} is there already: remove it, or {folder}")
    target.parent.mkdir(exist_ok=True)
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(part, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz") as packed:
                packed.add(folder, arcname=run_id)
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    shutil.rmtree(folder)
    return target
