"""What ECS's agent does before a container starts: pull, secrets, log stream. Each with the execution role, as on AWS."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local_emulator.machines.service import Clients

WhyNot = Callable[[str | None, str], str | None]  # role's ARN, image → why it may not pull it, in ECR's words


class CannotStart(Exception):
    """The words are the task's stopped reason."""


class Agent:
    """`clients_of(role's ARN)` makes the role's clients; `known_image` says whether a registry has an image."""

    def __init__(
        self,
        *,
        clients_of: Callable[[str | None], Clients],
        known_image: Callable[[str], bool],
        why_not_pull: WhyNot,
    ) -> None:
        self._clients_of, self._known_image, self._why_not_pull = clients_of, known_image, why_not_pull

    def prepare(self, container: Mapping[str, Any], *, role: str | None, task: str, region: str) -> dict[str, str]:
        """The secrets, as the container's environment. Raises CannotStart. Without the endpoint's lock."""
        clients = self._clients_of(role)
        secrets = {each["name"]: _secret(clients, each["valueFrom"], region) for each in container.get("secrets") or []}
        self._pull(role, container["image"])
        if role is not None:
            _make_stream(clients, container, task, region)
        return secrets

    def _pull(self, role: str | None, image: str) -> None:
        why = self._why_not_pull(role, image)
        if why is None and not self._known_image(image):
            why = f"{image}: not found"
        if why is not None:
            raise CannotStart(f"CannotPullContainerError: pull image manifest has been retried 1 time(s): {why}")


def _secret(clients: Clients, name: str, region: str) -> str:
    """Of a parameter, by name or ARN."""
    name = name.partition(":parameter")[2] or name
    try:
        found = clients("ssm", region).get_parameters(Names=[name], WithDecryption=True)["Parameters"]
    except ClientError as error:
        words = "unable to retrieve secrets from ssm: service call has been retried 1 time(s)"
        raise CannotStart(
            f"ResourceInitializationError: unable to pull secrets or registry auth: {words}: {error}"
        ) from error
    if not found:
        words = f"invalid parameters: {name}"
        raise CannotStart(f"ResourceInitializationError: unable to pull secrets or registry auth: {words}")
    return str(found[0]["Value"])


def _make_stream(clients: Clients, container: Mapping[str, Any], task: str, region: str) -> None:
    """Where its output would go. A line in it says that it does not: writing takes a permission of its own."""
    logging = container.get("logConfiguration") or {}
    if logging.get("logDriver") != "awslogs":
        return
    options = logging["options"]
    name = f"{options['awslogs-stream-prefix']}/{container['name']}/{task}"
    stream = {"logGroupName": options["awslogs-group"], "logStreamName": name}
    try:
        logs = clients("logs", options.get("awslogs-region") or region)
        logs.create_log_stream(**stream)
        line = {"timestamp": int(time.time() * 1000), "message": "the output of an emulated task is not sent"}
        logs.put_log_events(**stream, logEvents=[line])
    except ClientError as error:
        words = "failed to validate logger args: create stream has been retried 1 times"
        raise CannotStart(
            f"ResourceInitializationError: {words}: failed to create Cloudwatch log stream: {error}"
        ) from error
