"""Operations of tasks, as the OpenAPI document describes them. Never imported by the Lambda."""

from benchfleet_contract import limits, runners, tasks
from benchfleet_contract.message import Message
from benchfleet_contract.tasks import ATTEMPT

from chalicelib.api.endpoint import ANYONE, RUNNER
from chalicelib.api.openapi_operation import BUSY, Operation, Refusals, query, whole
from chalicelib.domain import errors

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
_DIGEST = "^[0-9a-fA-F]{64}$"
_UPLOAD = (
    query("runner_id", "Who holds the lease.", required=True, type="string"),
    query("attempt", "The attempt that the lease belongs to.", type="integer", **ATTEMPT),
    whole("result_bytes", "Length of the result; needs result_sha256.", limits.MAX_UPLOAD_BYTES),
    query("result_sha256", "SHA-256 of the result in hexadecimal.", type="string", pattern=_DIGEST),
    whole("error_bytes", "Length of the error archive instead; needs error_sha256.", limits.MAX_UPLOAD_BYTES),
    query("error_sha256", "SHA-256 of the error archive in hexadecimal.", type="string", pattern=_DIGEST),
)


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
            "post", "/tasks/{task_id}/complete", "completeTask", "End a task with its result.", RUNNER, Message,
            body=tasks.CompleteRequest, example=_DONE, refusals=refusals,
        ),
        Operation(
            "post", "/tasks/{task_id}/fail", "failTask", "End a task with the reason why there is no result.", RUNNER,
            Message, body=tasks.FailRequest, example=_FAILED, refusals=refusals,
        ),
        Operation(
            "get", "/tasks/{task_id}/upload-urls", "signUploads",
            "Fresh upload URLs; bound to length and checksum where these are declared.", RUNNER, tasks.UploadUrls,
            query=_UPLOAD, refusals=(errors.BadRequest, *LATE, *BUSY),
        ),
    ]  # fmt: skip


OPERATIONS = [*_claims(), *_tasks()]
