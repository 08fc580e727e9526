"""Where a result comes from: this machine, read from /proc and /sys. What the system will not say is None.

Cloud metadata is asked for only where the firmware says that this is such a cloud: elsewhere nothing is sent.
"""

import os
import platform
from collections.abc import Mapping
from typing import Any, Literal

import httpx
import psutil
from benchfleet_contract.results import Machine

from runner_image.cpu_model import cpu_model
from runner_image.machine import settings
from runner_image.machine.cgroups import cpu_quota
from runner_image.machine.identity import instance
from runner_image.machine.system import System

METADATA_TIMEOUT_S = 1.0
AZURE_ASSET_TAG = "7783-7084-3265-9085-8269-3286-77"  # the chassis tag that every Azure machine has


def machine(
    system: System,
    *,
    image: str | None,
    cloud: Mapping[str, str] | None,
    cores: tuple[int, ...],
    isolation: Literal["docker", "process"] | None = None,
) -> Machine:
    """This machine. `cloud` is what `cloud_instance` said, asked once per runner; `cores` are the slot's."""
    pinned, cpuinfo = list(cores) or affinity(), system.read("proc/cpuinfo") or ""
    return Machine(
        cpu_model=cpu_model(cpuinfo),
        logical_cores=psutil.cpu_count(logical=True),
        physical_cores=psutil.cpu_count(logical=False),
        pinned_cores=pinned,
        memory_bytes=psutil.virtual_memory().total,
        architecture=platform.machine(),
        kernel=platform.release(),
        operating_system=_operating_system(system),
        governor=system.read(f"sys/devices/system/cpu/cpu{(pinned or [0])[0]}/cpufreq/scaling_governor"),
        container_image=image,
        cloud=dict(cloud) if cloud else None,
        instance=instance(system, cloud=cloud),
        isolation=isolation,
        smt=settings.smt(system),
        turbo=settings.turbo(system),
        aslr=settings.aslr(system),
        cpu_quota=cpu_quota(system),
        max_mhz=settings.max_mhz(system, pinned or [0]),
        microcode=settings.microcode(cpuinfo),
    )


def affinity() -> list[int] | None:
    """The cores that this process may use; None where the system has no such notion."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def _operating_system(system: System) -> str | None:
    for line in (system.read("etc/os-release") or "").splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip().strip('"')
    return platform.system() or None


def cloud_instance(system: System) -> dict[str, str] | None:
    """What the cloud says about this instance; None off the cloud, and where its metadata service is shut."""
    vendor = system.read("sys/class/dmi/id/sys_vendor") or ""
    ask = _ask_ec2 if "Amazon EC2" in vendor else None
    if system.read("sys/class/dmi/id/chassis_asset_tag") == AZURE_ASSET_TAG:
        ask = _ask_azure
    if ask is None:
        return None
    try:
        with httpx.Client(base_url=system.metadata_url, timeout=METADATA_TIMEOUT_S, trust_env=False) as http:
            return ask(http)
    except (httpx.HTTPError, ValueError, AttributeError):
        return None


def _ask_ec2(http: httpx.Client) -> dict[str, str]:
    token = http.put("/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    headers = {"X-aws-ec2-metadata-token": token.raise_for_status().text}
    document = http.get("/latest/dynamic/instance-identity/document", headers=headers).raise_for_status().json()
    return {
        "provider": "aws",
        **_picked(document, ["instanceId", "instanceType", "region", "availabilityZone", "imageId"]),
    }


def _ask_azure(http: httpx.Client) -> dict[str, str]:
    answer = http.get("/metadata/instance/compute", params={"api-version": "2021-02-01"}, headers={"Metadata": "true"})
    document = answer.raise_for_status().json()
    return {"provider": "azure", **_picked(document, ["vmId", "vmSize", "location", "zone"])}


def _picked(document: Mapping[str, Any], names: list[str]) -> dict[str, str]:
    return {name: str(document[name]) for name in names if document.get(name)}
