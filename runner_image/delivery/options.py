"""Options of a task that are too large to come with its claim: part of a file of the store, behind a presigned URL."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
from benchfleet_contract import limits

from runner_image.delivery.store import StoreError, StoreUnreachable, require_time_for_us
from runner_image.errors import TaskError
from runner_image.retries import Retrier

MOST_BYTES = limits.MAX_BODY_BYTES  # they came in the body of a request
_RANGE = re.compile(r"(\d{1,15})-(\d{1,15})")


def fetched(url: str, byte_range: str | None, *, http: httpx.Client, retry: Retrier) -> dict[str, Any]:
    """The options at `byte_range` (`"<first>-<last>"`) of what lies at the URL.

    Raises TaskError `options_unavailable` for what is no JSON object, has more than 1 MiB, or cannot be had in time.
    """
    first, last = _bounds(byte_range)
    try:
        data = retry(lambda _failures: _get(url, first, last, http=http))
        options = json.loads(data)
    except (StoreError, ValueError) as error:
        raise _unavailable(str(error)) from None
    if not isinstance(options, dict):
        raise _unavailable("they are not a JSON object")
    return options


def _bounds(byte_range: str | None) -> tuple[int, int]:
    """Numbers of the first and the last byte."""
    if byte_range is None:
        return 0, MOST_BYTES - 1
    found = _RANGE.fullmatch(byte_range)
    first, last = (int(found[1]), int(found[2])) if found else (0, -1)
    if not first <= last < first + MOST_BYTES:
        raise _unavailable(
            f"workload_options_range is {byte_range[:40]!r}, not <first>-<last> of at most {MOST_BYTES} bytes"
        )
    return first, last


def _get(url: str, first: int, last: int, *, http: httpx.Client) -> bytes:
    headers = {"Range": f"bytes={first}-{last}", "Accept-Encoding": "identity"}
    try:
        with http.stream("GET", url, headers=headers) as answer:
            require_time_for_us(answer.status_code, what="options")
            if answer.status_code not in (200, 206):
                raise StoreError(f"the store answered {answer.status_code}")
            skip = first if answer.status_code == 200 else 0  # a store that knows no ranges sends all of it
            return _cut(answer.iter_raw(), skip=skip, most=last - first + 1)
    except httpx.HTTPError as error:
        raise StoreUnreachable(f"options: {type(error).__name__}: {error}") from None


def _cut(chunks: Iterator[bytes], *, skip: int, most: int) -> bytes:
    """Reads no further than it must."""
    got = bytearray()
    for chunk in chunks:
        got += chunk[skip:]
        skip = max(0, skip - len(chunk))
        if len(got) >= most:
            break
    return bytes(got[:most])


def _unavailable(why: str) -> TaskError:
    return TaskError(f"The task's options could not be fetched: {why}", error_type="options_unavailable")
