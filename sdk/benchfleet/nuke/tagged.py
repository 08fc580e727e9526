"""The stage's tag, read in the forms that AWS's services give tags in."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchfleet.deploy.tags import NAME

RUN, LAUNCH = f"{NAME}:run", f"{NAME}:launch"


def plain(tags: Sequence[Mapping[str, Any]] | Mapping[str, str] | None) -> dict[str, str]:
    """From a list of Key and Value (EC2, IAM …) or key and value (ECS), or from a mapping (Lambda, API Gateway)."""
    if isinstance(tags, Mapping):
        return dict(tags)
    return {str(it.get("Key", it.get("key"))): str(it.get("Value", it.get("value", ""))) for it in tags or ()}


def is_ours(tags: Sequence[Mapping[str, Any]] | Mapping[str, str] | None, stage: str) -> bool:
    return plain(tags).get(NAME) == stage
