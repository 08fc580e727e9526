"""Clients of AWS in the regions where machines are, each made on its first use."""

from collections.abc import Callable
from threading import Lock
from typing import Any

CONNECT_S, READ_S = 3, 20
ATTEMPTS = 2  # EC2 says "no capacity" with status 500, which botocore repeats; what passes, the queue's message repeats


class Clients:
    """`connect` makes the client of a service in a region."""

    def __init__(self, connect: Callable[[str, str], Any] | None = None) -> None:
        self._connect = connect or _connect
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def __call__(self, service: str, region: str) -> Any:
        with self._lock:
            if (service, region) not in self._made:
                self._made[service, region] = self._connect(service, region)
            return self._made[service, region]


def _connect(service: str, region: str) -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "total_max_attempts": ATTEMPTS}
    config = Config(retries=retries, connect_timeout=CONNECT_S, read_timeout=READ_S)
    make: Any = boto3.client
    return make(service, region_name=region, config=config)
