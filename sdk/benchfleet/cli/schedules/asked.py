"""From the options of `benchfleet schedule create` to the body of `POST /schedules`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from benchfleet_contract.schedule_request import read_schedule_request
from benchfleet_contract.schedules import EVENTS

from benchfleet.exceptions import UsageError


def expression_of(cron: str | None, rate: str | None, at: str | None) -> str:
    """Raises UsageError unless exactly one is given."""
    given = [(kind, inner) for kind, inner in (("cron", cron), ("rate", rate), ("at", at)) if inner is not None]
    if len(given) != 1:
        raise UsageError("say when: exactly one of --cron, --rate and --at")
    kind, inner = given[0]
    text = inner.strip()
    return text if text.startswith(f"{kind}(") else f"{kind}({text})"


def body_of(
    name: str,
    expression: str,
    time_zone: str,
    overlap: str,
    notify: Sequence[str],
    secret: str | None,
    run: Mapping[str, Any],
) -> dict[str, Any]:
    """Raises UsageError with all that is wrong: the control plane would refuse it, too."""
    body = {
        "name": name, "expression": expression, "time_zone": time_zone, "overlap": overlap,
        "notify": [_target(each, secret) for each in notify],
        "run": {key: value for key, value in run.items() if key != "run_id"},
    }  # fmt: skip
    found = read_schedule_request(body, now=datetime.now(UTC))
    if found.problems:
        told = [f"{problem.field}: {problem.message}; {problem.remedy}" for problem in found.problems]
        raise UsageError("\n".join(told))
    return body


def _target(text: str, secret: str | None) -> dict[str, Any]:
    """`failure,regression=https://…`: an address may hold an equals sign itself."""
    head, equals, rest = text.partition("=")
    events = head.split(",")
    named = bool(equals) and all(event in EVENTS for event in events)
    on, target = (events, rest) if named else (list(EVENTS), text)
    if target.startswith("arn:"):
        return {"on": on, "sns": target}
    return {"on": on, "webhook": target, **({"secret": secret} if secret else {})}
