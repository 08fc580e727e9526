"""The only S3 calls of the project's Lambdas. Must not import chalice, services, store or api.

Everything that botocore can raise leaves this file as `ObjectMissing` or `StorageError` (see `errors.py`), so nobody
else needs to know what S3 calls its troubles. Permissions that these calls need: GetObject, PutObject,
DeleteObject, AbortMultipartUpload, ListBucketMultipartUploads, and ListBucket, without which S3 answers 403 instead of 404 for an
object that does not exist and a missing result could not be told from a broken policy.
"""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.archive.errors import ObjectChanged, ObjectMissing, StorageError, UploadGone

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

MAX_READ_BYTES = 8 * 1024**2  # of `read`: a request body has at most 1 MiB
DELETED_AT_ONCE = 1_000  # what DeleteObjects takes
GZIP = "application/gzip"
USER_AGENT = "benchfleet"  # of all clients: botocore would put a long one together for every call, a tenth of its time

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_CHANGED = frozenset({"412", "PreconditionFailed"})


@dataclass(frozen=True)
class ObjectInfo:
    size_bytes: int
    etag: str  # as S3 says it, with its quotes
    last_modified: datetime


@dataclass(frozen=True)
class SignedPut:
    """A presigned PUT. Every one of `headers` must be sent as it stands: they are part of the signature."""

    url: str
    headers: dict[str, str]


class Body(Protocol):
    def read(self, amt: int | None = None, /) -> bytes: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class Opened:
    """An object whose bytes start at `body`; whoever opened it closes it."""

    info: ObjectInfo
    body: Body


def connect(*, connections: int = 16) -> "S3Client":
    """A client for `Objects`: region, endpoint and credentials from the environment. Imports boto3 on first use."""
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        config=Config(
            signature_version="s3v4",  # older presigned URLs would not bind length and checksum
            retries={"mode": "standard", "max_attempts": 4},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=connections,
            user_agent=USER_AGENT,
        ),
    )


class Objects:
    """The objects of one bucket. `client` is a boto3 S3 client; it may be used from several threads at once."""

    def __init__(self, client: "S3Client", *, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_json_bytes(self, key: str, data: bytes) -> None:
        """Write a small JSON object, replacing what was there. Raises StorageError."""
        self.put(key, data, content_type="application/json")

    def put(self, key: str, data: bytes | bytearray, *, content_type: str) -> None:
        """Write an object in one request: it appears whole or not at all. Raises StorageError."""
        with _translated(key):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=_blob(data), ContentType=content_type)

    def read(self, key: str, *, max_bytes: int = MAX_READ_BYTES) -> bytes:
        """The object's bytes. Raises ObjectMissing, or StorageError (also if it is larger than `max_bytes`)."""
        opened = self.begin(key)
        try:
            if opened.info.size_bytes > max_bytes:
                raise StorageError(f"{key} has {opened.info.size_bytes} bytes, more than {max_bytes}")
            with _translated(key):
                return opened.body.read()
        finally:
            opened.body.close()

    def read_range(self, key: str, *, offset: int, length: int) -> bytes:
        """`length` bytes from `offset` on. Raises ObjectMissing, or StorageError (also where there are fewer)."""
        wanted = f"bytes={offset}-{offset + length - 1}"
        with _translated(key):
            data = self._client.get_object(Bucket=self._bucket, Key=key, Range=wanted)["Body"].read()
        if len(data) != length:
            raise StorageError(f"{key} has {len(data)} bytes of {wanted}")
        return data

    def head(self, key: str) -> ObjectInfo | None:
        """What is known of the object without reading it, or None if there is none. Raises StorageError."""
        try:
            with _translated(key):
                return _info(self._client.head_object(Bucket=self._bucket, Key=key))
        except ObjectMissing:
            return None

    def begin(self, key: str, *, etag: str | None = None, offset: int = 0) -> Opened:
        """Open an object at `offset` bytes, without reading more of it than its head.

        Raises ObjectMissing, ObjectChanged if it is no longer the one named by `etag` or is gone, StorageError.
        """
        wanted: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        if etag is not None:
            wanted["IfMatch"] = etag
        if offset:
            wanted["Range"] = f"bytes={offset}-"
        try:
            with _translated(key):
                got = self._client.get_object(**wanted)
        except ObjectMissing as error:
            if etag is not None:
                raise ObjectChanged(f"{key} was deleted while it was being read") from error
            raise
        return Opened(info=_info(got), body=got["Body"])

    def open(self, key: str, *, etag: str) -> "ObjectReader":
        """A reader of exactly the object that `etag` names. Raises as `begin` does."""
        return ObjectReader(self, key, self.begin(key, etag=etag))

    def sign_put(
        self, key: str, *, expires_s: int, content_length: int | None = None, sha256_hex: str | None = None
    ) -> SignedPut:
        """A URL that lets its holder write this one key for `expires_s`, and only these bytes where they are declared.

        Signing is arithmetic: no request is made. The URL dies with the credentials that signed it, if they are shorter.
        """
        wanted: dict[str, Any] = {"Bucket": self._bucket, "Key": key}
        headers: dict[str, str] = {}
        if content_length is not None:
            wanted["ContentLength"] = content_length
            headers["Content-Length"] = str(content_length)
        if sha256_hex is not None:
            wanted["ChecksumSHA256"] = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
            headers["x-amz-checksum-sha256"] = wanted["ChecksumSHA256"]
        return SignedPut(self._sign("put_object", wanted, expires_s), headers)

    def sign_get(self, key: str, *, expires_s: int, filename: str) -> str:
        """A URL that downloads this one key for `expires_s` under the name `filename`. Makes no request."""
        safe = re.sub(r"[^A-Za-z0-9._-]", "_", filename)
        disposition = f'attachment; filename="{safe}"'
        wanted = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": disposition}
        return self._sign("get_object", wanted, expires_s)

    def start_upload(self, key: str) -> str:
        """Start a multipart upload and return its id. Nothing is visible under `key`. Raises StorageError."""
        with _translated(key):
            started = self._client.create_multipart_upload(Bucket=self._bucket, Key=key, ContentType=GZIP)
        return started["UploadId"]

    def upload_part(self, key: str, upload: str, *, number: int, data: bytes | bytearray) -> str:
        """Add part `number` (from 1) and return its etag. Raises StorageError (UploadGone if it was aborted)."""
        with _translated(key):
            sent = self._client.upload_part(
                Bucket=self._bucket, Key=key, UploadId=upload, PartNumber=number, Body=_blob(data)
            )
        return sent["ETag"]

    def finish_upload(self, key: str, upload: str, *, etags: list[str]) -> None:
        """Make the object visible, whole, in one step. Raises StorageError."""
        parts: Any = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
        with _translated(key):
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
            )

    def abort_upload(self, key: str, upload: str) -> None:
        """Drop a multipart upload and its parts; one that is already gone is fine. Raises StorageError."""
        try:
            with _translated(key):
                self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload)
        except UploadGone:
            return

    def unfinished_uploads(self, key: str) -> list[str]:
        """The ids of (at most 1,000) multipart uploads to this very key that were never ended. Raises StorageError."""
        with _translated(key):
            listed = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=key)
        return [upload["UploadId"] for upload in listed.get("Uploads", []) if upload["Key"] == key]

    def delete_some(self, prefix: str) -> int:
        """Delete at most 1,000 objects whose keys begin with `prefix`; how many these were. Raises StorageError."""
        found = self.list_some(prefix)
        self.delete(found)
        return len(found)

    def list_some(self, prefix: str, *, after: str = "") -> list[str]:
        """At most 1,000 keys that begin with `prefix`, in order, from behind `after` on. Raises StorageError."""
        return [key for key, _ in self.list_sizes(prefix, after=after)]

    def list_sizes(self, prefix: str, *, after: str = "") -> list[tuple[str, int]]:
        """As `list_some`, each key with its object's size in bytes."""
        more: Any = {"StartAfter": after} if after else {}
        with _translated(prefix):
            listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=DELETED_AT_ONCE, **more)
        return [(entry["Key"], entry["Size"]) for entry in listed.get("Contents", [])]

    def delete(self, keys: list[str]) -> None:
        """Delete these objects, at most 1,000; those that are gone already are fine. Raises StorageError."""
        if not keys:
            return
        named: Any = [{"Key": key} for key in keys]
        with _translated(keys[0]):
            reply = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": named, "Quiet": True})
        if errors := reply.get("Errors"):
            raise StorageError(f"DeleteObjects of {errors[0].get('Key')}: {errors[0].get('Code')}")

    def _sign(self, operation: str, wanted: dict[str, Any], expires_s: int) -> str:
        with _translated(wanted["Key"]):  # a role whose credentials cannot be had fails here
            return self._client.generate_presigned_url(operation, Params=wanted, ExpiresIn=expires_s)


