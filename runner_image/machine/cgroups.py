"""What a CPU quota allows the runner, and how often it held it back: cgroup v2, and v1 as older systems have it."""

from collections.abc import Iterator

from runner_image.machine.system import System

_ROOT = "sys/fs/cgroup"
_V1 = ("cpu,cpuacct", "cpuacct,cpu", "cpu")  # where systems mount that controller
_MARK = {True: "cgroup.controllers", False: "cpu.stat"}  # of version 2, of version 1


def cpu_quota(system: System) -> float | None:
    """In cores: the least of its cgroup and of all above it; None without a quota."""
    found = [quota for folder in _folders(system) if (quota := _quota(system, folder)) is not None]
    return min(found, default=None)


def throttled_s(system: System) -> float | None:
    """Seconds for which a quota has held back its cgroups so far; None where no cgroup tells."""
    found = [seconds for folder in _folders(system) if (seconds := _throttled(system, folder)) is not None]
    return sum(found) if found else None


def _quota(system: System, folder: str) -> float | None:
    """v2: `cpu.max` holds `max 100000` or `150000 100000`. v1: two files, and -1 for none."""
    quota, _, period = (system.read(f"{folder}/cpu.max") or "").partition(" ")
    if not period:
        quota = system.read(f"{folder}/cpu.cfs_quota_us") or ""
        period = system.read(f"{folder}/cpu.cfs_period_us") or ""
    try:
        cores = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):
        return None
    return round(cores, 3) if cores > 0 else None


def _throttled(system: System, folder: str) -> float | None:
    """v2 counts microseconds, v1 nanoseconds."""
    for line in (system.read(f"{folder}/cpu.stat") or "").splitlines():
        name, _, value = line.partition(" ")
        scale = {"throttled_usec": 1e6, "throttled_time": 1e9}.get(name)
        if scale and value.isdigit():
            return int(value) / scale
    return None


def _folders(system: System) -> Iterator[str]:
    """The folders of the runner's cgroup and of those above it, as far as they can be seen from here."""
    for line in (system.read("proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        mounts = [_ROOT] if number == "0" else [f"{_ROOT}/{name}" for name in _V1]
        if number == "0" or "cpu" in controllers.split(","):
            mount = next((one for one in mounts if (system.root / one / _MARK[number == "0"]).exists()), None)
            if mount:
                yield from _upward(system, mount, path)


def _upward(system: System, mount: str, path: str) -> Iterator[str]:
    """A container may see its own cgroup as the root, under a path that is the machine's: then that path is not there."""
    parts = [part for part in path.split("/") if part and part != ".."]
    for count in range(len(parts), -1, -1):
        folder = "/".join([mount, *parts[:count]])
        if (system.root / folder).is_dir():
            yield folder
