"""Putting an archive where its URL says. A URL that starts with `/` is a local file.

UploadRefused  the store will not take it, however often it is asked
Expired        403: the URL is too old, or does not fit what is sent
"""

import base64
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

import httpx
from benchfleet_contract.tasks import UploadUrls

from runner_image.delivery.packaging import ERROR, Package
from runner_image.delivery.store import StoreError, StoreUnreachable, require_time_for_us
from runner_image.retries import Passing, Retrier

CHUNK_BYTES = 256 * 1024
MAX_REFUSALS = 3  # fresh URLs that may be answered with 403 before it is no matter of age


# Asks the control plane for URLs bound to what a query declares: lengths (bytes) and checksums (hex). None: it binds none.
FreshUrls = Callable[[Mapping[str, str | int]], UploadUrls | None]


class UploadRefused(StoreError):
    """The store refused the upload for good."""


class Expired(StoreError, Passing):
    """403: the URL is too old, or does not fit what is sent."""


@dataclass(frozen=True)
class Target:
    """One upload: where to, under which key, with which signed headers."""

    url: str
    key: str
    headers: Mapping[str, str]


class Uploader:
    """Uploads one task's archives. `first` came with the claim and serves where no fresh URLs can be had."""

    def __init__(self, first: UploadUrls, *, fresh_urls: FreshUrls, http: httpx.Client) -> None:
        self._first, self._fresh_urls, self._http = first, fresh_urls, http

    def upload(self, package: Package, *, retry: Retrier) -> str:
        """Returns the key. Raises StoreError, or what asking for fresh URLs raises, when patience is out."""
        refusals = 0

        def once(_failures: int) -> str:
            nonlocal refusals
            target = self._target(package)
            try:
                self._put(target, package)
            except Expired as error:
                refusals += 1
                if refusals >= MAX_REFUSALS:
                    raise UploadRefused(str(error)) from error
                raise
            return target.key

        return retry(once)

    def _target(self, package: Package) -> Target:
        """Bound to this very archive where the server can do that; else what the claim gave."""
        kind = "error" if package.path.name == ERROR else "result"
        query: dict[str, str | int] = {f"{kind}_bytes": package.size_bytes, f"{kind}_sha256": package.sha256}
        urls = self._fresh_urls(query)
        if urls is None:
            return _target_of(self._first, kind, headers={})
        return _target_of(urls, kind, headers=_signed(urls, package))

    def _put(self, target: Target, package: Package) -> None:
        if target.url.startswith("/"):
            _copy(package, target.url)
            return
        headers = httpx.Headers({"Content-Type": "application/gzip", "Content-Length": str(package.size_bytes)})
        headers.update(target.headers)  # by name whatever its case: none may be sent twice
        try:
            with package.path.open("rb") as source:
                answer = self._http.put(target.url, content=_chunks(source), headers=headers)
        except httpx.HTTPError as error:
            raise StoreUnreachable(f"upload: {type(error).__name__}: {error}") from None
        _judge(answer)


def _copy(package: Package, path: str) -> None:
    try:
        shutil.copyfile(package.path, path)
    except OSError as error:
        raise UploadRefused(f"upload: {error.strerror}") from error


def _target_of(urls: UploadUrls, kind: str, *, headers: Mapping[str, str]) -> Target:
    if kind == "error":
        return Target(url=urls.error_upload_url, key=urls.error_key, headers=headers)
    return Target(url=urls.result_upload_url, key=urls.result_key, headers=headers)


def _signed(urls: UploadUrls, package: Package) -> dict[str, str]:
    """The headers that are part of the signature, with this archive's values where the server named only the header."""
    own = {
        "content-length": str(package.size_bytes),
        "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(package.sha256)).decode(),
    }
    return {name: own.get(name.lower(), value) for name, value in urls.required_headers.items()}


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def _judge(answer: httpx.Response) -> None:
    """2xx is fine. No message holds the URL: it carries a signature."""
    status = answer.status_code
    if answer.is_success:
        return
    if status == 403:
        raise Expired(f"upload: {status} {_s3_code(answer)}")
    require_time_for_us(status, what="upload")
    raise UploadRefused(f"upload: {status} {_s3_code(answer)}")


def _s3_code(answer: httpx.Response) -> str:
    _, _, rest = answer.text[:2000].partition("<Code>")
    return rest.partition("</Code>")[0]
