"""Which instance a machine is, its settings, and its conditions around a task, read from machines that are folders."""

import os
from pathlib import Path

import pytest

from runner_image.isolation.protocol import Used
from runner_image.machine import settings
from runner_image.machine.cgroups import cpu_quota, throttled_s
from runner_image.machine.conditions import Reading, conditions, reading
from runner_image.machine.identity import instance
from runner_image.machine.system import System
from runner_image.task.at_work import AtWork
from tests.each_case import each_case

MACHINE_ID, BOOT_ID = "0123456789abcdef" * 2, "5e2a8c04-1111-2222-3333-444455556666"
HOST = {"etc/machine-id": MACHINE_ID, "proc/sys/kernel/random/boot_id": BOOT_ID}
OVERLAY = "22 1 0:21 / / rw,relatime - overlay overlay rw\n23 22 0:5 / /proc rw - proc proc rw"
DISK = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"


def system(root: Path, files: dict[str, str]) -> System:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text + "\n")
    return System(root=root)


def test_a_machine_is_known_by_a_hash_of_its_machine_id(tmp_path: Path) -> None:
    found = instance(system(tmp_path, {**HOST, "proc/self/mountinfo": DISK}), cloud=None)
    assert found
    assert found.startswith("machine-")
    assert MACHINE_ID[:8] not in found
    rebooted = system(tmp_path, {"proc/sys/kernel/random/boot_id": "another"})
    assert instance(rebooted, cloud=None) == found
    assert instance(system(tmp_path, {"etc/machine-id": "f" * 32}), cloud=None) != found


def test_a_clouds_own_id_goes_first(tmp_path: Path) -> None:
    assert instance(system(tmp_path, HOST), cloud={"provider": "aws", "instanceId": "i-1"}) == "i-1"
    assert instance(system(tmp_path, HOST), cloud={"provider": "azure", "vmId": "v-1"}) == "v-1"
    named = instance(system(tmp_path, HOST), cloud={"provider": "azure", "vmSize": "D2"})
    assert named
    assert named.startswith("machine-")


@each_case(
    "mark", [{".dockerenv": ""}, {"run/.containerenv": ""}, {"run/systemd/container": "lxc"},
             {"proc/self/mountinfo": OVERLAY}],
)  # fmt: skip
def test_a_container_is_known_by_the_kernel_that_it_shares(tmp_path: Path, mark: dict[str, str]) -> None:
    """Images bring a machine id that is the same on every machine; containers of one machine have one kernel."""
    found = instance(system(tmp_path / "one", {**HOST, **mark}), cloud=None)
    other = instance(system(tmp_path / "two", {**HOST, **mark, "etc/machine-id": "a" * 32}), cloud=None)
    assert found == other
    assert found
    assert found.startswith("boot-")
    elsewhere = {**HOST, **mark, "proc/sys/kernel/random/boot_id": "another"}
    assert instance(system(tmp_path / "three", elsewhere), cloud=None) != found


@each_case("machine_id", ["", "uninitialized"])
def test_without_a_machine_id_the_boot_tells(tmp_path: Path, machine_id: str) -> None:
    found = instance(system(tmp_path, {**HOST, "etc/machine-id": machine_id}), cloud=None)
    assert found
    assert found.startswith("boot-")


def test_a_machine_that_says_nothing_has_no_identity(tmp_path: Path) -> None:
    assert instance(System(root=tmp_path), cloud=None) is None


CPU = "sys/devices/system/cpu"


def test_settings_are_read_where_the_system_has_them(tmp_path: Path) -> None:
    there = system(
        tmp_path,
        {f"{CPU}/smt/active": "1", f"{CPU}/intel_pstate/no_turbo": "1", "proc/sys/kernel/randomize_va_space": "0",
         f"{CPU}/cpu0/cpufreq/cpuinfo_max_freq": "3500000", f"{CPU}/cpu1/cpufreq/cpuinfo_max_freq": "4000000"},
    )  # fmt: skip
    assert (settings.smt(there), settings.turbo(there), settings.aslr(there)) == (True, False, 0)
    assert (settings.max_mhz(there, [0]), settings.max_mhz(there, [0, 1])) == (3500.0, 4000.0)


def test_settings_that_the_system_does_not_have_are_unknown(tmp_path: Path) -> None:
    silent = System(root=tmp_path)
    found = (settings.smt(silent), settings.turbo(silent), settings.aslr(silent), settings.max_mhz(silent, [0]))
    assert found == (None,) * 4
    assert settings.mhz(silent, [0]) is None
    assert settings.microcode("processor : 0") is None


@each_case(("boost", "siblings", "expected"), [("1", "0,4", (True, True)), ("0", "0", (False, False))])
def test_other_drivers_tell_turbo_and_smt_elsewhere(
    tmp_path: Path, boost: str, siblings: str, expected: tuple[bool, bool]
) -> None:
    files = {f"{CPU}/cpufreq/boost": boost, f"{CPU}/cpu0/topology/thread_siblings_list": siblings}
    there = system(tmp_path, files)
    assert (settings.turbo(there), settings.smt(there)) == expected


CPUINFO = "processor\t: 0\nmicrocode\t: 0x1f\ncpu MHz\t\t: 2000.0\n\nprocessor\t: 1\ncpu MHz\t\t: 3000.0"


