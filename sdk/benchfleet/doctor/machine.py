"""What this machine adds to measurements: other work, changing clock rates; and room for results."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchfleet.doctor.check import Check, fail, ok, warn
from benchfleet.local.quiet import Average, noise

FAIL_BELOW_BYTES = 1 << 30
WARN_BELOW_BYTES = 10 << 30
CPU = Path("/sys/devices/system/cpu")


def disk(results: Path, *, free: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free) -> Check:
    """Free space where `results` is or will be made."""
    there = next((path for path in (results, *results.absolute().parents) if path.exists()), Path("/"))
    found = free(there)
    said = f"{found / (1 << 30):.1f} GiB free for {results}"
    if found < FAIL_BELOW_BYTES:
        return fail("disk", said, remedy="make room, or choose another place with --results")
    if found < WARN_BELOW_BYTES:
        return warn("disk", said, remedy="large archives may not fit: make room, or use --results")
    return ok("disk", said)


def load(average: Average = os.getloadavg, *, cores: int | None = None) -> Check:
    """The load of the last minute, per core."""
    found = noise(average, cores=cores)
    if found.is_busy:
        remedy = "something else works here and will be in the numbers: end it, or wait (`run --wait-for-quiet`)"
        return warn("load", str(found), remedy=remedy)
    return ok("load", str(found))


def clock_rates(cpu: Path = CPU) -> Iterator[Check]:
    """Governor and turbo: both make the same work take different times. Silent where the system does not tell."""
    governor = _word(cpu / "cpu0/cpufreq/scaling_governor")
    if governor == "performance":
        yield ok("governor", governor)
    elif governor:
        yield warn("governor", governor, remedy="sudo cpupower frequency-set -g performance")
    turbo = _turbo(cpu)
    if turbo:
        yield warn("turbo", "on", remedy="runs heat up and slow down: turn it off in the firmware or below " + str(cpu))
    elif turbo is False:
        yield ok("turbo", "off")


def isolated_cores(cpu: Path = CPU) -> Check:
    """Cores that the kernel keeps free for whoever asks for them. Having none is the rule and no trouble."""
    return ok("isolated cores", _word(cpu / "isolated") or "none")


def _turbo(cpu: Path) -> bool | None:
    """None if the system does not say. Intel tells it the other way round."""
    if (said := _word(cpu / "intel_pstate/no_turbo")) is not None:
        return said == "0"
    if (said := _word(cpu / "cpufreq/boost")) is not None:
        return said == "1"
    return None


def _word(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
