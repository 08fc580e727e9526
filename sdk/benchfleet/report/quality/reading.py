"""What `metadata.json` says of the time around a task: how busy the machine was, and who else was at work."""

from collections.abc import Mapping
from typing import Any

from benchfleet_results.reading import usable


def conditions(metadata: Mapping[str, Any], attempt: Any) -> dict[str, float]:
    """Name → number, for what was recorded. Shares are from 0 to 1, `foreign cpu` is in cores, `clock` in MHz.

    `throttled` is a share of the task's own time. `busy slots` are the others of the runner that had a task.
    """
    found = _object(metadata.get("conditions"))
    before, after = _object(found.get("before")), _object(found.get("after"))
    named = {
        "load before": before.get("load_1m"),
        "load after": after.get("load_1m"),
        "runnable before": before.get("runnable"),
        "runnable after": after.get("runnable"),
        "foreign cpu": found.get("foreign_cpu"),
        "steal": found.get("steal_share"),
        "throttled": _share(found.get("throttled_s"), metadata.get("duration_s")),
        "busy slots": _others(found.get("busy_slots")),
        "clock": after.get("mhz"),
        "attempt": attempt,
    }
    return {name: float(value) for name, value in named.items() if _is_number(value)}


def cores(metadata: Mapping[str, Any], name: str) -> Any:
    """A fact of the machine about its cores, as it stands there."""
    return _object(_object(metadata.get("provenance")).get("machine")).get(name)


def pinned(metadata: Mapping[str, Any]) -> frozenset[int] | None:
    """The cores that the task's processes were bound to; None where nothing says so."""
    found = cores(metadata, "pinned_cores")
    whole = isinstance(found, list) and found and all(isinstance(core, int) for core in found)
    return frozenset(found) if whole else None


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    """Negative and endless ones, and those beyond all sense, are no measurements of anything here."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 and usable(value)


def _share(seconds: Any, of: Any) -> float | None:
    return seconds / of if _is_number(seconds) and _is_number(of) and of > 0 else None


def _others(slots: Any) -> float | None:
    return max(slots - 1, 0) if _is_number(slots) else None
