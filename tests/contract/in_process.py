"""AWS in this process: boto3 clients whose requests moto answers, one at a time, without a socket.

Nothing global is patched: only these clients are wired so. moto's conditional writes are not atomic under threads, hence
the lock. Its state is one for the process, hence a name of its own for every table and bucket.
"""

import itertools
import threading
from typing import Any

import boto3
from botocore.config import Config
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID

from chalicelib.archive.s3 import Objects
from chalicelib.store.schema import table_definition
from chalicelib.store.table import Table

REGION = "ap-south-1"  # nobody else's: the emulator and its tests share moto's state with these
_NUMBERS = itertools.count(1)


class _OneAtATime(BotocoreStubber):
    def __init__(self) -> None:
        super().__init__()
        self.enabled = True
        self._lock = threading.RLock()

    def __call__(self, event_name: str, request: Any, **kwargs: Any) -> Any:
        with self._lock:
            return super().__call__(event_name, request, **kwargs)


_MOTO = _OneAtATime()


def client(service: str) -> Any:
    """A client of `dynamodb` or `s3`; it opens no connection, so there is nothing to close."""
    session = boto3.Session("AKIAINPROCESS", "secret", region_name=REGION)
    options: dict[str, Any] = {
        "retries": {"total_max_attempts": 1},
        "signature_version": "s3v4" if service == "s3" else None,
        "ignore_configured_endpoint_urls": True,  # of an emulator that runs in this process meanwhile
    }
    config = Config(**options)
    made: Any = session.client(service, config=config)  # type: ignore[call-overload]
    made.meta.events.register("before-send", _MOTO)
    return made


def new_table(dynamodb: Any) -> str:
    """Creates an empty table; its name."""
    name = f"table-{next(_NUMBERS)}"
    dynamodb.create_table(**table_definition(name))
    return name


def store_table(dynamodb: Any) -> Table:
    return Table(dynamodb, new_table(dynamodb))


def new_bucket(s3: Any) -> Objects:
    name = f"bucket-{next(_NUMBERS)}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return Objects(s3, bucket=name)


def stream_records(table: str) -> list[dict[str, Any]]:
    """Everything that the stream of a table in this process has told so far, as a Lambda gets it."""
    shard = get_backend("dynamodb")[DEFAULT_ACCOUNT_ID][REGION].tables[table].stream_shard
    return [item.to_json() for item in shard.items] if shard else []
