"""`benchfleet models watch`."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from benchfleet.cli.models.codes import errors_are_one
from benchfleet.cli.options import ApiKey, ApiUrl, Profile, connect

Since = Annotated[int | None, typer.Option("--after", min=0, help="The revision to begin after (default: now).")]
Timeout = Annotated[float | None, typer.Option("--timeout", min=1, help="Seconds to watch (default: until Ctrl-C).")]
Lines = Annotated[bool, typer.Option("--json", help="One JSON document a line on stdout, one for each change.")]
EVERY_S = 2.0


def run(
    after: Since = None,
    timeout_s: Timeout = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: Lines = False,
) -> None:
    """Follow who comes and goes, and whose models change; one line for each change.

    With --timeout it ends with 0 when the time is over.
    """
    from benchfleet.cli.documents.models import Change
    from benchfleet.cli.output import as_json as written

    began = time.monotonic()
    with errors_are_one(), connect(api_url, api_key, profile) as client:
        revision = client.registry_stats().registry_revision if after is None else after
        while True:
            for event in client.registry_events(after=revision).events:
                revision = max(revision, event.revision or 0)
                line = written(Change.model_validate(event.model_dump())) if as_json else _line(event)
                print(line, flush=True)
            if timeout_s is not None and time.monotonic() - began > timeout_s:
                return
            time.sleep(EVERY_S)


def _line(event: "object") -> str:
    from benchfleet_contract.registry.executors import ExecutorEvent

    assert isinstance(event, ExecutorEvent)
    at = datetime.fromtimestamp(event.at, UTC).astimezone().strftime("%H:%M:%S")
    detail = " ".join(f"{name}={_short(value)}" for name, value in event.detail.items() if value)
    return f"{at}  {event.executor_id}  {event.type}  {detail}".rstrip()


def _short(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
