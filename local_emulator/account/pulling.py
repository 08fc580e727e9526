"""May a machine's role pull an image from the account's registry? Docker asks with a password, which says nothing of policies."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from local_emulator.account.iam.authority import Authority, Denied
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.identities import caller_of_role, role_of
from local_emulator.account.iam.needs import Need
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.registry import Registry

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def pulling(
    authority: Authority, registry: Registry, lock: AbstractContextManager[object]
) -> Callable[[str | None, str], str | None]:
    """ARN of a role or a profile, image → why it may not pull it, in ECR's words, or None."""

    def why_not(who: str | None, image: str) -> str | None:
        with lock:
            role, repository = role_of(who), registry.repository_arn(image)
            if role is None or repository is None:
                return None  # then there is no image of the account either
            region = repository.split(":")[3]
            needs = [Need("ecr:GetAuthorizationToken"), *(Need(action, (repository,)) for action in PULL)]
            try:
                request = ApiRequest("ecr", "BatchGetImage", region, "POST", "/", "json")
                authority.require_needs(caller_of_role(role, "machine"), needs, request)
            except (Denied, LookupError, PolicyNotUnderstood) as error:
                return f"pull access denied for {image}: {error}"
        return None

    return why_not
