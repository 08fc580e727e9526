"""Tasks: claiming them, keeping them, ending them."""

from typing import Any, Literal

from pydantic import Field

from benchfleet_contract import limits
from benchfleet_contract.document import Document
from benchfleet_contract.states import FailureClass, HeartbeatStatus, ResultState, TaskStatus

# What the control plane takes, for the OpenAPI document. It is the one that checks it, in its own words.
ATTEMPT: dict[str, Any] = {"minimum": 1, "maximum": limits.MAX_ATTEMPT_NUMBER}
GENERATION: dict[str, Any] = {"minimum": 0, "maximum": 2**53}
ACTIVE: dict[str, Any] = {"minimum": 0, "maximum": limits.MAX_ACTIVE}
_NAME: dict[str, Any] = {"minLength": 1, "maxLength": limits.MAX_RUNNER_ID_CHARS}
_TOKEN: dict[str, Any] = {"maxLength": limits.MAX_TOKEN_CHARS, "pattern": r"^[\x00-\x7f]*$"}
_KEY: dict[str, Any] = {"minLength": 1, "maxLength": limits.MAX_KEY_CHARS}
_SHA256: dict[str, Any] = {"pattern": "^([0-9a-fA-F]{64})?$"}
_SAID: dict[str, Any] = {"minLength": 1}


class Task(Document):
    """A task as `GET /runs/{id}/tasks` tells it. Times are ISO 8601 UTC with whole seconds and `Z`."""

    id: str
    provider: str
    instance_type: str
    instance_type_alias: str | None
    run_number: int
    status: TaskStatus
    runner_id: str | None
    claimed_at: str | None
    heartbeat_at: str | None
    heartbeat_status: HeartbeatStatus | None
    heartbeat_message: str | None
    current_benchmark: str | None
    progress_pct: int | None
    error_type: str | None
    error_message: str | None
    failure_class: FailureClass | None
    reason: str | None
    attempt: int
    max_attempts: int
    lease_until: str | None
    ended_at: str | None
    result_key: str | None
    error_key: str | None
    result: ResultState | None = None  # what the archive found wrong with the upload; None: nothing, or not yet looked
    result_reason: str | None = None  # and why
    subject: str | None = None  # what is compared, in a run that names subjects
    part: str | None = None  # which piece of the work, such as `2/3`, in a run with shards


class TaskList(Document):
    run_id: str
    tasks: list[Task]
    next_cursor: str | None = None


class ClaimRequest(Document):
    """Body of `POST /runs/{id}/tasks/claim`.

    `claim_token` names this one request for a task: a copy with the same token gets the same task, not another one, and none
    once that has ended. `retry: true` says that a reply was lost. `attempt_token: true` asks for a token that speaks for this
    attempt alone; from then on no key that all runners share is taken for it.

    `executor_id` and `generation` are those of a runner that announced itself: it is also given tasks that demand a model that it
    has, and nothing once another process took it over. `active` is how many tasks it is at.
    """

    provider: str = Field(json_schema_extra=_NAME)
    instance_type: str = Field(json_schema_extra=_NAME)
    runner_id: str = Field(json_schema_extra=_NAME)
    claim_token: str | None = Field(default=None, json_schema_extra=_TOKEN)
    retry: bool = False
    attempt_token: bool = False
    executor_id: str | None = Field(default=None, json_schema_extra=_NAME)
    generation: int | None = Field(default=None, json_schema_extra=GENERATION)
    active: int | None = Field(default=None, json_schema_extra=ACTIVE)


class AnyClaimRequest(Document):
    """Body of `POST /claim`: a task of any running run that fits. Empty `workloads` means that all are fine."""

    provider: str = Field(json_schema_extra=_NAME)
    instance_type: str = Field(json_schema_extra=_NAME)
    runner_id: str = Field(json_schema_extra=_NAME)
    claim_token: str | None = Field(default=None, json_schema_extra=_TOKEN)
    retry: bool = False
    attempt_token: bool = False
    executor_id: str | None = Field(default=None, json_schema_extra=_NAME)
    generation: int | None = Field(default=None, json_schema_extra=GENERATION)
    active: int | None = Field(default=None, json_schema_extra=ACTIVE)
    workloads: list[str] = Field(default=[], json_schema_extra={"type": ["array", "null"]})


