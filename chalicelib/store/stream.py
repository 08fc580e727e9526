"""The table's stream: which of its records are changes of a task's status."""

from collections.abc import Iterable, Mapping
from typing import Any

from benchfleet_contract.states import TaskStatus

from chalicelib.domain.counting import Change
from chalicelib.store import keys


def changes_of(records: Iterable[Mapping[str, Any]]) -> dict[str, list[Change]]:
    """Changes by run. `records` are those of a Lambda event, with both images; heartbeats and the like give nothing."""
    found: dict[str, list[Change]] = {}
    for record in records:
        change = _change(record["dynamodb"]) if record["eventName"] == "MODIFY" else None
        if change:
            found.setdefault(change.run_id, []).append(change)
    return found


def _change(record: Mapping[str, Any]) -> Change | None:
    sort_key, old, new = record["Keys"]["sk"]["S"], record["OldImage"], record["NewImage"]
    if not sort_key.startswith(keys.TASK_PREFIX) or old["status"] == new["status"]:
        return None
    place = keys.block_of_pk(record["Keys"]["pk"]["S"])
    if place is None:
        return None
    run_id, block = place
    before, after = TaskStatus(old["status"]["S"]), TaskStatus(new["status"]["S"])
    return Change(run_id, block, int(new["group"]["N"]), int(record["SequenceNumber"]), before, after)
