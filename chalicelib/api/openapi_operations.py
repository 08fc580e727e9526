"""Every operation of the API, in words: what it takes, what it answers, how it refuses. For the OpenAPI document only."""

from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract import identity, limits, runners, runs, tasks
from benchfleet_contract.names import RUN_ID
from benchfleet_contract.problems import CODES_HEADER
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import ATTEMPT
from pydantic import BaseModel

from chalicelib.api.endpoint import ADMIN, ANYONE, RUNNER
from chalicelib.api.openapi_bodies import EXAMPLE
from chalicelib.domain import errors

Refusals = tuple[type[errors.Refusal], ...]
RUN_BODY = "NewRun"  # the schema of a body that is no contract model
BUSY: Refusals = (errors.Unavailable,)
KEEPING: Refusals = (errors.TaskNotFound, errors.InvalidRunner, errors.LeaseLost, errors.TaskFinished)
LATE: Refusals = (*KEEPING, errors.TaskCancelled)

_CLAIM = {"provider": "aws", "instance_type": "c8g.medium", "runner_id": "runner-1", "claim_token": "b7Yk2w"}
_BEAT = {
    "runner_id": "runner-1",
    "status": "running",
    "current_benchmark": "optcarrot",
    "progress_pct": 40,
    "attempt": 1,
}
_KEY = "runs/2026-11-22-a/results/1/1-Zx81/result.tar.gz"
_DONE = {"runner_id": "runner-1", "s3_result_key": _KEY, "attempt": 1}
_FAILED = {"runner_id": "runner-1", "error_type": "benchmark_failed", "error_message": "exit 1", "attempt": 1}


@dataclass(frozen=True)
class Operation:
    """`roles` None: no key is needed. `query` holds OpenAPI parameters, headers too; path parameters follow from the path.

    Body and reply are contract models, or names of schemas in `openapi_bodies.py` and `openapi_replies.py`.
    """

    method: str
    path: str
    name: str
    summary: str
    roles: frozenset[str] | None
    reply: type[BaseModel] | str
    status: int = 200
    body: type[BaseModel] | str | None = None
    example: dict[str, Any] | None = None
    query: tuple[dict[str, Any], ...] = ()
    refusals: Refusals = field(default=())


def _query(name: str, words: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": words, "schema": schema}


def _whole(name: str, words: str, most: int, **more: Any) -> dict[str, Any]:
    return _query(name, words, type="integer", minimum=1, maximum=most, **more)


_OUR_CODES = {
    "name": CODES_HEADER,
    "in": "header",
    "required": False,
    "description": "`1` asks for our own statuses: `run_exists` is then 409, and 400 without it, or with anything else.",
    "schema": {"type": "string"},
    "example": "1",
}
_PAGE_WORDS = "`next_cursor` of the page before."
_RUNS_CURSOR = _query("cursor", _PAGE_WORDS, type="string", pattern=f"^[0-9]{{15}}#{RUN_ID.pattern}$")
_TASKS_CURSOR = _query("cursor", _PAGE_WORDS, type="string", pattern="^0{0,9}[0-9]{1,9}$")
_LIMIT = _whole("limit", "Tasks a page.", limits.MAX_TASKS_PAGE, default=limits.TASKS_PAGE)
_FILTERS = (
    _query("provider", "Only tasks for this provider.", type="string"),
    _query("instance_type", "Only tasks for this instance type.", type="string"),
    _query(
        "status", "Only tasks in this state; empty for any. A page may then be short, or empty, and still have a `next_cursor`.",
        type="string", enum=[*TaskStatus, ""],
    ),
)  # fmt: skip
_DIGEST = "^[0-9a-fA-F]{64}$"
_UPLOAD = (
    _query("runner_id", "Who holds the lease.", required=True, type="string"),
    _query("attempt", "The attempt that the lease belongs to.", type="integer", **ATTEMPT),
    _whole("result_bytes", "Length of the result; needs result_sha256.", limits.MAX_UPLOAD_BYTES),
    _query("result_sha256", "SHA-256 of the result in hexadecimal.", type="string", pattern=_DIGEST),
    _whole("error_bytes", "Length of the error archive instead; needs error_sha256.", limits.MAX_UPLOAD_BYTES),
    _query("error_sha256", "SHA-256 of the error archive in hexadecimal.", type="string", pattern=_DIGEST),
)


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
            query=(_RUNS_CURSOR,), refusals=(errors.BadRequest, *BUSY),
        ),
        *(
            Operation(
                "get", path, name, "A run with its counters; `gzip_url` is signed anew and needs no redirect.",
                ANYONE, runs.RunDetail, refusals=(errors.RunNotFound, *BUSY),
            )
            for path, name in (("/runs/{run_id}", "showRun"), ("/run/{run_id}", "showRunByPlanName"))
        ),
        *(
            Operation(
                "post", path, name, "End a run early; its open tasks are cancelled.",
                ADMIN, runs.Message, refusals=(errors.RunNotFound, errors.RunNotRunning, *BUSY),
            )
            for path, name in (("/runs/{run_id}/stop", "stopRun"), ("/run/{run_id}/stop", "stopRunByPlanName"))
        ),
        Operation(
            "delete", "/runs/{run_id}", "deleteRun",
            "Delete a run with its archive and uploads. Nobody is shown the run from the first answer on; ask again until 404.",
            ADMIN, runs.Message, 202, refusals=(errors.RunNotFound, errors.RunNotOver, *BUSY),
        ),
        Operation(
            "get", "/runs/{run_id}/tasks", "listTasks", "The tasks of a run, in order.", ANYONE, tasks.TaskList,
            query=(*_FILTERS, _TASKS_CURSOR, _LIMIT), refusals=(errors.BadRequest, errors.RunNotFound, *BUSY),
        ),
        Operation(
            "get", "/runs/{run_id}/runners", "listRunners", "Who works on a run, who waits for it, who was there.",
            ANYONE, runners.RunnerList, refusals=(errors.RunNotFound, *BUSY),
        ),
    ]  # fmt: skip


