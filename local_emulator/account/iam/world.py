"""What permissions depend on and moto keeps: tags of machines, roles of profiles and task definitions, bucket policies.

Callers hold the endpoint's lock.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any

from moto.backends import get_backend
from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from local_emulator.account.iam.identities import role_of_profile
from local_emulator.account.iam.policies import Statement, statements_of
from local_emulator.account.tagging import plain_tags
from local_emulator.config import ACCOUNT

AMAZON = ("137112412989", "591542846629", "801119661308", "amazon")  # accounts of AWS's own images
_MOTO_S = "get_permission"
_parsed = lru_cache(maxsize=64)(lambda text: tuple(statements_of(text)))


class MotoWorld:
    account = ACCOUNT

    def tags(self, arn: str) -> Mapping[str, str]:
        """Of an EC2 resource or an ECS task; empty for what is not there."""
        _, _, service, region, _, rest = arn.split(":", 5)
        if service == "ec2":
            tags = _backend("ec2", region).tags.get(rest.rpartition("/")[2], {})
            return {key: value for key, value in tags.items() if isinstance(value, str)}
        if service == "ecs":
            return _ecs_tags(arn, region)
        return {}

    def profile_role(self, profile: str) -> str | None:
        return role_of_profile(profile)

    def task_roles(self, task_definition: str, region: str) -> list[str]:
        with suppress(Exception):  # moto has an error of its own for what is not there
            found = _backend("ecs", region).describe_task_definition(task_definition.rpartition("/")[2])
            return [role for role in (found.task_role_arn, found.execution_role_arn) if role]
        return []

    def image_owner(self, image_id: str, region: str) -> str:
        image = _backend("ec2", region).amis.get(image_id)
        if image is None:
            return ""
        return "amazon" if image.owner_alias == "amazon" or image.owner_id in AMAZON else str(image.owner_id)


def _ecs_tags(arn: str, region: str) -> dict[str, str]:
    backend = _backend("ecs", region)
    for tasks in backend.tasks.values():
        if arn in tasks:
            return plain_tags(tasks[arn].tags)
    return {}


def resource_statements(service: str, arn: str) -> list[Statement]:
    """Of the policy of the bucket that an object or a bucket belongs to. Raises PolicyNotUnderstood."""
    if service != "s3" or not arn.startswith("arn:aws:s3:::"):
        return []
    bucket = get_backend("s3")[ACCOUNT]["aws"].buckets.get(arn.removeprefix("arn:aws:s3:::").partition("/")[0])
    if bucket is None or not bucket.policy:
        return []
    text = bucket.policy.decode() if isinstance(bucket.policy, bytes) else str(bucket.policy)
    return list(_parsed(text))


@contextmanager
def policies_are_ours() -> Iterator[None]:
    """moto meanwhile looks at no bucket's policy: it knows no conditions, and takes a policy for TLS only for one against all."""
    before = FakeBucket.get_permission
    setattr(FakeBucket, _MOTO_S, lambda *_: PermissionResult.NEUTRAL)
    try:
        yield
    finally:
        setattr(FakeBucket, _MOTO_S, before)


def _backend(service: str, region: str) -> Any:
    return get_backend(service)[ACCOUNT][region]
