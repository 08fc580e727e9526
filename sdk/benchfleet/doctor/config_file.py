"""The file that holds profiles, and keys with them."""

import stat
from pathlib import Path

from benchfleet.doctor.check import Check, fail, ok

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def config_file(path: Path) -> Check:
    """Nobody but its owner may read or change it."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return ok("config file", f"{path} is not there, and need not be")
    except OSError as error:
        return fail("config file", f"{path}: {error.strerror}", remedy=f"see that you can read {path.parent}")
    if mode & OTHERS:
        return fail("config file", f"{path} has mode {mode:04o}: others may read its keys", remedy=f"chmod 600 {path}")
    return ok("config file", str(path))