def test_frequencies_are_those_of_the_slots_cores(tmp_path: Path) -> None:
    told = system(tmp_path / "told", {"proc/cpuinfo": CPUINFO})
    assert (settings.mhz(told, [1]), settings.mhz(told, [0, 1])) == (3000.0, 2500.0)
    assert settings.microcode(CPUINFO) == "0x1f"
    files = {"proc/cpuinfo": CPUINFO, f"{CPU}/cpu1/cpufreq/scaling_cur_freq": "1200000"}
    assert settings.mhz(system(tmp_path / "driver", files), [1]) == 1200.0


V2 = {"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/cgroup.controllers": "cpu"}


def test_the_least_quota_of_a_cgroup_and_those_above_it_counts(tmp_path: Path) -> None:
    files = {**V2, "sys/fs/cgroup/a/cpu.max": "150000 100000", "sys/fs/cgroup/a/b/cpu.max": "max 100000"}
    files |= {"sys/fs/cgroup/a/cpu.stat": "usage_usec 9\nthrottled_usec 2500000", "sys/fs/cgroup/a/b/cpu.stat": "nr 0"}
    there = system(tmp_path, files)
    assert (cpu_quota(there), throttled_s(there)) == (1.5, 2.5)


def test_a_container_sees_its_own_cgroup_as_the_root(tmp_path: Path) -> None:
    """Its path is the machine's, and not there."""
    files = {**V2, "sys/fs/cgroup/cpu.max": "50000 100000", "sys/fs/cgroup/cpu.stat": "throttled_usec 0"}
    there = system(tmp_path, files)
    assert (cpu_quota(there), throttled_s(there)) == (0.5, 0.0)


def test_older_systems_have_a_quota_too(tmp_path: Path) -> None:
    at = "sys/fs/cgroup/cpu,cpuacct/docker"
    files = {"proc/self/cgroup": "5:memory:/x\n3:cpu,cpuacct:/docker\n0::/", f"{at}/cpu.cfs_quota_us": "200000",
             f"{at}/cpu.cfs_period_us": "100000", f"{at}/cpu.stat": "throttled_time 1500000000",
             "sys/fs/cgroup/cpu,cpuacct/cpu.stat": "nr_throttled 0",
             "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1",
             "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000"}  # fmt: skip
    there = system(tmp_path, files)
    assert (cpu_quota(there), throttled_s(there)) == (2.0, 1.5)


def test_no_quota_is_none(tmp_path: Path) -> None:
    assert cpu_quota(system(tmp_path, {**V2, "sys/fs/cgroup/cpu.max": "max 100000"})) is None
    assert throttled_s(System(root=tmp_path / "other")) is None


TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def stat(*, user: float, idle: float, steal: float) -> str:
    seconds = (user, 0, 0, idle, 0, 0, 0, steal, 0, 0)
    return "cpu  " + " ".join(str(round(each * TICKS_A_SECOND)) for each in seconds) + "\ncpu0 1 2"


def at(root: Path, at_s: float, *, used: Used | None = None, **ticks: float) -> Reading:
    there = system(root, {"proc/stat": stat(**ticks), "proc/loadavg": "0.25 0.5 1.0 3/80 11206"})
    return reading(there, cores=[0], at_s=at_s, used=used or Used())


def foreign(before: Reading, after: Reading) -> float | None:
    return conditions(before, after, slots=1, busy_slots=1).foreign_cpu


def test_foreign_work_is_what_the_machine_did_and_this_runner_did_not(tmp_path: Path) -> None:
    """Ten seconds, in which all cores were busy for 15 and containers of this runner used 8."""
    before = at(tmp_path, 0.0, user=100, idle=100, steal=0)
    after = at(tmp_path, 10.0, used=Used(cpu_s=8.0), user=115, idle=104, steal=1)
    found = conditions(before, after, slots=4, busy_slots=2)
    assert found.foreign_cpu == pytest.approx(0.7, abs=0.1)  # this test's own processes count as the runner's, too
    assert found.steal_share == 0.05
    assert (found.slots, found.busy_slots) == (4, 2)
    assert (found.before.load_1m, found.before.runnable) == (0.25, 2)


def test_over_a_moment_shares_are_not_told(tmp_path: Path) -> None:
    before, after = (at(tmp_path, at_s, user=at_s, idle=0, steal=0) for at_s in (0.0, 0.9))
    found = conditions(before, after, slots=1, busy_slots=1)
    assert (found.foreign_cpu, found.steal_share) == (None, None)


def test_a_container_that_nobody_could_ask_leaves_foreign_work_unknown(tmp_path: Path) -> None:
    before = at(tmp_path, 0.0, user=0, idle=0, steal=0)
    after = at(tmp_path, 10.0, used=Used(unread=1), user=10, idle=10, steal=0)
    assert foreign(before, after) is None
    assert foreign(before, at(tmp_path, 10.0, used=Used(), user=10, idle=10, steal=0)) is not None


def test_a_system_without_proc_tells_nothing(tmp_path: Path) -> None:
    silent = [reading(System(root=tmp_path), cores=[0], at_s=at_s, used=Used()) for at_s in (0.0, 5.0)]
    found = conditions(silent[0], silent[1], slots=1, busy_slots=1)
    assert (found.foreign_cpu, found.steal_share, found.throttled_s) == (None, None, None)
    assert (found.before.load_1m, found.before.runnable, found.before.mhz) == (None, None, None)


def test_the_most_slots_at_work_while_one_was_watched() -> None:
    work = AtWork(3)
    with work.task(), work.watched() as first:
        with work.task(), work.watched() as second:
            pass
        with work.watched() as alone:
            pass
    assert (first.most, second.most, alone.most) == (2, 2, 1)
