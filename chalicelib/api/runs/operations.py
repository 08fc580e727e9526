"""Operations of runs, as the OpenAPI document describes them. Never imported by the Lambda."""

from benchfleet_contract import launches, limits, runners, runs, summary, tasks
from benchfleet_contract.message import Message
from benchfleet_contract.problems import CODES_HEADER
from benchfleet_contract.states import TaskStatus

from chalicelib.api.endpoint import ADMIN, ANYONE, RUNNER
from chalicelib.api.openapi_operation import BUSY, PAGE_WORDS, Operation, Refusals, query, runs_cursor, whole
from chalicelib.api.runs.schema import EXAMPLE
from chalicelib.domain import errors

RUN_BODY = "NewRun"  # the schema of a body that is no contract model
_OUR_CODES = {
    "name": CODES_HEADER,
    "in": "header",
    "required": False,
    "description": "`1` asks for our own statuses: `run_exists` is then 409, and 400 without it, or with anything else.",
    "schema": {"type": "string"},
    "example": "1",
}
_TASKS_CURSOR = query("cursor", PAGE_WORDS, type="string", pattern="^0{0,9}[0-9]{1,9}$")
_LIMIT = whole("limit", "Tasks a page.", limits.MAX_TASKS_PAGE, default=limits.TASKS_PAGE)
_FILTERS = (
    query("provider", "Only tasks for this provider.", type="string"),
    query("instance_type", "Only tasks for this instance type.", type="string"),
    query("subject", "Only tasks of this subject.", type="string"),
    query(
        "status", "Only tasks in this state; empty for any. A page may then be short, or empty, and still have a `next_cursor`.",
        type="string", enum=[*TaskStatus, ""],
    ),
)  # fmt: skip


def _runs() -> list[Operation]:
    creation: Refusals = (errors.InvalidRun, errors.TooLarge, errors.RunExists, *BUSY)
    return [
        *(
            Operation(
                "post", path, name, "Create a run with all its tasks, or nothing. The same body again gives the same run.",
                ADMIN, runs.CreatedRun, 201, RUN_BODY, EXAMPLE, query=(_OUR_CODES,), refusals=creation,
            )
            for path, name in (("/runs", "createRun"), ("/run", "createRunByPlanName"), ("/run/start", "startRunByPlanName"))
        ),
        Operation(
            "get", "/runs", "listRuns", f"The newest {limits.RUNS_PAGE} runs, newest first.", ANYONE, runs.RunList,
            query=(runs_cursor(),), refusals=(errors.BadRequest, *BUSY),
        ),
        *(
            Operation(
                "get", path, name, "A run with its counters; `gzip_url` is signed anew and needs no redirect.",
                ANYONE, runs.RunDetail, refusals=(errors.RunNotFound, *BUSY),
            )
            for path, name in (("/runs/{run_id}", "showRun"), ("/run/{run_id}", "showRunByPlanName"))
        ),
        Operation(
            "get", "/runs/{run_id}/summary", "showSummary",
            "The rankings of a run whose archive is ready; `summary_not_found` says why there are none yet.",
            ANYONE, summary.RunSummary, refusals=(errors.RunNotFound, errors.SummaryNotFound, *BUSY),
        ),
        *(
            Operation(
                "post", path, name, "End a run early; its open tasks are cancelled.",
                ADMIN, Message, refusals=(errors.RunNotFound, errors.RunNotRunning, *BUSY),
            )
            for path, name in (("/runs/{run_id}/stop", "stopRun"), ("/run/{run_id}/stop", "stopRunByPlanName"))
        ),
        Operation(
            "delete", "/runs/{run_id}", "deleteRun",
            "Delete a run with its archive and uploads. Nobody is shown the run from the first answer on; ask again until 404.",
            ADMIN, Message, 202, refusals=(errors.RunNotFound, errors.RunNotOver, *BUSY),
        ),
        Operation(
            "get", "/runs/{run_id}/tasks", "listTasks", "The tasks of a run, in order.", ANYONE, tasks.TaskList,
            query=(*_FILTERS, _TASKS_CURSOR, _LIMIT), refusals=(errors.BadRequest, errors.RunNotFound, *BUSY),
        ),
        Operation(
            "get", "/runs/{run_id}/runners", "listRunners", "Who works on a run, who waits for it, who was there.",
            ANYONE, runners.RunnerList, refusals=(errors.RunNotFound, *BUSY),
        ),
        Operation(
            "get", "/runs/{run_id}/launches", "listLaunches",
            "The machines that the control plane brings for a run: what became of each, and what it costs.",
            ANYONE, launches.LaunchList, refusals=(errors.RunNotFound, *BUSY),
        ),
        Operation(
            "post", "/runs/{run_id}/launches/{name}", "reportLaunch", "A machine says how far it is.", RUNNER, Message,
            body=launches.LaunchReport, example={"phase": "image", "message": "pulling"},
            refusals=(errors.BadRequest, errors.TooLarge, errors.RunNotFound, errors.LaunchNotFound, *BUSY),
        ),
    ]  # fmt: skip


OPERATIONS = _runs()
