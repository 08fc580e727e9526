"""AWS in this process: boto3 clients whose requests the emulator's own DynamoDB or moto answers, without a socket.

Nothing global is patched: only these clients are wired so. moto's conditional writes are not atomic under threads, hence
the lock. Its state is one for the process, hence a name of its own for every table and bucket.
"""

import itertools
import json
import os
import re
import threading
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.request import normalize_request
from werkzeug.exceptions import HTTPException

from chalicelib.archive.s3 import Objects
from chalicelib.store.schema import table_definition
from chalicelib.store.table import Table
from local_emulator.aws_endpoint import AwsEndpoint
from local_emulator.config import ACCOUNT
from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.service import DynamoDb, request_of
from local_emulator.in_process import InProcess, error_of, parsed
from local_emulator.parameters import ParameterStore
from local_emulator.resources import fresh_credentials

REGION = "ap-south-1"  # nobody else's: the emulator and its tests share moto's state with these
_NUMBERS = itertools.count(1)


_LOCK = threading.RLock()


class _Moto(BotocoreStubber):
    """moto's answers for one service, one at a time. It would look through all its services and their paths for each request."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self.enabled = True
        backend = get_backend(service)[ACCOUNT]["aws" if service == "s3" else REGION]
        self._handlers = [(re.compile(url), handler) for url, handler in backend.urls.items()]

    def __call__(self, event_name: str, request: Any, **kwargs: Any) -> Any:
        with _LOCK:
            return super().__call__(event_name, request, **kwargs)

    def process_request(self, request: Any) -> Any:
        address = request.url.partition("?")[0]
        handler = next(handler for pattern, handler in self._handlers if pattern.match(address))
        asked = normalize_request(request)
        try:
            return handler(asked, asked.raw_url, asked.headers)
        except HTTPException as refused:
            return refused.code, refused.get_headers(), refused.get_body()


_moto = cache(_Moto)


class Direct:
    """A client of the emulator's DynamoDB without botocore, which is six sevenths of what a request costs in a process.

    For tests with thousands of requests of shapes that others check: an argument that boto3 would refuse is not refused.
    """

    def __init__(self, dynamodb: DynamoDb) -> None:
        self._dynamodb = dynamodb

    def __getattr__(self, name: str) -> Any:
        operation = name.title().replace("_", "")

        def call(**arguments: Any) -> dict[str, Any]:
            body = json.dumps(arguments, default=lambda value: b64encode(value).decode()).encode()
            try:
                return parsed(self._dynamodb.ask(operation, request_of(body)))
            except Fault as fault:
                response: Any = parsed(error_of(fault))
                raise ClientError(response, operation) from None

        return call


class Engine:
    """The emulator's own DynamoDB. `client` is a boto3 client that opens no connection: there is nothing to close.

    `quick` is for tests of what is done with it, which others have asked through boto3: `direct`, and in `make proof` that.
    """

    def __init__(self) -> None:
        self.dynamodb = DynamoDb(region=REGION, account=ACCOUNT)
        endpoint = AwsEndpoint(
            fresh_credentials(),
            region=REGION,
            parameters=ParameterStore(region=REGION, account=ACCOUNT),
            dynamodb=self.dynamodb,
        )
        self.client, self.direct = _client("dynamodb"), Direct(self.dynamodb)
        InProcess(endpoint, url="https://dynamodb.").wire(self.client.meta.events)
        self.quick = self.client if os.environ.get("HYPOTHESIS_PROFILE") == "many" else self.direct

    def new_table(self) -> str:
        """Creates an empty table; its name."""
        return self.dynamodb.tables.create(table_definition(f"table-{next(_NUMBERS)}")).name

    def store_table(self) -> Table:
        return Table(self.client, self.new_table())

    def quick_table(self) -> Table:
        return Table(self.quick, self.new_table())

    def stream_records(self, table: str) -> list[dict[str, Any]]:
        """Everything that the stream of a table has told so far, as a Lambda gets it."""
        stream = self.dynamodb.tables.named(table).stream
        assert stream
        return stream.read(0, limit=stream.next)


def client(service: str) -> Any:
    """moto's, of `dynamodb` or `s3`; it opens no connection, so there is nothing to close."""
    made = _client(service)
    made.meta.events.register("before-send", _moto(service))
    return made


@cache
def _session() -> boto3.Session:
    """One for all clients: it keeps what it has read of the services' models, which takes most of a client's making."""
    return boto3.Session("AKIAINPROCESS", "secret", region_name=REGION)


def _client(service: str) -> Any:
    options: dict[str, Any] = {
        "retries": {"total_max_attempts": 1},
        "signature_version": "s3v4" if service == "s3" else None,
        "user_agent": "tests",  # botocore would put a long one together for each request
        "ignore_configured_endpoint_urls": True,  # of an emulator that runs in this process meanwhile
    }
    config = Config(**options)
    made: Any = _session().client(service, config=config)  # type: ignore[call-overload]
    return made


def new_table(dynamodb: Any) -> Table:
    """An empty table, made by this client."""
    name = f"table-{next(_NUMBERS)}"
    dynamodb.create_table(**table_definition(name))
    return Table(dynamodb, name)


def new_bucket(s3: Any) -> Objects:
    name = f"bucket-{next(_NUMBERS)}"
    get_backend("s3")[ACCOUNT]["aws"].create_bucket(name, REGION)  # without a request: each test has one
    return Objects(s3, bucket=name)


def fill(objects: Objects, keys: Iterable[str]) -> None:
    """Objects of one byte, without a request for each: a thousand of those take seconds."""
    moto = get_backend("s3")[ACCOUNT]["aws"]
    for key in keys:
        moto.put_object(objects._bucket, key, b"x")
