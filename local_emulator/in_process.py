"""The Lambdas' way to the emulated AWS: the same process, so the same lock and answers without sockets.

botocore checks, serialises and (but for DynamoDB) signs each request as for AWS; what it would send is answered here. Clients
of other sessions, of other processes, or with another endpoint go over HTTP.
"""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse, HeadersDict

from local_emulator.aws_endpoint import AwsEndpoint
from local_emulator.dynamodb.faults import Fault
from local_emulator.dynamodb.service import request_of
from local_emulator.object_heads import head_object
from local_emulator.prepared import answered, environ_of

ITEM_OPERATIONS = frozenset(
    {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem"}
)
# Services whose requests are made whole before they are answered.
SENT = ("s3", "sqs", "ssm", "scheduler", "ec2", "ecs", "sns")


class InProcess:
    """`url` is where the endpoint is served: requests that go elsewhere are not ours."""

    def __init__(self, endpoint: AwsEndpoint, *, url: str) -> None:
        self._endpoint = endpoint
        self._url = url

    def wire(self, events: Any) -> None:
        """`events`: the emitter of a boto3 session or client, of clients still to be made."""
        events.register_last("before-call.dynamodb", self._answer)
        events.register_last("before-call.s3.HeadObject", self._head)
        for service in SENT:
            events.register_last(f"before-send.{service}", self._send)

    def _answer(self, model: Any, params: Mapping[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        if model.name not in ITEM_OPERATIONS or not params["url"].startswith(self._url):
            return None
        try:
            status, reply = 200, self._endpoint.ask_dynamodb(model.name, request_of(params["body"]))
        except Fault as fault:
            status, reply = fault.status, error_of(fault)
        metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0}
        return _response(params, status), parsed(reply) | {"ResponseMetadata": metadata}

    def _head(self, model: Any, params: Mapping[str, Any], **_: Any) -> tuple[AWSResponse, dict[str, Any]] | None:
        if not params["url"].startswith(self._url):
            return None
        with self._endpoint.lock:
            found = head_object(model, params)
        return (_response(params, found[0]), found[1]) if found else None

    def _send(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        if not request.url.startswith(self._url):
            return None
        service = event_name.split(".")[1]
        return answered(request, lambda start: self._endpoint.ask_trusted(service, environ_of(request), start))


def parsed(reply: Mapping[str, Any]) -> dict[str, Any]:
    """A reply as boto3's callers see it; nothing in it belongs to the table."""
    return {name: _PARSED[name](value) if name in _PARSED else value for name, value in reply.items()}


def error_of(fault: Fault) -> dict[str, Any]:
    """The response that a ClientError carries."""
    return {"Error": {"Code": fault.code, "Message": fault.message}, "message": fault.message, **fault.more}


def _response(params: Mapping[str, Any], status: int) -> AWSResponse:
    headers: Any = HeadersDict()
    return AWSResponse(params["url"], status, headers, None)


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    """As boto3's callers see it: bytes for binary values. Always a dictionary of its own."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    match kind:
        case "B":
            return {"B": b64decode(content)}
        case "BS":
            return {"BS": [b64decode(one) for one in content]}
        case "M":
            return {"M": _item(content)}
        case "L":
            return {"L": [_value(one) for one in content]}
        case _:
            return value


def _items(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_item(item) for item in items]


def _responses(tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {name: _items(items) for name, items in tables.items()}


_PARSED: Mapping[str, Any] = {
    "Item": _item, "Attributes": _item, "LastEvaluatedKey": _item, "Items": _items, "Responses": _responses,
}  # fmt: skip
