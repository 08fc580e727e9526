"""Writes `openapi.json`, which the API serves: `python -m chalicelib.api.openapi_document` (or `make schema`).

Never imported by the Lambda, which only reads the file. Shapes come from the contract models, statuses from the table in
`endpoint.py`, so that the document cannot say anything else than the code.
"""

import json
import re
from pathlib import Path
from typing import Any

from benchfleet_contract.limits import MAX_BODY_BYTES
from benchfleet_contract.problems import ErrorReply
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from chalicelib.api.endpoint import ANYONE, status_of
from chalicelib.api.openapi_bodies import INSTANCE, NEW_RUN
from chalicelib.api.openapi_operations import OPERATIONS, RUN_BODY, Operation
from chalicelib.domain import errors

TARGET = Path(__file__).with_name("openapi.json")
VERSION = "1"
FORM = "application/x-www-form-urlencoded"
_SCHEMAS = "#/components/schemas/"
_LATE_REPLY: dict[str, Any] = {
    "allOf": [{"$ref": f"{_SCHEMAS}ErrorReply"}],
    "properties": {"cancel": {"const": True, "description": "Stop the work and drop its result."}},
    "description": "A late call. It changed nothing; a repeat of the accepted outcome is never answered with this.",
}
_SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "A key with the role admin, runner or reader; or, for what is said of one task, the `attempt_token` that its claim was "
        "answered with. The key alone, without `Bearer `, is taken too."
    ),
}


def document() -> dict[str, Any]:
    """The whole document, ready for JSON."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "benchfleet",
            "version": VERSION,
            "description": (
                "The control plane of benchmark runs. Execution is at least once, acceptance exactly once. Bodies may be "
                f"JSON or forms (nested as in `local[]=x&per_instance_type[tasks]=1`), of at most {MAX_BODY_BYTES} bytes. "
                "Times are ISO 8601 UTC."
            ),
            "license": {"name": "See the repository", "identifier": "LicenseRef-benchfleet"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {"bearer": _SECURITY_SCHEME}},
    }


def text() -> str:
    return json.dumps(document(), indent=1) + "\n"


def _schemas() -> dict[str, Any]:
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(ErrorReply, "validation"): None}
    for operation in OPERATIONS:
        if operation.reply:
            wanted[operation.reply, "serialization"] = None
        if isinstance(operation.body, type):
            wanted[operation.body, "validation"] = None
    _, schemas = models_json_schema(list(wanted), ref_template=f"{_SCHEMAS}{{model}}")
    ours = {RUN_BODY: NEW_RUN, "RunInstance": INSTANCE, "LateReply": _LATE_REPLY}
    return dict(sorted({**schemas["$defs"], **ours}.items()))


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": _who(operation),
        "security": _security(operation),
        "responses": {str(operation.status): _success(operation), **_refusals(operation)},
    }
    if parameters := [*_path_parameters(operation.path), *operation.query]:
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = _body(operation)
    return described


def _who(operation: Operation) -> str:
    if operation.roles is None:
        return "No key needed."
    public = " Needs no key where PUBLIC_READ is on." if operation.roles is ANYONE else ""
    return f"Roles: {', '.join(sorted(operation.roles))}.{public}"


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.roles is None:
        return []
    return [{"bearer": []}, {}] if operation.roles is ANYONE else [{"bearer": []}]


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", path)
    ]


def _body(operation: Operation) -> dict[str, Any]:
    name = operation.body if isinstance(operation.body, str) else operation.body.__name__ if operation.body else ""
    described = {"schema": {"$ref": _SCHEMAS + name}, "example": operation.example}
    kinds = ["application/json"] if operation.body == RUN_BODY else ["application/json", FORM]
    return {"required": True, "content": dict.fromkeys(kinds, described)}


def _success(operation: Operation) -> dict[str, Any]:
    schema = {"$ref": _SCHEMAS + operation.reply.__name__} if operation.reply else {"type": "object"}
    return {"description": operation.summary, "content": {"application/json": {"schema": schema}}}


def _refusals(operation: Operation) -> dict[str, Any]:
    gates = (errors.Unauthorized, errors.Forbidden) if operation.roles else ()
    by_status: dict[int, list[type[errors.Refusal]]] = {}
    for kind in (*gates, *operation.refusals):
        for status in dict.fromkeys((status_of(kind), status_of(kind, ours=True))):
            by_status.setdefault(status, []).append(kind)
    replies = {str(status): _refusal(status, kinds) for status, kinds in sorted(by_status.items())}
    if operation.roles:
        replies["500"] = _answer("`internal_error`: our fault; the details are in the log.", "ErrorReply")
    return replies


def _refusal(status: int, kinds: list[type[errors.Refusal]]) -> dict[str, Any]:
    words = ", ".join(f"`{kind.code}`" for kind in dict.fromkeys(kinds))
    late = {errors.LeaseLost, errors.TaskFinished, errors.TaskCancelled} & set(kinds)
    reply = _answer(words, "LateReply" if late else "ErrorReply")
    if status == status_of(errors.Unavailable):
        seconds = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        reply["headers"] = {"Retry-After": seconds}
    return reply


def _answer(words: str, schema: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/json": {"schema": {"$ref": _SCHEMAS + schema}}}}


def main() -> None:
    TARGET.write_text(text())


if __name__ == "__main__":
    main()
