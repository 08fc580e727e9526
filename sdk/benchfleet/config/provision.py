"""What `benchfleet run` starts for a run itself: `provision.local`. The rest of `provision` is for the control plane."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from benchfleet_contract.names import IMAGE

Isolation = Literal["best", "process", "docker"]

ISOLATIONS: tuple[Isolation, ...] = ("best", "process", "docker")
MAX_SLOTS = 1_024
DEFAULT_SLOTS = 1  # tasks side by side disturb each other's measurements
DEFAULT_IMAGE = "benchfleet-runner:latest"
LOCAL_FIELDS = ("isolation", "slots", "image")
Refuse = Callable[[str, str, str], None]


@dataclass(frozen=True)
class LocalProvision:
    """Runners on this machine. `best` isolation is docker where an engine has the image, else process."""

    isolation: Isolation = "best"
    slots: int = DEFAULT_SLOTS  # tasks at a time, of each runner
    image: str = DEFAULT_IMAGE


@dataclass(frozen=True)
class Provision:
    """`others` holds what the config says of other providers, as it stands: the API reads it."""

    local: LocalProvision = LocalProvision()
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_provision(value: Any, refuse: Refuse) -> Provision:
    """`refuse` is told each problem: field, message, remedy."""
    if value is None:
        return Provision()
    if not isinstance(value, dict):
        refuse("provision", "must be an object", 'such as "provision": {"local": {"isolation": "process"}}')
        return Provision()
    local = value.get("local", {})
    if not isinstance(local, dict):
        refuse("provision.local", "must be an object", 'such as "local": {}')
        local = {}
    return Provision(_local(local, refuse), {name: found for name, found in value.items() if name != "local"})


def _local(value: Mapping[str, Any], refuse: Refuse) -> LocalProvision:
    isolation, image = value.get("isolation", "best"), value.get("image", DEFAULT_IMAGE)
    if isolation not in ISOLATIONS:
        refuse("provision.local.isolation", "there is no such isolation", f"one of {', '.join(ISOLATIONS)}")
        isolation = "best"
    if not is_image(image):
        refuse("provision.local.image", "must be an image's name", f"such as {DEFAULT_IMAGE}, or leave it out")
        image = DEFAULT_IMAGE
    slots = whole(value.get("slots", DEFAULT_SLOTS), MAX_SLOTS)
    if slots is None:
        refuse("provision.local.slots", f"must be a whole number from 1 to {MAX_SLOTS}", "leave it out for 1")
    return LocalProvision(isolation, slots or DEFAULT_SLOTS, image)


def is_image(value: Any) -> bool:
    """Not whether the engine would take it: only that it can be an argument, and no option."""
    return isinstance(value, str) and IMAGE.fullmatch(value) is not None


def whole(value: Any, most: int) -> int | None:
    """A whole number from 1 to `most`, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= most or value != int(value):
        return None
    return int(value)
