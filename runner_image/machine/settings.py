"""Settings of a machine that change what it measures. None: the system does not say, or has no such setting."""

from collections.abc import Iterator, Sequence
from statistics import fmean

from runner_image.machine.system import System

CPU = "sys/devices/system/cpu"
_ON = {"0": False, "1": True}
_MOST_ASKED = 8  # a core that sleeps may take 20 ms to tell its frequency


def smt(system: System) -> bool | None:
    """Do two hardware threads share a core?"""
    said = _ON.get(system.read(f"{CPU}/smt/active") or "")
    if said is not None:
        return said
    siblings = system.read(f"{CPU}/cpu0/topology/thread_siblings_list")
    return None if siblings is None else not siblings.isdigit()


def turbo(system: System) -> bool | None:
    """May cores exceed their base frequency? Intel's driver tells it the other way round."""
    off = _ON.get(system.read(f"{CPU}/intel_pstate/no_turbo") or "")
    return _ON.get(system.read(f"{CPU}/cpufreq/boost") or "") if off is None else not off


def aslr(system: System) -> int | None:
    """`kernel.randomize_va_space`: 0 off, 1 without the heap, 2 all."""
    said = system.number("proc/sys/kernel/randomize_va_space")
    return None if said is None else int(said)


def max_mhz(system: System, cores: Sequence[int]) -> float | None:
    """The highest frequency that one of these cores may have."""
    found = [system.number(f"{CPU}/cpu{core}/cpufreq/cpuinfo_max_freq") for core in cores]
    return max((khz / 1000 for khz in found if khz), default=None)


def microcode(cpuinfo: str) -> str | None:
    """The revision that the first processor runs, such as `0x1000065`."""
    return next((line.partition(":")[2].strip() for line in cpuinfo.splitlines() if line.startswith("microcode")), None)


def mhz(system: System, cores: Sequence[int]) -> float | None:
    """The mean of what these cores run at now; of the first eight, if there are more."""
    asked = cores[:_MOST_ASKED]
    found = [system.number(f"{CPU}/cpu{core}/cpufreq/scaling_cur_freq") for core in asked]
    known = [khz / 1000 for khz in found if khz] or list(_told(system.read("proc/cpuinfo") or "", asked))
    return round(fmean(known), 1) if known else None


def _told(cpuinfo: str, cores: Sequence[int]) -> Iterator[float]:
    """Where there is no frequency driver, as in virtual machines: `cpu MHz` of these processors."""
    processor = -1
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "processor" and value.strip().isdigit():
            processor = int(value)
        elif name.strip() == "cpu MHz" and processor in cores:
            yield float(value)
