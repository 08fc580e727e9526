"""Where a task ran, as its `metadata.json` tells it."""

from collections.abc import Mapping
from typing import Any

from benchfleet_results.lines import whole

_CLOUD_IDS = ("instanceId", "vmId")


def host(metadata: Mapping[str, Any]) -> str | None:
    """The identity of the instance, as its runner recorded it; of an older one the cloud's id.

    None where neither is there. The runner's id is no identity: it has a process in it, and its host's name may be
    another one's, too.
    """
    machine = _object(_object(metadata.get("provenance")).get("machine"))
    cloud = _object(machine.get("cloud"))
    told = (machine.get("instance"), *(cloud.get(name) for name in _CLOUD_IDS))
    return next((whole(named) for named in told if isinstance(named, str) and named), None)


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
