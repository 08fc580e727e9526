"""One message to one target. The answer to `domain/schedule_ports.Messenger`."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.ports import Clock
from chalicelib.domain.schedule_ports import NotDelivered, Secrets
from chalicelib.domain.scheduling import Target
from chalicelib.notifying.signing import headers
from chalicelib.notifying.webhook import Webhooks

_FOR_GOOD = {"NotFound", "AuthorizationError", "InvalidParameter", "AccessDenied", "AccessDeniedException"}


class Messenger:
    """`sns` gives a client for a region: a topic may be in another one than we are."""

    def __init__(self, webhooks: Webhooks, sns: Callable[[str], Any], secrets: Secrets, clock: Clock) -> None:
        self._webhooks = webhooks
        self._sns = sns
        self._secrets = secrets
        self._clock = clock

    def send(self, target: Target, *, delivery_id: str, subject: str, body: bytes) -> None:
        """Raises NotDelivered."""
        if target.kind == "sns":
            self._publish(target.address, subject, body)
        else:
            self._post(target, delivery_id, body)

    def _publish(self, topic: str, subject: str, body: bytes) -> None:
        try:
            self._sns(topic.split(":")[3]).publish(TopicArn=topic, Subject=subject[:100], Message=body.decode())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            words = f"{topic}: {code}: {error.response['Error']['Message']}"
            raise NotDelivered(words[:300], forever=code in _FOR_GOOD) from error
        except BotoCoreError as error:
            raise NotDelivered(f"{topic}: {error}"[:300]) from error

    def _post(self, target: Target, delivery_id: str, body: bytes) -> None:
        secret = self._secrets.read(target.secret or "")
        if not secret:
            raise NotDelivered(
                f"the parameter {target.secret} with the signing secret is not there or empty", forever=True
            )
        signed = headers(secret, delivery_id=delivery_id, timestamp_s=self._clock() // 1000, body=body)
        self._webhooks.post(
            target.address, body, {**signed, "Content-Type": "application/json", "User-Agent": "benchfleet"}
        )
