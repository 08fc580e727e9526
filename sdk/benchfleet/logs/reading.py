"""Lines of CloudWatch Logs in the order of their times, once or as they come; and what an instance wrote on its console."""

import base64
import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.refusals import code_of
from benchfleet.logs.sources import Group

MOST_LINES = 10_000  # of one look
_EVERY_S = 2.0
_LATE_MS = 30_000  # by which CloudWatch may show a line after others that are younger


@dataclass(frozen=True, order=True)
class Line:
    """`at_ms` since 1970. `source` is a function, or a machine's stream. `event_id` is AWS's own."""

    at_ms: int
    source: str
    text: str
    event_id: str = field(compare=False, default="")


@dataclass
class Look:
    """One look at all groups. `cut` tells that there was more than `MOST_LINES`."""

    cut: bool = False


def read(
    aws: Aws, groups: Sequence[Group], *, since_ms: int, containing: str | None, look: Look, most: int = MOST_LINES
) -> list[Line]:
    """The oldest first; of too many, the newest. `containing` is text that a line must have. A missing group is empty."""
    newest: list[Line] = []
    for line in (line for group in groups for line in _lines(aws, group, since_ms, containing)):
        if len(newest) < most:
            heapq.heappush(newest, line)
        else:
            look.cut = True
            heapq.heappushpop(newest, line)
    return sorted(newest)


def follow(
    aws: Aws, groups: Sequence[Group], *, since_ms: int, containing: str | None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Line]:  # fmt: skip
    """Each line once, until somebody stops it."""
    seen: dict[str, int] = {}
    while True:
        for line in read(aws, groups, since_ms=since_ms, containing=containing, look=Look()):
            if line.event_id not in seen:
                seen[line.event_id] = line.at_ms
                since_ms = max(since_ms, line.at_ms - _LATE_MS)
                yield line
        seen = {event: at_ms for event, at_ms in seen.items() if at_ms >= since_ms}
        sleep(_EVERY_S)


def console(aws: Aws, instance_id: str, region: str) -> list[str]:
    """What its boot has written: EC2 keeps the last 64 KB, and has them some minutes later."""
    found = aws.client("ec2", region=region).get_console_output(InstanceId=instance_id)
    text = base64.b64decode(found.get("Output") or b"").decode(errors="replace")
    return text.splitlines()


def _lines(aws: Aws, group: Group, since_ms: int, containing: str | None) -> Iterator[Line]:
    from botocore.exceptions import ClientError

    wanted: dict[str, Any] = {"logGroupName": group.name, "startTime": since_ms}
    if containing:
        wanted["filterPattern"] = f'"{containing}"'
    if group.streams:
        wanted["logStreamNamePrefix"] = group.streams
    try:
        for page in aws.pages("logs", "filter_log_events", region=group.region, **wanted):
            yield from (
                _line(group, event)
                for event in page["events"]
                if event["logStreamName"].startswith(group.streams or "")
            )
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise


def _line(group: Group, event: dict[str, Any]) -> Line:
    source = group.label or str(event["logStreamName"])
    return Line(int(event["timestamp"]), source, str(event["message"]).rstrip("\n"), str(event.get("eventId", "")))