class ObjectReader:
    """Reads an object from end to end, and goes on where it was when a connection breaks.

    A pinned etag makes that safe: a connection opened later continues the same object or raises ObjectChanged.
    """

    RESUMES = 3  # in a row without a single byte between them: then the trouble is not a passing one

    def __init__(self, objects: Objects, key: str, opened: Opened) -> None:
        self.size_bytes = opened.info.size_bytes
        self._objects, self._key, self._etag = objects, key, opened.info.etag
        self._body = opened.body
        self._offset = 0
        self._failures = 0

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end. Raises ObjectChanged, StorageError."""
        while self._offset < self.size_bytes:
            data = self._read_once(size)
            if data:
                self._offset += len(data)
                self._failures = 0
                return data
        return b""

    def close(self) -> None:
        self._body.close()

    def __enter__(self) -> "ObjectReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read_once(self, size: int) -> bytes:
        try:
            with _translated(self._key):
                data = self._body.read(size)
            if data:
                return data
            raise StorageError(f"{self._key} ended early, at byte {self._offset} of {self.size_bytes}")
        except StorageError:
            self._failures += 1
            if self._failures > self.RESUMES:
                raise
        self._body.close()
        self._body = self._objects.begin(self._key, etag=self._etag, offset=self._offset).body
        return b""


@contextmanager
def _translated(key: str) -> Iterator[None]:
    """Names the key, and never the credentials or the URL, in what it raises."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise ObjectMissing(key) from error
        if code == "NoSuchUpload":
            raise UploadGone(f"the upload to {key} is gone") from error
        if code in _CHANGED:
            raise ObjectChanged(f"{key} was replaced while it was being read") from error
        raise StorageError(f"{error.operation_name} of {key}: {code}") from error
    except BotoCoreError as error:
        raise StorageError(f"{key}: {type(error).__name__}") from error


def _blob(data: bytes | bytearray) -> bytes:
    """Botocore takes both as they are; its published types know only one. A copy would cost a part of memory."""
    return cast(bytes, data)


def _info(reply: Any) -> ObjectInfo:
    return ObjectInfo(size_bytes=reply["ContentLength"], etag=str(reply["ETag"]), last_modified=reply["LastModified"])
