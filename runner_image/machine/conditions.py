"""What was going on around a task: two readings of the machine, and what lies between them.

A reading takes some milliseconds. It is taken before the first command that measures and after the last, never while
one runs.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
from benchfleet_contract.results import Conditions, Load

from runner_image.isolation.protocol import Used
from runner_image.machine.cgroups import throttled_s
from runner_image.machine.settings import mhz
from runner_image.machine.system import System

SHORTEST_S = 1.0  # the kernel counts in hundredths of a second: over less than this, shares would be mostly rounding


@dataclass(frozen=True)
class Ticks:
    """CPU seconds of all cores since the machine was booted: of processes, taken by the hypervisor, and all together."""

    busy: float
    steal: float
    total: float


@dataclass(frozen=True)
class Reading:
    """`own_s` are CPU seconds of this runner and all that it started; `unread` counts containers that ended untold."""

    at_s: float
    load: Load
    ticks: Ticks | None
    own_s: float
    throttled_s: float | None
    unread: int


def reading(system: System, *, cores: Sequence[int], at_s: float, used: Used) -> Reading:
    """The machine now. `cores` are the slot's; `used` is what commands have used that do not run below this process."""
    average, runnable = _load(system.read("proc/loadavg") or "")
    throttled = throttled_s(system)
    return Reading(
        at_s,
        Load(load_1m=average, runnable=runnable, mhz=mhz(system, cores)),
        ticks=_ticks(system.read("proc/stat") or ""),
        own_s=_tree_s() + used.cpu_s,
        throttled_s=None if throttled is None else throttled + used.throttled_s,
        unread=used.unread,
    )


def conditions(before: Reading, after: Reading, *, slots: int, busy_slots: int) -> Conditions:
    """What lies between two readings. Shares are None over less than SHORTEST_S."""
    held = None
    if before.throttled_s is not None and after.throttled_s is not None:
        held = round(max(0.0, after.throttled_s - before.throttled_s), 3)
    return Conditions(
        before=before.load,
        after=after.load,
        steal_share=_steal_share(before, after),
        foreign_cpu=_foreign_cpu(before, after),
        throttled_s=held,
        slots=slots,
        busy_slots=busy_slots,
    )


def _steal_share(before: Reading, after: Reading) -> float | None:
    if before.ticks is None or after.ticks is None or after.at_s - before.at_s < SHORTEST_S:
        return None
    total = after.ticks.total - before.ticks.total
    return round(max(0.0, after.ticks.steal - before.ticks.steal) / total, 4) if total > 0 else None


def _foreign_cpu(before: Reading, after: Reading) -> float | None:
    """Busy cores less those of this runner. None, too, where a container ended before it was asked what it had used."""
    lasted_s = after.at_s - before.at_s
    if before.ticks is None or after.ticks is None or lasted_s < SHORTEST_S or before.unread != after.unread:
        return None
    busy = after.ticks.busy - before.ticks.busy
    return round(max(0.0, busy - (after.own_s - before.own_s)) / lasted_s, 3)


def _load(text: str) -> tuple[float | None, int | None]:
    """The average of the last minute; and threads that run or could, less the one that reads this."""
    words = text.split()
    try:
        return float(words[0]), max(0, int(words[3].partition("/")[0]) - 1)
    except (IndexError, ValueError):
        return None, None


def _ticks(text: str) -> Ticks | None:
    """The first line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks; guests are in user."""
    words = text.partition("\n")[0].split()[1:9]
    if len(words) < 8 or not all(word.isdigit() for word in words):
        return None
    seconds = [int(word) / os.sysconf("SC_CLK_TCK") for word in words]
    return Ticks(busy=sum(seconds[:3]), steal=seconds[7], total=sum(seconds))


def _tree_s() -> float:
    """Of this process, of all that run below it, and of all that have ended there: a parent inherits what it waited for."""
    me, total = psutil.Process(), 0.0
    for process in (me, *me.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
