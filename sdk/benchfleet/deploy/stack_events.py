"""The events of a CloudFormation stack: what happens to which resource, and which failed first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from benchfleet.deploy.aws import Aws

_FOLLOWED_ANOTHER = ("cancelled", "canceled")  # "Resource creation cancelled": it failed because another did
_REMEDIES = (
    ("already exist", "that name is taken: remove what has it, or take over what an earlier deploy has left"),
    ("not authorized", "add the permission that it names to your user or role"),
    ("accessdenied", "add the permission that it names to your user or role"),
    ("limit", "ask for more under Service Quotas in the console, or remove what is not needed"),
    ("quota", "ask for more under Service Quotas in the console, or remove what is not needed"),
)

Event = Mapping[str, Any]


def newest_first(aws: Aws, stack: str, *, region: str) -> Iterator[Event]:
    for page in aws.pages("cloudformation", "describe_stack_events", region=region, StackName=stack):
        yield from page["StackEvents"]


def since(events: Iterable[Event], seen: set[str]) -> list[Event]:
    """Those that were not seen before, the oldest first; they are seen then."""
    new: list[Event] = []
    for event in events:
        if event["EventId"] in seen:
            break
        new.append(event)
    seen.update(event["EventId"] for event in new)
    return new[::-1]


def first_failure(events: Sequence[Event]) -> Event | None:
    """Of the last operation; `events` are the newest first. The stack's own rollback, if it names no resource."""
    found = last_operation(events)
    failed = [event for event in found if str(event.get("ResourceStatus", "")).endswith("_FAILED")]
    causes = [event for event in failed if not _is_consequence(event)]
    rollbacks = [event for event in found if str(event.get("ResourceStatus", "")).endswith("ROLLBACK_IN_PROGRESS")]
    return next(reversed(causes or failed or rollbacks), None)


def last_operation(events: Sequence[Event]) -> list[Event]:
    """The events since the stack itself began to be created, changed or deleted last; newest first."""
    found: list[Event] = []
    for event in events:
        found.append(event)
        if event["LogicalResourceId"] == event["StackName"] and _begins(str(event.get("ResourceStatus", ""))):
            break
    return found


def words_of(event: Event | None) -> str:
    """`Bucket (AWS::S3::Bucket): name is taken`."""
    if event is None:
        return "CloudFormation names no resource"
    reason = " ".join(str(event.get("ResourceStatusReason") or "no reason given").split()).rstrip(".")
    return f"{event['LogicalResourceId']} ({event.get('ResourceType', '')}): {reason}"


def remedy_for(event: Event | None) -> str:
    reason = str((event or {}).get("ResourceStatusReason") or "").lower()
    found = (remedy for words, remedy in _REMEDIES if words in reason)
    return next(found, "mend the cause") + ", then run the command again"


def _begins(status: str) -> bool:
    return status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")


def _is_consequence(event: Event) -> bool:
    reason = str(event.get("ResourceStatusReason") or "").lower()
    return any(word in reason for word in _FOLLOWED_ANOTHER) or event["LogicalResourceId"] == event["StackName"]
