"""Replies that no contract model describes exactly, as JSON Schema. Never imported by the Lambda.

A claim is answered in one of three shapes, and a refusal says `problems` and `cancel` only where there are some.
"""

from typing import Any

Schema = dict[str, Any]
_SCHEMAS = "#/components/schemas/"
_TEXT: Schema = {"type": "string"}


def _object(words: str, required: Schema, optional: Schema | None = None) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}),
        "description": words,
    }


_ERROR: Schema = {
    "error": {
        "anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}],
        "description": "For people, in the reference system's words where it has some.",
    },
    "code": _TEXT | {"description": "For programs; never changes."},
}
_PROBLEMS: Schema = {
    "problems": {
        "type": "array",
        "items": {"$ref": f"{_SCHEMAS}Problem"},
        "minItems": 1,
        "description": "Everything that is wrong with the body, where it was read to its end.",
    }
}
_CANCEL: Schema = {"cancel": {"const": True, "description": "Stop the work and drop its result."}}
_LATE_WORDS = "A late call. It changed nothing; a repeat of the accepted outcome is never answered with this."
_MESSAGE: Schema = {"message": _TEXT}

_DETAILS: Schema = {
    "type": "array",
    "items": _object(
        "One thing wrong with a body.", {"field": _TEXT, "problem": _TEXT}, {"index": {"type": "integer"}}
    ),
}

REPLIES: dict[str, Schema] = {
    "ErrorReply": _object("A refusal.", _ERROR, _PROBLEMS),
    "LateReply": _object(_LATE_WORDS, _ERROR | _CANCEL),
    "NumberedReply": _object(
        "A refusal of the registry, or of the API before it came there.",
        _ERROR | {"code": {"type": ["integer", "string"], "description": "For programs: the registry's are numbers."}},
        {"name": _TEXT, "details": _DETAILS, "generation": {"type": "integer"}},
    ),
    "ClaimReply": {
        "oneOf": [{"$ref": f"{_SCHEMAS}{name}"} for name in ("Assigned", "Wait", "Done")],
    },
    "Assigned": _object(
        "A task, and where its files go.",
        {
            "status": {"const": "assigned"},
            "task": {"$ref": f"{_SCHEMAS}AssignedTask"},
            "presigned_urls": {"$ref": f"{_SCHEMAS}UploadUrls"},
        },
        {
            "attempt_token": _TEXT
            | {"description": "Where it was asked for: the bearer of all that is said of this task."}
        },
    ),
    "Wait": _object(
        "No task now; ask again.",
        {"status": {"const": "wait"}, "retry_after_seconds": {"type": "integer", "minimum": 0}},
        _MESSAGE,
    ),
    "Done": _object("No task will come.", {"status": {"const": "done"}}, _MESSAGE),
    "Up": _object("The API is there.", {"status": {"const": "up"}}),
    "Document": _object(
        "An OpenAPI document.",
        {"openapi": {"const": "3.1.0"}, "info": {"type": "object"}, "paths": {"type": "object"}},
        {name: {} for name in ("servers", "security", "components")},
    ),
}
