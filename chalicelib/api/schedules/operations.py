"""Operations of schedules, as the OpenAPI document describes them. Never imported by the Lambda."""

from typing import Any

from benchfleet_contract import schedules
from benchfleet_contract.message import Message

from chalicelib.api.endpoint import ADMIN, ANYONE
from chalicelib.api.openapi_operation import BUSY, Operation
from chalicelib.api.runs.schema import EXAMPLE as RUN
from chalicelib.domain import errors

SCHEDULE_BODY = "NewSchedule"
EXAMPLE: dict[str, Any] = {
    "name": "nightly",
    "expression": "cron(0 3 * * ? *)",
    "time_zone": "Europe/Berlin",
    "overlap": "skip",
    "notify": [{"on": ["failure", "regression"], "webhook": "https://ci.example.com/hooks/benchfleet"}],
    "run": {key: value for key, value in RUN.items() if key != "run_id"},
}
_NOTIFY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "on": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": [*schedules.EVENTS]},
            "description": "All where it is left out.",
        },
        "sns": {
            "type": "string",
            "description": "ARN of a topic whose name begins with that of the stack (benchfleet-dev).",
        },
        "webhook": {"type": "string", "format": "uri", "pattern": "^https://"},
        "secret": {
            "type": "string",
            "description": "Parameter with the signing secret; one is made where it is left out.",
        },
    },
    "oneOf": [{"required": ["sns"]}, {"required": ["webhook"]}],
}
NEW_SCHEDULE: dict[str, Any] = {
    "title": SCHEDULE_BODY,
    "type": "object",
    "required": ["name", "expression", "run"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "pattern": "^(?!.*[.]json$)[A-Za-z0-9][A-Za-z0-9._-]{0,47}$"},
        "expression": {
            "type": "string",
            "maxLength": 256,
            "description": "`cron(…)`, `rate(…)` or `at(…)` of EventBridge Scheduler, that fires at some time to come.",
        },
        "time_zone": {"type": "string", "default": "UTC", "description": "A name of the IANA database."},
        "overlap": {
            "enum": ["skip", "queue", "allow"],
            "default": "skip",
            "description": "What happens when the run before has not ended: none is made, one waits, or both run.",
        },
        "notify": {"type": ["array", "null"], "maxItems": 10, "items": _NOTIFY},
        "run": {
            "$ref": "#/components/schemas/NewRun",
            "description": "Without `run_id`: each run gets one of its own.",
        },
    },
}
OPERATIONS = [
    Operation(
        "post", "/schedules", "createSchedule", "Make a schedule of runs. The same body again gives the same schedule.",
        ADMIN, schedules.CreatedSchedule, 201, SCHEDULE_BODY, EXAMPLE,
        refusals=(errors.InvalidSchedule, errors.TooLarge, errors.ScheduleExists, errors.TooManySchedules, *BUSY),
    ),
    Operation(
        "get", "/schedules", "listSchedules", "All schedules by name, with their next and their last firing.",
        ANYONE, schedules.ScheduleList, refusals=BUSY,
    ),
    Operation(
        "get", "/schedules/{schedule}", "showSchedule", "A schedule with its next five and its newest 50 firings.",
        ANYONE, schedules.ScheduleDetail, refusals=(errors.ScheduleNotFound, *BUSY),
    ),
    Operation(
        "delete", "/schedules/{schedule}", "deleteSchedule",
        "Delete a schedule; its runs stay. Nobody is shown it from the first answer on; ask again until 404.",
        ADMIN, Message, 202, refusals=(errors.ScheduleNotFound, *BUSY),
    ),
    Operation(
        "post", "/schedules/{schedule}/run-now", "runScheduleNow",
        "Fire a schedule beside its times. The same token again is the same firing.",
        ADMIN, schedules.Firing, 202, schedules.RunNow, {"token": "b0a7"},
        refusals=(errors.BadRequest, errors.TooLarge, errors.ScheduleNotFound, *BUSY),
    ),
]  # fmt: skip
