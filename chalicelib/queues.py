"""The finalize queue: the only SQS calls."""

import json
from collections.abc import Callable
from typing import Any


class SqsFinalizeQueue:
    """`client` is called on first use; the queue is known by its name, as Chalice subscribes to it."""

    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._client = client
        self._name = name
        self._url: str | None = None

    def send(self, run_id: str) -> None:
        self._send({"run_id": run_id})

    def send_deletion(self, run_id: str) -> None:
        self._send({"run_id": run_id, "delete": True})

    def send_judgement(self, run_id: str) -> None:
        self._send({"run_id": run_id, "judge": True})

    def _send(self, body: dict[str, Any]) -> None:
        client = self._client()
        if self._url is None:
            self._url = client.get_queue_url(QueueName=self._name)["QueueUrl"]
        client.send_message(QueueUrl=self._url, MessageBody=json.dumps(body))