class AssignedTask(Document):
    """What a runner needs to know of its task.

    Options that are too large to come along are at `workload_options_url`, a presigned GET that is good for an hour;
    `workload_options` is empty then. They are the bytes `workload_options_range` (`"<first>-<last>"`) of what lies there:
    send `Range: bytes=<first>-<last>`, and take as many bytes of an answer with status 206.
    """

    id: str
    provider: str
    instance_type: str
    instance_type_alias: str | None
    run_number: int
    ruby_version: str | None
    run_id: str
    workload: str
    workload_options: dict[str, Any]
    attempt: int
    max_attempts: int
    lease_until: str
    next_heartbeat_in_s: float
    subject: str | None = None
    part: str | None = None
    image: str | None = None
    workload_options_url: str | None = None
    workload_options_range: str | None = None


class UploadUrls(Document):
    """Presigned PUTs. `required_headers` must be sent as they stand: they are part of the signature."""

    result_upload_url: str
    error_upload_url: str
    result_key: str
    error_key: str
    expires_at: str
    required_headers: dict[str, str] = {}


class ClaimReply(Document):
    """`assigned` comes with task and URLs; `wait` with `retry_after_seconds`; `done` means that nothing will come.

    `attempt_token`, where it was asked for, is the bearer of heartbeats, upload URLs and outcome. It ends with the lease.
    """

    status: Literal["assigned", "wait", "done"]
    task: AssignedTask | None = None
    presigned_urls: UploadUrls | None = None
    attempt_token: str | None = None
    retry_after_seconds: int | None = None
    message: str | None = None


class HeartbeatRequest(Document):
    """`attempt` fences: a runner that sends it can never renew somebody else's lease under its own name.

    With `executor_id` and a `heartbeat`, as `POST /executors/{id}/heartbeat` takes it, the executor's lease is renewed, too.
    """

    runner_id: str
    status: HeartbeatStatus
    message: str | None = None
    current_benchmark: str | None = None
    progress_pct: int | None = None
    attempt: int | None = Field(default=None, json_schema_extra=ATTEMPT)
    executor_id: str | None = None
    heartbeat: dict[str, Any] | None = None


class HeartbeatReply(Document):
    """`executor` is there where the executor's lease was renewed, too: what its own heartbeat is answered with."""

    message: str
    cancel: bool
    lease_until: str
    next_heartbeat_in_s: float
    executor: dict[str, Any] | None = Field(default=None, exclude_if=lambda value: value is None)


class CompleteRequest(Document):
    """`reason` names the benchmarks that failed while others gave results, and what is not whole.

    `result_sha256` (64 hexadecimal digits) is that of the upload: the archive takes nothing else for the result. Without it the
    control plane looks at what lies under the key when the task is completed.
    """

    runner_id: str
    s3_result_key: str = Field(json_schema_extra=_KEY)
    attempt: int | None = Field(default=None, json_schema_extra=ATTEMPT)
    reason: str | None = None
    result_sha256: str | None = Field(default=None, json_schema_extra=_SHA256)
    executor_id: str | None = None
    generation: int | None = Field(default=None, json_schema_extra=GENERATION)


class FailRequest(Document):
    """`error_sha256` is that of the upload under `s3_error_key`, as `result_sha256` is of a result."""

    runner_id: str
    error_type: str = Field(json_schema_extra=_SAID)
    error_message: str = Field(json_schema_extra=_SAID)
    s3_error_key: str | None = Field(default=None, json_schema_extra={"maxLength": limits.MAX_KEY_CHARS})
    debug_mode: bool | None = None
    attempt: int | None = Field(default=None, json_schema_extra=ATTEMPT)
    failure_class: FailureClass | None = None
    error_sha256: str | None = Field(default=None, json_schema_extra=_SHA256)
    executor_id: str | None = None
    generation: int | None = Field(default=None, json_schema_extra=GENERATION)
