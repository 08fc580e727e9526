"""The S3 calls, over HTTP; presigned requests are checked by what was signed, since moto checks no signature."""

import base64
import hashlib
import http.client
import io
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from chalicelib.archive.errors import ObjectChanged, ObjectMissing, StorageError
from chalicelib.archive.s3 import Objects
from chalicelib.archive.storage import Storage
from chalicelib.archive.upload import LARGEST_PART_BYTES, MAX_PARTS, MultipartWriter, part_bytes
from chalicelib.domain.errors import Unavailable
from tests.integration.archive_s3 import fresh_bucket, s3_client, s3_server

MIB = 1024**2


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with s3_server() as endpoint:
        client = s3_client(endpoint)
        yield client
        client.close()


@pytest.fixture
def objects(client: Any) -> Iterator[Objects]:
    with fresh_bucket(client) as bucket:
        yield Objects(client, bucket=bucket)


def test_what_was_put_is_read(objects: Objects) -> None:
    objects.put_json_bytes("a", b"{}")
    assert objects.read("a") == b"{}"
    info = objects.head("a")
    assert info is not None
    assert info.size_bytes == 2
    assert info.last_modified.tzinfo is not None


def test_an_object_that_is_not_there_is_missing(objects: Objects) -> None:
    assert objects.head("none") is None
    with pytest.raises(ObjectMissing, match="none"):
        objects.read("none")
    with pytest.raises(ObjectChanged, match="deleted"):
        objects.open("none", etag='"x"')  # somebody has seen it before


def test_a_seal_tells_what_lies_under_a_key(objects: Objects) -> None:
    storage = Storage(lambda: objects, clock=lambda: 0)
    assert storage.seal_of("a") == "absent"
    objects.put_json_bytes("a", b"{}")
    first = storage.seal_of("a")
    assert first == "etag:" + objects.begin("a").info.etag
    objects.put_json_bytes("a", b"[]")
    assert storage.seal_of("a") != first


def test_a_bucket_that_does_not_answer_seals_nothing() -> None:
    refusing = Storage(lambda: Objects(Refusing(), bucket="b"), clock=lambda: 0)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="does not tell"):
        refusing.seal_of("a")


