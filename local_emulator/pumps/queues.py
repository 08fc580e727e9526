"""Delivers queue messages to a function as Lambda's event source mapping does."""

import logging
from collections.abc import Callable
from typing import Any

log = logging.getLogger(__name__)

Handler = Callable[[dict[str, Any]], Any]


class QueuePump:
    """Receives up to `batch_size` messages a step. Success deletes them; an exception leaves them to be received again.

    After the queue's `maxReceiveCount` receipts SQS itself moves a message to the dead letter queue.
    `redeliver_after_s` shortens the wait for the next try: on AWS it is what is left of the visibility timeout.
    """

    def __init__(
        self, sqs: Any, handler: Handler, *, queue_url: str, queue_arn: str, batch_size: int, redeliver_after_s: int
    ) -> None:
        self._sqs = sqs
        self._handler = handler
        self._url = queue_url
        self._arn = queue_arn
        self._batch_size = batch_size
        self._redeliver_after_s = redeliver_after_s

    def step(self) -> bool:
        received = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=min(10, self._batch_size),
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        messages = received.get("Messages", [])
        if messages:
            self._deliver(messages)
        return bool(messages)

    def _deliver(self, messages: list[dict[str, Any]]) -> None:
        try:
            self._handler({"Records": [self._record(message) for message in messages]})
        except Exception:
            log.exception("a handler of %s failed; its messages come back", self._arn.rpartition(":")[2])
            for message in messages:
                self._sqs.change_message_visibility(
                    QueueUrl=self._url,
                    ReceiptHandle=message["ReceiptHandle"],
                    VisibilityTimeout=self._redeliver_after_s,
                )
            return
        for message in messages:
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def _record(self, message: dict[str, Any]) -> dict[str, Any]:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": message.get("MessageAttributes", {}),
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self._arn,
            "awsRegion": self._arn.split(":")[3],
        }
