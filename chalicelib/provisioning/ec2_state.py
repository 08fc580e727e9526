"""What EC2 tells of an instance, as a machine of ours. Pure; states and reasons of
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html and API_StateReason.html.
"""

from collections.abc import Mapping
from typing import Any

from benchfleet_contract.places import Architecture

from chalicelib.domain.launches import LaunchFailed, Machine, MachineState, Tagged, TypeFacts
from chalicelib.provisioning import tags as names

STATES: dict[str, MachineState] = {
    "pending": "starting",
    "running": "running",
    "shutting-down": "ending",
    "stopping": "ending",
    "stopped": "ending",
    "terminated": "ended",
}
NOT_ENDED = [state for state in STATES if state != "terminated"]
_ARCHITECTURES: tuple[Architecture, ...] = ("arm64", "x86_64")
_AGAIN = "nothing: another machine takes its tasks while the run goes on"
_ENDS: dict[str, tuple[Any, str]] = {
    "Server.SpotInstanceTermination": ("interrupted", _AGAIN),
    "Server.SpotInstanceShutdown": ("interrupted", _AGAIN),
    "Server.InsufficientInstanceCapacity": ("capacity", "wait, or name more regions or types"),
    "Server.InternalError": ("unknown", "bring another machine; if it stays so, ask AWS Support"),
    "Server.ScheduledStop": ("interrupted", _AGAIN),
    "Client.InternalError": (
        "permission",
        "the key of the disk's encryption may not be usable: look at EBS encryption",
    ),
    "Client.VolumeLimitExceeded": ("quota", "delete volumes, or ask for more in Service Quotas (EBS)"),
    "Client.InvalidSnapshot.NotFound": ("image", "try again: the machine image was replaced"),
}


def machine(instance: Mapping[str, Any], *, region: str) -> Machine:
    state = STATES.get(instance["State"]["Name"], "ending")
    why = instance.get("StateReason") or {}
    code, message = str(why.get("Code", "")), str(why.get("Message", ""))
    over = state in ("ending", "ended")
    return Machine(
        resource_id=instance["InstanceId"],
        region=region,
        zone=instance.get("Placement", {}).get("AvailabilityZone"),
        state=state,
        reason=(message or code) if over and (message or code) else None,
        market="spot" if instance.get("InstanceLifecycle") == "spot" else "on-demand",
        failure=_failure(code, message) if over else None,
    )


def _failure(code: str, message: str) -> LaunchFailed | None:
    """None for an end that we ordered, or that the machine's own script made."""
    if code not in _ENDS:
        return None
    kind, remedy = _ENDS[code]
    return LaunchFailed(kind, f"EC2 ended the instance: {message or code}", remedy)


def tagged(instance: Mapping[str, Any], *, region: str) -> Tagged:
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    return Tagged(
        resource_id=instance["InstanceId"],
        region=region,
        run_id=tags.get(names.RUN),
        name=tags.get(names.LAUNCH),
        expires_ms=names.expires_ms(tags),
    )


def type_facts(described: Mapping[str, Any]) -> TypeFacts | None:
    """None for a type on which Amazon Linux does not run, such as a Mac."""
    able = described["ProcessorInfo"]["SupportedArchitectures"]
    architecture = next((name for name in _ARCHITECTURES if name in able), None)
    if architecture is None:
        return None
    vcpus = described["VCpuInfo"]["DefaultVCpus"]
    return TypeFacts(
        vcpus=vcpus,
        cores=described["VCpuInfo"].get("DefaultCores", vcpus),
        memory_bytes=described["MemoryInfo"]["SizeInMiB"] * 2**20,
        architecture=architecture,
    )
