"""REST APIs: the documents that they were imported from, and what was deployed of them to each stage.

A change takes effect with the next deployment, as on AWS. moto keeps the APIs themselves; it reads OpenAPI 3 only,
Chalice sends Swagger 2.
"""

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from moto.backends import get_backend

from local_emulator.account.answers import answer, answer_error
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.config import ACCOUNT

Document = dict[str, Any]
_OF_API = re.compile(r"/restapis/([^/?]+)\Z")


@dataclass
class Deployed:
    """What a stage serves. `responses`: the gateway's own, by type, as API Gateway's API writes them."""

    api_id: str
    stage: str
    region: str
    document: Document
    responses: dict[str, dict[str, Any]] = field(default_factory=dict)


class Apis:
    """Callers hold the endpoint's lock."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}
        self._deployed: dict[tuple[str, str], Deployed] = {}

    def handle(self, request: ApiRequest, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes] | None:
        """Looks at an import on its way to moto, and makes it readable for it. moto has no tags of what is there already."""
        if request.operation == "TagResource":
            return _tag(request, start)
        if request.operation in ("ImportRestApi", "PutRestApi"):
            document = _read(environ)
            if document is not None:
                api = _OF_API.match(request.path)
                environ["benchfleet.document"] = document
                if api:
                    self._documents[api[1]] = document
                _replace(environ, _as_openapi_3(document))
        return None

    def after(self, request: ApiRequest, environ: dict[str, Any], body: bytes) -> None:
        """`body`: moto's answer."""
        if request.operation == "ImportRestApi" and (made := _json(body).get("id")):
            self._documents[made] = environ["benchfleet.document"]
            self._set_up(made, request.region)
        elif request.operation == "PutRestApi" and (made := _json(body).get("id")):
            self._set_up(made, request.region)
        elif request.operation == "CreateDeployment" and _json(body).get("id"):
            api_id = request.path.split("/")[2]
            self._deploy(api_id, str(request.parameters.get("stageName") or ""), request.region)

    def served(self, api_id: str, stage: str) -> Deployed | None:
        found = self._deployed.get((api_id, stage))
        if found is None:
            return None
        backend = _backend(found.region)
        alive = api_id in backend.apis and stage in backend.apis[api_id].stages
        return found if alive else None

    def _set_up(self, api_id: str, region: str) -> None:
        """What moto drops of a document."""
        document = self._documents[api_id]
        api = _backend(region).apis[api_id]
        api.binaryMediaTypes = document.get("x-amazon-apigateway-binary-media-types", [])
        for kind, given in document.get("x-amazon-apigateway-gateway-responses", {}).items():
            api.put_gateway_response(
                kind,
                given.get("statusCode"),
                given.get("responseParameters") or {},
                given.get("responseTemplates") or {},
            )

    def _deploy(self, api_id: str, stage: str, region: str) -> None:
        document = self._documents.get(api_id)
        if document and stage:
            responses = {
                each.response_type: _response(each) for each in _backend(region).apis[api_id].get_gateway_responses()
            }
            self._deployed[api_id, stage] = Deployed(api_id, stage, region, document, responses)


def _tag(request: ApiRequest, start: Callable[..., Any]) -> list[bytes]:
    api = _backend(request.region).apis.get(unquote(request.path).rpartition("/restapis/")[2])
    if api is None:
        return answer_error(
            start, request.protocol, status=404, code="NotFoundException", message="Invalid API identifier"
        )
    api.tags = {**(api.tags or {}), **request.parameters.get("tags", {})}
    return answer(start, 204)


def _response(given: Any) -> dict[str, Any]:
    return {
        "statusCode": given.status_code,
        "responseParameters": given.response_parameters or {},
        "responseTemplates": given.response_templates or {},
    }


def _read(environ: dict[str, Any]) -> Document | None:
    text = environ["wsgi.input"].read()
    environ["wsgi.input"].seek(0)
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "paths" in found else None


def _replace(environ: dict[str, Any], document: Document) -> None:
    body = json.dumps(document).encode()
    environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _as_openapi_3(document: Document) -> Document:
    if document.get("swagger") != "2.0":
        return document
    told = {name: value for name, value in document.items() if name not in ("swagger", "definitions")}
    told["openapi"] = "3.0.1"
    told["info"] = {"description": "", **document["info"]}
    told["components"] = {"schemas": document.get("definitions", {})}
    text = json.dumps(told).replace("#/definitions/", "#/components/schemas/")
    found: Document = json.loads(text)
    return found


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _backend(region: str) -> Any:
    return get_backend("apigateway")[ACCOUNT][region]
