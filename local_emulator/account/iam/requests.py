"""Which operation of which service a request asks for, and with what parameters: the protocols of AWS, read."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.parsers import RpcV2CBORParser

# The name in a signature → the name in IAM actions and botocore's data, where they differ.
IAM_NAMES = {"monitoring": "cloudwatch", "states": "states", "tagging": "tag"}
_REST = ("lambda", "apigateway", "scheduler")
_CBOR_PATH = re.compile(r"/service/\w+/operation/(\w+)\Z")
MOST_READ_BYTES = 1024 * 1024  # of a body whose parameters are looked at; S3's bodies are not


@dataclass(frozen=True)
class ApiRequest:
    """`service` is IAM's prefix, `operation` AWS's name of it, `signed_for` the service in the signature.

    `parameters`: the body's members (JSON, CBOR), the form's fields (`Tag.1.Key`), or what path and query name.
    """

    service: str
    operation: str
    region: str
    method: str
    path: str
    protocol: str  # json, query, ec2, rest-json, s3, cbor: how errors are written
    parameters: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def read_request(environ: Mapping[str, Any], *, service: str, region: str) -> ApiRequest:
    """The body is at its start before and after. `service`: as in the signature. Never raises for odd bodies."""
    path, _, query_text = environ["RAW_URI"].partition("?")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    common: dict[str, Any] = {
        "service": IAM_NAMES.get(service, service), "region": region, "method": environ["REQUEST_METHOD"],
        "path": path, "query": query, "headers": _headers(environ),
    }  # fmt: skip
    if service == "s3":
        from local_emulator.account.iam.s3_requests import s3_operation  # it needs this module's request

        return ApiRequest(
            operation=s3_operation(common["method"], path, query, common["headers"]), protocol="s3", **common
        )
    if match := _CBOR_PATH.match(path):
        return ApiRequest(operation=match[1], protocol="cbor", parameters=_cbor(_body(environ)), **common)
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        operation = target.rpartition(".")[2]
        return ApiRequest(operation=operation, protocol="json", parameters=_json(_body(environ)), **common)
    if service in _REST:
        operation, named = rest_operation(service, common["method"], path, query)
        parameters = {**_json(_body(environ)), **query, **named}
        return ApiRequest(operation=operation, protocol="rest-json", parameters=parameters, **common)
    fields = dict(parse_qsl(_body(environ).decode(errors="replace"), keep_blank_values=True)) | query
    protocol = "ec2" if service == "ec2" else "query"
    return ApiRequest(operation=fields.get("Action", ""), protocol=protocol, parameters=fields, **common)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    return {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name.startswith("HTTP_")}


def _body(environ: Mapping[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    body: bytes = stream.read(MOST_READ_BYTES)
    stream.seek(0)
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _cbor(body: bytes) -> dict[str, Any]:
    try:
        found = RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body)))
    except Exception:  # what it raises for odd bytes is nowhere written
        return {}
    return found if isinstance(found, dict) else {}


@cache
def _routes(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], str]]:
    """(method, path, words that the query must have, operation), the most particular first."""
    model = botocore.session.get_session().get_service_model(service)
    found = []
    for name in model.operation_names:
        http = model.operation_model(name).http
        path, _, words = http["requestUri"].partition("?")
        pattern = re.sub(r"\\\{(\w+)(\\\+)?\\\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", re.escape(path))
        found.append(
            (
                http["method"],
                re.compile(pattern.rstrip("/") + r"/?\Z"),
                frozenset(w for w in words.split("&") if w),
                name,
            )
        )
    return sorted(found, key=lambda route: (-len(route[2]), route[1].groups, -len(route[1].pattern)))


def rest_operation(service: str, method: str, path: str, query: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The operation of a REST service, and what its path names; no operation where there is none such."""
    words = {f"{name}={value}" if value else name for name, value in query.items()}
    for wanted, pattern, needed, name in _routes(service):
        if wanted == method and needed <= words and (match := pattern.match(path)):
            return name, {key: unquote(value) for key, value in match.groupdict().items()}
    return "", {}


def members(parameters: Mapping[str, Any], prefix: str) -> list[str]:
    """The texts of a list in a form: `prefix.1`, `prefix.2` …, also with `member` in between."""
    pattern = re.compile(rf"{re.escape(prefix)}\.(?:member\.)?(\d+)\Z")
    found = [(int(match[1]), str(value)) for key, value in parameters.items() if (match := pattern.match(key))]
    return [value for _, value in sorted(found)]
