"""Writes `openapi.json`, which the API serves: `python -m chalicelib.api.openapi_document` (or `make schema`).

Never imported by the Lambda, which only reads the file. Shapes come from the contract models, statuses from the table in
`endpoint.py`, so that the document cannot say anything else than the code.
"""

import json
import re
from pathlib import Path
from typing import Any

from benchfleet_contract.limits import MAX_BODY_BYTES
from benchfleet_contract.names import LAUNCH, RUN_ID, TASK_ID
from benchfleet_contract.problems import Problem
from benchfleet_contract.schedule_request import NAME
from benchfleet_contract.tasks import AssignedTask, UploadUrls
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from chalicelib.api.endpoint import ANYONE, status_of
from chalicelib.api.fleets import operations as of_fleets
from chalicelib.api.openapi_forms import form_of
from chalicelib.api.openapi_operation import Operation
from chalicelib.api.openapi_replies import REPLIES
from chalicelib.api.registry import operations as of_registry
from chalicelib.api.runs import operations as of_runs
from chalicelib.api.runs.schema import NAMED, NEW_RUN
from chalicelib.api.schedules import operations as of_schedules
from chalicelib.api.system import operations as of_system
from chalicelib.api.tasks import operations as of_tasks
from chalicelib.domain import errors

OPERATIONS = [
    *of_system.OPERATIONS,
    *of_runs.OPERATIONS,
    *of_tasks.OPERATIONS,
    *of_registry.OPERATIONS,
    *of_schedules.OPERATIONS,
    *of_fleets.OPERATIONS,
]
TARGET = Path(__file__).with_name("openapi.json")
VERSION = "1"
NO_CONTENT = 204
FORM = "application/x-www-form-urlencoded"
_SCHEMAS = "#/components/schemas/"
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_IDS = {
    "run_id": RUN_ID,
    "task_id": TASK_ID,
    "name": LAUNCH,
    "executor_id": _NAME,
    "reservation_id": _NAME,
    "schedule": NAME,
    "shard": re.compile("[1-9][0-9]{0,6}"),
    "path": re.compile("[!-~]{1,1024}"),
}
_SECURITY_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "A key with the role admin, runner or reader; or, for what is said of one task, the `attempt_token` that its claim was "
        "answered with. The key alone, without `Bearer `, is taken too."
    ),
}


class _Told(GenerateJsonSchema):
    """A reply tells all of its fields; those that have a default, too, but not those that are left out where there is none."""

    def field_is_required(self, field: Any, total: bool) -> bool:
        told = self.mode == "serialization" and "serialization_exclude_if" not in field
        return told or super().field_is_required(field, total)


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
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (Problem, "serialization"): None,
        (AssignedTask, "validation"): None,  # a claim's response leaves out what a task has not: a subject, say
        (UploadUrls, "serialization"): None,
    }
    bodies = [operation.body for operation in OPERATIONS if isinstance(operation.body, type)]
    for operation in OPERATIONS:
        if isinstance(operation.reply, type):
            wanted[operation.reply, "serialization"] = None
    wanted |= {(body, "validation"): None for body in bodies}
    _, made = models_json_schema(list(wanted), ref_template=f"{_SCHEMAS}{{model}}", schema_generator=_Told)
    forms = {_form_name(name): form_of(made["$defs"][name]) for name in _forms()}
    ours = {of_runs.RUN_BODY: NEW_RUN, of_schedules.SCHEDULE_BODY: of_schedules.NEW_SCHEDULE, **NAMED, **REPLIES}
    return dict(sorted({**made["$defs"], **forms, **ours}.items()))


def _forms() -> list[str]:
    return [each.body.__name__ for each in OPERATIONS if isinstance(each.body, type) and each.forms]


def _form_name(body: str) -> str:
    return f"{body}Form"


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
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^(?:{_IDS[name].pattern})$"},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _body(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.body, str):
        return {"required": True, "content": {"application/json": _content(operation.body, operation.example)}}
    name = operation.body.__name__ if operation.body else ""
    if not operation.forms:
        return {"required": True, "content": {"application/json": _content(name, operation.example)}}
    as_form = {
        f"{key}[]" if isinstance(value, list) else key: value for key, value in (operation.example or {}).items()
    }
    kinds = {"application/json": _content(name, operation.example), FORM: _content(_form_name(name), as_form)}
    return {"required": True, "content": kinds}


def _content(schema: str, example: dict[str, Any] | None) -> dict[str, Any]:
    return {"schema": {"$ref": _SCHEMAS + schema}, "example": example}


def _success(operation: Operation) -> dict[str, Any]:
    if operation.status == NO_CONTENT:
        return {"description": operation.summary}
    name = operation.reply if isinstance(operation.reply, str) else operation.reply.__name__
    return _answer(operation.summary, name)


def _refusals(operation: Operation) -> dict[str, Any]:
    gates = (errors.Unauthorized, errors.Forbidden) if operation.roles else ()
    by_status: dict[int, list[type[errors.Refusal]]] = {}
    for kind in (*gates, *operation.refusals):
        for status in dict.fromkeys((status_of(kind), status_of(kind, ours=True))):
            by_status.setdefault(status, []).append(kind)
    replies = {str(status): _refusal(status, kinds, operation.refusal) for status, kinds in sorted(by_status.items())}
    if operation.roles:
        replies["500"] = _answer("`internal_error`: our fault; the details are in the log.", "ErrorReply")
    return replies


def _refusal(status: int, kinds: list[type[errors.Refusal]], schema: str) -> dict[str, Any]:
    words = ", ".join(f"`{kind.code}`" for kind in dict.fromkeys(kinds))
    late = {errors.LeaseLost, errors.TaskFinished, errors.TaskCancelled} & set(kinds)
    reply = _answer(words, "LateReply" if late else schema)
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
