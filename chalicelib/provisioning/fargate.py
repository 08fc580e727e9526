"""Sizes of Fargate as instance types: `fargate-1vcpu-2gb`, `fargate-0.25vcpu-0.5gb-arm64`. Pure.

Valid pairs of CPU and memory, of Linux:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from benchfleet_contract.places import Architecture

from chalicelib.domain.launches import LaunchFailed, TypeFacts

_NAME = re.compile(r"fargate-(?P<cpu>\d+(?:\.\d+)?)vcpu-(?P<memory>\d+(?:\.\d+)?)gb(?P<arm>-arm64)?")
_GB = 1024
MEMORY_MIB: dict[int, Sequence[int]] = {
    256: (512, 1 * _GB, 2 * _GB),
    512: range(1 * _GB, 4 * _GB + 1, _GB),
    1024: range(2 * _GB, 8 * _GB + 1, _GB),
    2048: range(4 * _GB, 16 * _GB + 1, _GB),
    4096: range(8 * _GB, 30 * _GB + 1, _GB),
    8192: range(16 * _GB, 60 * _GB + 1, 4 * _GB),
    16384: range(32 * _GB, 120 * _GB + 1, 8 * _GB),
}


@dataclass(frozen=True)
class Size:
    """`cpu_units`: 1,024 are one vCPU."""

    cpu_units: int
    memory_mib: int
    architecture: Architecture

    @property
    def facts(self) -> TypeFacts:
        """A vCPU of x86 is one hardware thread, two to a core; one of Graviton is a core. Less than one counts as one."""
        vcpus = max(1, self.cpu_units // 1024)
        cores = vcpus if self.architecture == "arm64" else max(1, vcpus // 2)
        return TypeFacts(vcpus, cores, self.memory_mib * 2**20, self.architecture)


def size_of(instance_type: str) -> Size:
    """Raises LaunchFailed for what is no size, or a pair that Fargate does not have; it names those that it has."""
    found = _NAME.fullmatch(instance_type)
    if found is None:
        raise LaunchFailed(
            "unsupported",
            f"{instance_type} is no size of Fargate",
            "write it as fargate-1vcpu-2gb, with -arm64 for Graviton",
        )
    cpu, memory = float(found["cpu"]) * 1024, float(found["memory"]) * _GB
    if cpu not in MEMORY_MIB:
        known = ", ".join(f"{units / 1024:g}" for units in MEMORY_MIB)
        raise LaunchFailed("unsupported", f"{instance_type}: Fargate has no {found['cpu']} vCPU", f"take {known}")
    able = MEMORY_MIB[int(cpu)]
    if memory not in able:
        shown = ", ".join(f"{mib / _GB:g}" for mib in able)
        words = f"{instance_type}: Fargate has no {found['memory']} GB with {found['cpu']} vCPU"
        raise LaunchFailed("unsupported", words, f"take one of {shown} GB")
    return Size(int(cpu), int(memory), "arm64" if found["arm"] else "x86_64")
