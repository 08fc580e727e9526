"""A bucket that speaks HTTP: moto's server in a thread of this process, behind one lock, since moto is not thread-safe."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "results"


class _Serialised:
    def __init__(self, app: Callable[..., Any]) -> None:
        self._app, self._lock = app, threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with self._lock:
            return self._app(environ, start_response)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """No lines among the tests' own."""


@contextmanager
def s3_server() -> Iterator[str]:
    """Yields the URL of an empty S3; ends the server and its thread."""
    server = make_server(
        "127.0.0.1", 0, _Serialised(DomainDispatcherApplication(create_backend_app)), True, request_handler=_Quiet
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def s3_client(endpoint: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(signature_version="s3v4", retries={"mode": "standard", "max_attempts": 2}),
    )


@contextmanager
def fresh_bucket(client: Any) -> Iterator[str]:
    """An empty bucket whose contents do not outlive the block, uploads in progress included."""
    client.create_bucket(Bucket=BUCKET)
    try:
        yield BUCKET
    finally:
        for upload in client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []):
            client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"], UploadId=upload["UploadId"])
        for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
        client.delete_bucket(Bucket=BUCKET)


class Crash(Exception):
    """The injected end of a process."""


class FailingClient:
    """A real client that stops working at its `fatal`-th request (from 1): before sending it, or after its success."""

    def __init__(self, client: Any, *, fatal: int, after: bool) -> None:
        self._client, self._fatal, self._after = client, fatal, after
        self._lock = threading.Lock()
        self.calls = 0

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            with self._lock:
                self.calls += 1
                number = self.calls
            if number > self._fatal or (number == self._fatal and not self._after):
                raise Crash(f"{operation} is call {number}")
            reply = getattr(self._client, operation)(**arguments)
            if number == self._fatal:
                if "Body" in reply:
                    reply["Body"].close()  # as the end of a process would
                raise Crash(f"{operation} was call {number}")
            return reply

        return call