def _claims() -> list[Operation]:
    refusals: Refusals = (errors.BadRequest, errors.TooLarge, *BUSY)
    return [
        Operation(
            "post", "/runs/{run_id}/tasks/claim", "claimTask", "Ask for a task of this run.", RUNNER, "ClaimReply",
            body=tasks.ClaimRequest, example=_CLAIM, refusals=(errors.RunNotFound, *refusals),
        ),
        *(
            Operation(
                "post", path, name, "Ask for a task of any running run that fits; never `done`.", RUNNER,
                "ClaimReply", body=tasks.AnyClaimRequest, example=_CLAIM | {"workloads": ["ruby-bench"]},
                refusals=refusals,
            )
            for path, name in (("/claim", "claimAnyTask"), ("/tasks/claim", "claimAnyTaskByPlanName"))
        ),
    ]  # fmt: skip


def _tasks() -> list[Operation]:
    refusals: Refusals = (errors.BadRequest, errors.TooLarge, *LATE, *BUSY)
    return [
        Operation(
            "get", "/tasks/{task_id}", "showTask", "A task as its run's list shows it.", ANYONE, tasks.Task,
            refusals=(errors.TaskNotFound, *BUSY),
        ),
        Operation(
            "get", "/tasks/{task_id}/files", "taskFiles", "Downloads of what was accepted; the URLs are signed anew.",
            ANYONE, runners.TaskFiles, refusals=(errors.TaskNotFound, *BUSY),
        ),
        Operation(
            "post", "/tasks/{task_id}/heartbeat", "heartbeat", "Keep a task, and say how far it is.", RUNNER,
            tasks.HeartbeatReply, body=tasks.HeartbeatRequest, example=_BEAT, refusals=refusals,
        ),
        Operation(
            "post", "/tasks/{task_id}/complete", "completeTask", "End a task with its result.", RUNNER, runs.Message,
            body=tasks.CompleteRequest, example=_DONE, refusals=refusals,
        ),
        Operation(
            "post", "/tasks/{task_id}/fail", "failTask", "End a task with the reason why there is no result.", RUNNER,
            runs.Message, body=tasks.FailRequest, example=_FAILED, refusals=refusals,
        ),
        Operation(
            "get", "/tasks/{task_id}/upload-urls", "signUploads",
            "Fresh upload URLs; bound to length and checksum where these are declared.", RUNNER, tasks.UploadUrls,
            query=_UPLOAD, refusals=(errors.BadRequest, *LATE, *BUSY),
        ),
    ]  # fmt: skip


def _system() -> list[Operation]:
    return [
        Operation("get", "/up", "up", "Is the API there?", None, "Up"),
        Operation(
            "get", "/whoami", "whoAmI",
            "Who asks: the role of the key and what it may do. An unknown key is refused also where reading needs none.",
            ANYONE, identity.WhoAmI, refusals=BUSY,
        ),
        Operation("get", "/openapi.json", "openapi", "This document.", None, "Document"),
    ]  # fmt: skip


OPERATIONS = [*_system(), *_runs(), *_claims(), *_tasks()]
