"""Which instance this is. All runners of one machine must say the same, and those of two machines never."""

import hashlib
import re
from collections.abc import Mapping

from runner_image.isolation.protocol import inside_container
from runner_image.machine.system import System

_CLOUD_IDS = ("instanceId", "vmId")
_MACHINE_ID = re.compile(r"[0-9a-f]{32}")  # machine-id(5); else it reads "uninitialized", or is empty
_SALT = b"benchfleet instance "  # machine-id(5) asks for it: the id itself is not to be published


def instance(system: System, *, cloud: Mapping[str, str] | None) -> str | None:
    """The cloud's id; else `machine-<hash>`, in a container `boot-<hash>`; None where the system says neither.

    The machine id of a container is its image's, the same wherever it runs. The boot id is the kernel's: all containers
    of one machine have the same.
    """
    named = next((cloud[name] for name in _CLOUD_IDS if cloud.get(name)), None) if cloud else None
    if named:
        return named
    machine_id, boot_id = system.read("etc/machine-id") or "", system.read("proc/sys/kernel/random/boot_id")
    if _MACHINE_ID.fullmatch(machine_id) and not _contained(system):
        return f"machine-{_hashed(machine_id)}"
    return f"boot-{_hashed(boot_id)}" if boot_id else None


def _contained(system: System) -> bool:
    """Does the root of the file system come from an image? Kubernetes and LXC leave no mark of Docker's or Podman's."""
    if inside_container(system.root) or (system.root / "run/systemd/container").exists():
        return True
    mounts = (line.split() for line in (system.read("proc/self/mountinfo") or "").splitlines())
    return any(len(words) > 6 and words[4] == "/" and "overlay" in words[6:] for words in mounts)


def _hashed(text: str) -> str:
    return hashlib.sha256(_SALT + text.encode()).hexdigest()[:16]
