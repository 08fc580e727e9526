"""HeadObject without the detour: each completed task asks for one, and moto's way to the answer costs ten times as much.

The headers are moto's, and botocore's own parser reads them. Whatever asks for more than the head of a present or a missing
object is left to moto.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from local_emulator.backends import backend

PLAIN_HEADERS = frozenset({"user-agent", "x-amz-checksum-mode"})
_PARSER = create_parser("rest-xml")


def head_object(model: Any, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]] | None:
    """Status and parsed answer; None: moto has to be asked. `params` as botocore's `before-call` has them.

    Callers hold the endpoint's lock.
    """
    if params["query_string"] or {name.lower() for name in params["headers"]} - PLAIN_HEADERS:
        return None
    bucket, _, key = unquote(urlsplit(params["url"]).path).removeprefix("/").partition("/")
    held = backend("s3").buckets.get(bucket)
    if held is None or held.is_versioned:
        return None
    found = held.keys.get(key)
    status, headers = (404, {}) if found is None else (200, _headers(found, params["headers"]))
    answer = {"status_code": status, "headers": HeadersDict(headers), "body": b""}
    return status, dict(_PARSER.parse(answer, model.output_shape))


def _headers(found: Any, asked: Mapping[str, Any]) -> dict[str, Any]:
    checksum = {}
    if asked.get("x-amz-checksum-mode") == "ENABLED" and found.checksum_algorithm:
        checksum = {f"x-amz-checksum-{found.checksum_algorithm.lower()}": found.checksum_value}
    return {**found.metadata, **found.response_dict, "Accept-Ranges": "bytes", **checksum}