class Refusing:
    def head_object(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")


def test_more_than_expected_is_not_read(objects: Objects) -> None:
    objects.put_json_bytes("a", b"12345")
    with pytest.raises(StorageError, match="5 bytes, more than 4"):
        objects.read("a", max_bytes=4)


def test_a_pinned_object_that_was_replaced_is_not_read(objects: Objects) -> None:
    objects.put_json_bytes("a", b"first")
    info = objects.head("a")
    assert info is not None
    with objects.open("a", etag=info.etag) as reader:
        assert reader.read(3) == b"fir"
    objects.put_json_bytes("a", b"second")
    with pytest.raises(ObjectChanged):
        objects.open("a", etag=info.etag)


def test_a_bucket_that_is_not_there_is_trouble_not_a_missing_object(client: Any) -> None:
    with pytest.raises(StorageError, match="NoSuchBucket"):
        Objects(client, bucket="nowhere").read("a")


def test_a_store_that_cannot_be_reached_is_trouble() -> None:
    client = s3_client("http://127.0.0.1:1")
    with pytest.raises(StorageError, match="EndpointConnectionError"):
        Objects(client, bucket="b").read("a")
    client.close()


def send(
    method: str, url: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
) -> tuple[int, Any, bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body=body, headers=headers or {})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


def test_a_signed_put_binds_key_length_and_checksum(objects: Objects) -> None:
    data = b"result"
    digest = hashlib.sha256(data)
    signed = objects.sign_put("k/x", expires_s=60, content_length=len(data), sha256_hex=digest.hexdigest())
    assert signed.headers == {
        "Content-Length": "6",
        "x-amz-checksum-sha256": base64.b64encode(digest.digest()).decode(),
    }
    query = parse_qs(urlsplit(signed.url).query)
    assert query["X-Amz-SignedHeaders"] == ["content-length;host;x-amz-checksum-sha256"]
    assert query["X-Amz-Expires"] == ["60"]
    status, _, _ = send("PUT", signed.url, headers=signed.headers, body=data)
    assert status == 200
    assert objects.read("k/x") == data


def test_a_signed_put_without_declarations_asks_for_no_headers(objects: Objects) -> None:
    signed = objects.sign_put("k", expires_s=60)
    assert signed.headers == {}
    assert parse_qs(urlsplit(signed.url).query)["X-Amz-SignedHeaders"] == ["host"]
    assert send("PUT", signed.url, body=b"x")[0] == 200


def test_a_signed_get_downloads_under_its_name(objects: Objects) -> None:
    objects.put_json_bytes("k", b"data")
    url = objects.sign_get("k", expires_s=60, filename='re"sults\r\n.tar.gz')
    status, headers, body = send("GET", url)
    assert (status, body) == (200, b"data")
    assert headers["Content-Disposition"] == 'attachment; filename="re_sults__.tar.gz"'


def test_a_large_object_is_written_in_parts_and_appears_whole(objects: Objects) -> None:
    data = bytes(range(256)) * (12 * MIB // 256)
    with MultipartWriter(objects, "big", smallest_part_bytes=5 * MIB) as sink:
        for start in range(0, len(data), MIB):
            sink.write(data[start : start + MIB])
        assert objects.head("big") is None
        assert len(objects.unfinished_uploads("big")) == 1
    assert objects.read("big", max_bytes=20 * MIB) == data
    assert (sink.size_bytes, sink.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert objects.unfinished_uploads("big") == []


def write_big(objects: Objects, *, then: Callable[[], object]) -> None:
    with MultipartWriter(objects, "big", smallest_part_bytes=5 * MIB) as sink:
        sink.write(bytes(6 * MIB))
        then()


def test_an_upload_that_is_given_up_leaves_no_part(objects: Objects) -> None:
    with pytest.raises(KeyError):
        write_big(objects, then={}.popitem)
    assert objects.head("big") is None
    assert objects.unfinished_uploads("big") == []


def test_an_upload_that_somebody_aborted_cannot_be_finished(objects: Objects) -> None:
    def abort_twice() -> None:
        for upload in objects.unfinished_uploads("big") * 2:
            objects.abort_upload("big", upload)

    with pytest.raises(StorageError):
        write_big(objects, then=abort_twice)
    assert objects.head("big") is None


def test_ten_thousand_parts_hold_492_gib_and_all_but_the_last_are_as_large_as_s3_wants() -> None:
    sizes = [part_bytes(number) for number in range(1, MAX_PARTS + 1)]
    assert sum(sizes) == (1_000 * (8 + 16 + 32) + 7_000 * 64) * MIB
    assert (min(sizes), max(sizes)) == (8 * MIB, LARGEST_PART_BYTES)
    assert sizes == sorted(sizes)


class Breaking:
    """A real client whose downloads are cut after `each` bytes, `times` times."""

    def __init__(self, client: Any, *, each: int, times: int) -> None:
        self._client, self._each, self._left = client, each, times
        self.ranges: list[str | None] = []

    def get_object(self, **arguments: Any) -> Any:
        self.ranges.append(arguments.get("Range"))
        reply = self._client.get_object(**arguments)
        if self._left:
            self._left -= 1
            with reply["Body"] as body:
                reply["Body"] = io.BytesIO(body.read(self._each))
        return reply


def test_a_broken_download_goes_on_where_it_was(client: Any, objects: Objects) -> None:
    objects.put_json_bytes("a", b"0123456789")
    info = objects.head("a")
    assert info is not None
    breaking = Breaking(client, each=3, times=3)
    with Objects(breaking, bucket="results").open("a", etag=info.etag) as reader:  # type: ignore[arg-type]
        assert b"".join(iter(lambda: reader.read(100), b"")) == b"0123456789"
    assert breaking.ranges == [None, "bytes=3-", "bytes=6-", "bytes=9-"]


def test_a_download_that_never_gets_on_is_given_up(client: Any, objects: Objects) -> None:
    objects.put_json_bytes("a", b"0123456789")
    info = objects.head("a")
    assert info is not None
    breaking = Breaking(client, each=0, times=100)
    with (
        Objects(breaking, bucket="results").open("a", etag=info.etag) as reader,  # type: ignore[arg-type]
        pytest.raises(StorageError, match="ended early, at byte 0 of 10"),
    ):
        reader.read(100)


@contextmanager
def cutting_server(body: bytes, *, cut: int) -> Iterator[tuple[str, Callable[[], list[bytes]]]]:
    """A server whose first answer promises all of `body` and closes the connection after `cut` bytes."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    requests: list[bytes] = []

    def answer(start: int, end: int) -> None:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as incoming:
            requests.append(b"".join(iter(incoming.readline, b"\r\n")))
            head = f'HTTP/1.1 200 OK\r\nContent-Length: {len(body) - start}\r\nETag: "e"\r\n'
            head += "Last-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body[start:end])

    def serve() -> None:
        answer(0, cut)
        answer(cut, len(body))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", lambda: requests
    finally:
        thread.join()
        listener.close()


def test_a_connection_that_really_breaks_is_continued_with_the_same_object() -> None:
    body = bytes(range(256)) * 1_000
    with cutting_server(body, cut=100_000) as (endpoint, requests):
        client = s3_client(endpoint)
        with Objects(client, bucket="b").open("a", etag='"e"') as reader:
            assert b"".join(iter(lambda: reader.read(30_000), b"")) == body
        client.close()
    assert b"If-Match" in requests()[1]
    offset = int(requests()[1].lower().partition(b"range: bytes=")[2].partition(b"-")[0])
    assert 0 < offset <= 100_000


def test_a_refusal_names_operation_key_and_code_but_not_the_url() -> None:
    class Refusing:
        def get_object(self, **_: Any) -> Any:
            reply: Any = {"Error": {"Code": "AccessDenied", "Message": "https://secret"}}
            raise ClientError(reply, "GetObject")

    with pytest.raises(StorageError) as caught:
        Objects(Refusing(), bucket="b").read("a")  # type: ignore[arg-type]
    assert str(caught.value) == "GetObject of a: AccessDenied"
