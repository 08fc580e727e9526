"""What a request needs: for each action the resources that the policies must allow it on, and what conditions see.

Source: the Service Authorization Reference, https://docs.aws.amazon.com/service-authorization/latest/reference/.
Only what functions call is known. Anything else of a role is an error that names it: a guess would let a wrong
policy pass.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from local_emulator.account.iam.requests import ApiRequest

ANY = ("*",)


@dataclass(frozen=True)
class Need:
    """`action` on each of `resources`. `context`: condition keys of this need beside those of every request."""

    action: str
    resources: tuple[str, ...] = ANY
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class NeedsUnknown(Exception):
    """The emulator does not know what an operation needs."""

    def __init__(self, request: ApiRequest) -> None:
        name = f"{request.service}:{request.operation or f'{request.method} {request.path}'}"
        super().__init__(
            f"the emulator does not know which permissions {name} needs of a role: add it to local_emulator/account/iam"
        )


class World(Protocol):
    """What needs depend on beside the request."""

    account: str

    def tags(self, arn: str) -> Mapping[str, str]:
        """Of an instance, a task or another tagged resource; empty for what is not there."""

    def profile_role(self, profile: str) -> str | None:
        """The ARN of the role in an instance profile, by the profile's name or ARN."""

    def task_roles(self, task_definition: str, region: str) -> list[str]:
        """The ARNs of the roles that a task definition names."""

    def image_owner(self, image_id: str, region: str) -> str:
        """As ec2:Owner says it: `amazon`, `aws-marketplace` or an account's number; empty for what is not there."""


Finder = Callable[[ApiRequest, World], Iterable[Need]]


def pass_role(arn: str, service: str) -> Need:
    return Need("iam:PassRole", (arn,), {"iam:PassedToService": (service,)})


def request_tags(tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The context of a request that sets these tags."""
    if not tags:
        return {}
    return {"aws:TagKeys": tuple(tags), **{f"aws:RequestTag/{key}": (value,) for key, value in tags.items()}}


def resource_tags(tags: Mapping[str, str], *services: str) -> dict[str, tuple[str, ...]]:
    """The context of a resource that has these tags; `services` repeat them under a prefix of their own."""
    return {f"{prefix}:ResourceTag/{key}": (value,) for prefix in ("aws", *services) for key, value in tags.items()}


def only(action: str, resource: str = "*", **context: Any) -> list[Need]:
    return [Need(action, (resource,), {key: tuple(value) for key, value in context.items()})]
