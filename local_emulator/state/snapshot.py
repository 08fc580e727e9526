"""The emulated AWS as a document, and back. Called under the endpoint's lock, so a snapshot is one point in time.

In it: items, stream records that no function has handled yet, objects, waiting and in-flight messages, schedules,
parameters. Not in it: unfinished multipart uploads, receive counts, handled stream records.
"""

import hashlib
from datetime import datetime
from typing import Any

from local_emulator.backends import backend
from local_emulator.dynamodb.table import Table
from local_emulator.dynamodb.values import item
from local_emulator.parameters import ParameterStore
from local_emulator.state.folder import StateFolder

SCHEDULE_FIELDS = {  # of moto's create_schedule: the API's name for each
    "description": "Description",
    "end_date": "EndDate",
    "flexible_time_window": "FlexibleTimeWindow",
    "group_name": "GroupName",
    "kms_key_arn": "KmsKeyArn",
    "name": "Name",
    "schedule_expression": "ScheduleExpression",
    "schedule_expression_timezone": "ScheduleExpressionTimezone",
    "start_date": "StartDate",
    "state": "State",
    "target": "Target",
    "action_after_completion": "ActionAfterCompletion",
}
CHECKSUMS = ("checksum_algorithm", "checksum_value", "checksum_type", "checksum_parts")


def save(
    folder: StateFolder, *, table: Table, name: str, parameters: ParameterStore, handled: int | None, extra: Any
) -> None:
    """`handled` is the newest stream record that was handled; `extra` comes back from `restore` as it is."""
    objects = [_save_object(key, folder) for key in backend("s3").buckets[name].keys.values()]
    document = {
        "table": _take_table(table, handled=handled),
        "objects": objects,
        "queues": {queue.name: [_body(m) for m in queue._messages] for queue in backend("sqs").queues.values()},
        "schedules": [s.to_dict() for g in backend("scheduler").schedule_groups.values() for s in g.schedules.values()],
        "parameters": parameters.values(),
        "extra": extra,
    }
    folder.save(document, objects={saved["file"] for saved in objects})


def restore(
    document: dict[str, Any], folder: StateFolder, *, table: Table, name: str, parameters: ParameterStore
) -> None:
    """Into resources that were just created and are still empty."""
    _restore_table(document["table"], table)
    for saved in document["objects"]:
        _restore_object(saved, folder, bucket=name)
    for queue, bodies in document["queues"].items():
        if queue not in backend("sqs").queues:
            backend("sqs").create_queue(queue)
        for body in bodies:
            backend("sqs").send_message(queue, body)
    for saved in document["schedules"]:
        _restore_schedule(saved)
    for parameter, value in document["parameters"].items():
        parameters.put(parameter, value)


def _take_table(table: Table, *, handled: int | None) -> dict[str, Any]:
    taken: dict[str, Any] = {"items": list(table.items())}
    if table.stream:
        unread_from = max(table.stream.first, (handled or 0) + 1)
        unread = table.stream.read(unread_from, limit=table.stream.next)
        taken["stream"] = {"next": table.stream.next - len(unread), "unread": unread}
    return taken


def _restore_table(taken: dict[str, Any], table: Table) -> None:
    """Without writing to the stream; it goes on with the numbers of before, which functions have remembered."""
    table.restore([item(attributes) for attributes in taken["items"]])
    if table.stream and "stream" in taken:
        unread = [_record(each) for each in taken["stream"]["unread"]]
        table.stream.restore(unread, next_number=int(taken["stream"]["next"]) + len(unread))


def _record(saved: dict[str, Any]) -> dict[str, Any]:
    """In the words of today: emulators before this one kept times as text and binary values as bytes."""
    change = saved["dynamodb"]
    created = change["ApproximateCreationDateTime"]
    if isinstance(created, str):
        created = datetime.fromisoformat(created).timestamp()
    images = {name: item(change[name]) for name in ("Keys", "OldImage", "NewImage") if name in change}
    return {**saved, "dynamodb": {**change, **images, "ApproximateCreationDateTime": created}}


def _save_object(key: Any, folder: StateFolder) -> dict[str, Any]:
    identity = f"{key.name}\n{key.etag}\n{key.last_modified.isoformat()}"
    file = hashlib.sha256(identity.encode()).hexdigest()
    if not folder.has_object(file):
        folder.write_object(file, key.value)
    return {
        "key": key.name,
        "file": file,
        "etag": key._etag,
        "last_modified": key.last_modified.isoformat(),
        "metadata": dict(key._metadata),
        **{name: getattr(key, name) for name in CHECKSUMS},
    }


def _restore_object(saved: dict[str, Any], folder: StateFolder, *, bucket: str) -> None:
    value = folder.read_object(saved["file"])
    key = backend("s3").put_object(bucket, saved["key"], value, etag=saved["etag"], disable_notification=True)
    key.last_modified = datetime.fromisoformat(saved["last_modified"])
    key._metadata.update(saved["metadata"])
    for name in CHECKSUMS:
        setattr(key, name, saved[name])


def _restore_schedule(saved: dict[str, Any]) -> None:
    scheduler = backend("scheduler")
    if saved["GroupName"] not in scheduler.schedule_groups:
        scheduler.create_schedule_group(saved["GroupName"], [])
    schedule = scheduler.create_schedule(**{ours: saved[theirs] for ours, theirs in SCHEDULE_FIELDS.items()})
    schedule.creation_date, schedule.last_modified_date = saved["CreationDate"], saved["LastModificationDate"]


def _body(message: Any) -> str:
    return str(message.body)
