"""Chalice's record of a deploy, written from what is in the account; and what is there twice.

A `chalice deploy` that fails or is killed late writes no record, and the next one subscribes queues and streams again and makes
a second API. A record that follows from the account is the same on every machine and after every kill.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from benchfleet.deploy.found import Api, EventSource, Found, chalice_name
from benchfleet.deploy.project import API_FUNCTION, APP

_KINDS = {"sqs": ("sqs-event-source", "sqs_event"), "dynamodb": ("dynamodb-event-source", "dynamodb_event")}


@dataclass(frozen=True)
class Twins:
    """What must go, because something else does the same already."""

    mappings: tuple[EventSource, ...] = ()
    apis: tuple[Api, ...] = ()


def twins(found: Found, *, sources: Collection[str], keep_api: str | None = None) -> Twins:
    """Of those that do the same, the one that works stays. `sources` are the ARNs of the queues and the stream of today.

    A function has one queue or one stream: what it had of an earlier table goes. Of APIs that one stays which users know.
    """
    by_work: dict[tuple[str, str], list[EventSource]] = {}
    for mapping in found.mappings:
        by_work.setdefault((mapping.function_arn, mapping.source.split(":")[2]), []).append(mapping)
    ranked = (
        sorted(same, key=lambda it: (it.source not in sources, not it.enabled, it.uuid)) for same in by_work.values()
    )
    extra = [mapping for same in ranked for mapping in same[1:]]
    apis = sorted(found.apis, key=lambda it: (it.api_id != keep_api, not it.live, it.created, it.api_id))
    return Twins(tuple(extra), tuple(apis[1:]))


def record(found: Found, *, stage: str, gone: Twins, url: str = "") -> dict[str, Any]:
    """The document of `.chalice/deployed/<stage>.json`. `gone` is left out. Order: what depends comes later.

    What is in it and not in the app any more, Chalice removes. So no log group is: they are the stack's, or hold what is
    still to be read.
    """
    resources = [
        *({"name": f"{name}_role", "resource_type": "iam_role", "role_arn": arn, "role_name": f"{APP}-{stage}-{name}"}
          for name, arn in found.roles.items()),
        *({"name": name, "resource_type": "lambda_function", "lambda_arn": arn}
          for name, arn in found.functions.items()),
        *({"name": name, "resource_type": "cloudwatch_event", "rule_name": arn.rpartition("/")[2]}
          for name, arn in found.rules.items()),
        *(_event_source(it, stage) for it in found.mappings if it not in gone.mappings),
        *({"name": "rest_api", "resource_type": "rest_api", "rest_api_id": it.api_id, "rest_api_url": url}
          for it in found.apis if it not in gone.apis),
    ]  # fmt: skip
    return {"resources": resources, "schema_version": "2.0", "backend": "api"}


def _event_source(found: EventSource, stage: str) -> Mapping[str, str]:
    name = chalice_name(stage, found.function_arn.rpartition(":function:")[2]) or API_FUNCTION
    suffix, kind = _KINDS[found.source.split(":")[2]]
    common = {
        "name": f"{name}-{suffix}",
        "resource_type": kind,
        "event_uuid": found.uuid,
        "lambda_arn": found.function_arn,
    }
    if kind == "dynamodb_event":
        return {**common, "stream_arn": found.source}
    return {**common, "queue_arn": found.source, "queue": found.source.rpartition(":")[2]}
