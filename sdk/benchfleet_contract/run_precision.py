"""How precise a run shall be, and what that may cost: `target_precision`, `max_tasks` and `max_time_s` of a body."""

import re
from collections.abc import Mapping
from typing import Any

from benchfleet_contract.limits import MAX_TARGET_PRECISION, MIN_SEQUENTIAL_TASKS, MIN_TARGET_PRECISION, PILOT_TASKS
from benchfleet_contract.reading import Reading
from benchfleet_contract.run_instances import is_field
from benchfleet_contract.runs import Precision

# 0.1 to 50, with at most four decimal places: the published schemas tell the range by the same pattern.
PERCENT = re.compile(r"(0\.[1-9][0-9]{0,3}|[1-9](?:\.[0-9]{1,4})?|[1-4][0-9](?:\.[0-9]{1,4})?|50(?:\.0{1,4})?) ?%")
_RANGE = "Target precision must be from 0.1% to 50%"


def read_precision(
    body: Mapping[str, Any], *, tasks: int, max_tasks: int | None, max_time_s: int | None, reading: Reading
) -> Precision | None:
    """None where the body asks for none. `tasks`: those of `per_instance_type`, which are done in any case if they are ten or
    more: who asks for so many has chosen. `max_tasks` None: it is not there, or refused already.
    """
    value = _given(body, "target_precision")
    if value is None:
        for name in ("max_tasks", "max_time_s"):
            _refuse_alone(body, name, reading)
        return None
    target = share_of(value)
    if target is None:
        remedy = "half the width of the interval that is good enough, such as 1%; as a number, a share: 0.01"
        reading.refuse("target_precision", value, _RANGE, remedy)
    if _given(body, "max_tasks") is None:
        words = "Max tasks can't be blank with a target precision"
        reading.refuse("max_tasks", None, words, "how many tasks an instance and subject may take, such as 50")
    return Precision(target=target or 0.01, pilot=_pilot(tasks, max_tasks), max_time_s=max_time_s)


def _pilot(tasks: int, max_tasks: int | None) -> int:
    if tasks >= MIN_SEQUENTIAL_TASKS:
        return tasks
    return min(PILOT_TASKS, max_tasks) if max_tasks else PILOT_TASKS


def check_room(precision: Precision, max_tasks: int, reading: Reading) -> None:
    """Are there tasks enough to look at the spread at all?"""
    if not 0 < max_tasks < precision.pilot:
        return
    words = f"Max tasks must be at least per_instance_type.tasks, which is {precision.pilot}"
    reading.refuse("max_tasks", max_tasks, words, "a larger max_tasks, or fewer per_instance_type.tasks")


def share_of(value: Any) -> float | None:
    """`"1%"` and 0.01 are both 0.01; None for what is neither, or out of range."""
    if isinstance(value, str):
        found = PERCENT.fullmatch(value)
        return float(found[1]) / 100 if found else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if MIN_TARGET_PRECISION <= value <= MAX_TARGET_PRECISION else None


def _given(body: Mapping[str, Any], name: str) -> Any:
    value = body.get(name)
    return value if is_field(name, value) else None


def _refuse_alone(body: Mapping[str, Any], name: str, reading: Reading) -> None:
    value = _given(body, name)
    if value is not None:
        label = name.removesuffix("_s").replace("_", " ").capitalize()
        remedy = (
            "add a target_precision such as 1%, or leave it out: per_instance_type.tasks and deadline_s bound a run"
        )
        reading.refuse(name, value, f"{label} needs a target precision", remedy)
