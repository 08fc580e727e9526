"""The queues: the only SQS calls."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from chalicelib.correlation import stamped

if TYPE_CHECKING:
    from chalicelib.domain.schedule_ports import Delivery


class SqsQueue:
    """`client` is called on first use; the queue is known by its name, as Chalice subscribes to it."""

    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._client = client
        self._name = name
        self._url: str | None = None

    def put(self, body: dict[str, Any], **more: Any) -> None:
        client = self._client()
        if self._url is None:
            self._url = client.get_queue_url(QueueName=self._name)["QueueUrl"]
        client.send_message(QueueUrl=self._url, MessageBody=json.dumps(stamped(body)), **more)


class SqsFinalizeQueue:
    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._queue = SqsQueue(client, name)

    def send(self, run_id: str) -> None:
        self._queue.put({"run_id": run_id})

    def send_deletion(self, run_id: str) -> None:
        self._queue.put({"run_id": run_id, "delete": True})

    def send_judgement(self, run_id: str) -> None:
        self._queue.put({"run_id": run_id, "judge": True})

    def send_collection(self, run_id: str) -> None:
        self._queue.put({"run_id": run_id, "collect": True})


class SqsProvisionQueue:
    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._queue = SqsQueue(client, name)

    def send(self, run_id: str, *, delay_s: int = 0) -> None:
        self._queue.put({"run_id": run_id}, **({"DelaySeconds": delay_s} if delay_s else {}))

    def send_strays(self) -> None:
        self._queue.put({"strays": True})


class SqsScheduleQueue:
    """Schedules to see to, and notifications to send: the answer to `domain/schedule_ports.ScheduleQueue`."""

    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._queue = SqsQueue(client, name)

    def advance(self, name: str) -> None:
        self._queue.put({"schedule": name})

    def deliver(self, delivery: "Delivery", *, delay_s: int = 0) -> None:
        self._queue.put({"deliver": asdict(delivery)}, **({"DelaySeconds": delay_s} if delay_s else {}))
