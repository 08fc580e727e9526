"""Routes of tasks: runners claim, keep and end them; anybody looks at one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchfleet_contract.message import Message
from benchfleet_contract.tasks import ClaimReply, HeartbeatReply, UploadUrls
from chalice.app import Blueprint, Request, Response

from chalicelib.api import requests
from chalicelib.api.endpoint import ANY_TYPE, ANYONE, RUNNER, answer, answer_holder, body_of, query_of
from chalicelib.api.json_suffix import without_format
from chalicelib.api.runs.views import known
from chalicelib.domain.errors import BadRequest
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.ports import Beat, Holder, Verdict
from chalicelib.domain.records import ClaimRequest
from chalicelib.services.present import claimed
from chalicelib.wiring import services

tasks = Blueprint(__name__)


@tasks.route("/runs/{run_id}/tasks/claim", methods=["POST"], content_types=ANY_TYPE)
def claim_task(run_id: str) -> Response:
    def claim() -> ClaimReply:
        body = body_of(tasks.current_request)
        request = requests.read_claim_request(body, services().tasks.requests)
        once, retry = services().tasks.claim_once, requests.is_retry(body)
        if request.executor_id:
            named = known(run_id)
            claim_one = lambda one: once.of_run(named, one)  # noqa: E731
            return _claimed(run_id, request, lambda: _as_executor(tasks.current_request, request, claim_one, named))
        return _claimed(run_id, request, lambda: once.of_run(known(run_id), request, retry=retry))

    return answer(tasks.current_request, RUNNER, claim)


@tasks.route("/claim", methods=["POST"], content_types=ANY_TYPE)
@tasks.route("/tasks/claim", methods=["POST"], content_types=ANY_TYPE)
def claim_any() -> Response:
    def claim() -> ClaimReply:
        body = body_of(tasks.current_request)
        request = requests.read_claim_request(body, services().tasks.requests)
        workloads = requests.read_workloads(body)
        once, retry = services().tasks.claim_once, requests.is_retry(body)
        if request.executor_id:
            claim_one = lambda one: once.of_any(one, workloads=workloads)  # noqa: E731
            return _claimed(None, request, lambda: _as_executor(tasks.current_request, request, claim_one, None))
        return _claimed(None, request, lambda: once.of_any(request, workloads=workloads, retry=retry))

    return answer(tasks.current_request, RUNNER, claim)


@tasks.route("/tasks/{task_id}", methods=["GET"], content_types=ANY_TYPE)
def show_task(task_id: str) -> Response:
    named = without_format(task_id)
    return answer(tasks.current_request, ANYONE, lambda: services().runs.read.task(*requests.task_address(named)))


@tasks.route("/tasks/{task_id}/files", methods=["GET"], content_types=ANY_TYPE)
def task_files(task_id: str) -> Response:
    return answer(tasks.current_request, ANYONE, lambda: services().runs.read.files(*requests.task_address(task_id)))


@tasks.route("/tasks/{task_id}/heartbeat", methods=["POST"], content_types=ANY_TYPE)
def heartbeat(task_id: str) -> Response:
    def renew(holder: Holder) -> HeartbeatReply:
        address, body = requests.task_address(task_id), body_of(tasks.current_request)
        with _owner_first(address, body):
            beat = requests.read_beat(body, holder, services().clock())
        if body.get("executor_id"):
            return _renewed_both(address, beat, body)
        return services().tasks.renew_lease(*address, beat)

    return answer_holder(tasks.current_request, renew)


@tasks.route("/tasks/{task_id}/complete", methods=["POST"], content_types=ANY_TYPE)
def complete_task(task_id: str) -> Response:
    return _ended(task_id, requests.read_completion, said="Task marked as completed")


@tasks.route("/tasks/{task_id}/fail", methods=["POST"], content_types=ANY_TYPE)
def fail_task(task_id: str) -> Response:
    return _ended(task_id, requests.read_failure, said="Task marked as failed")


@tasks.route("/tasks/{task_id}/upload-urls", methods=["GET"], content_types=ANY_TYPE)
def upload_urls(task_id: str) -> Response:
    def sign(holder: Holder) -> UploadUrls:
        query = query_of(tasks.current_request)
        declared = requests.read_declared(query)
        mine = replace(holder, attempt=requests.attempt_of(query, holder))
        address, runner_id = requests.task_address(task_id), requests.runner_of(query)
        return services().tasks.sign_uploads(*address, runner_id=runner_id, holder=mine, declared=declared)

    return answer_holder(tasks.current_request, sign)


def _ended(task_id: str, read: Callable[[Mapping[str, Any], Holder, int], Verdict], *, said: str) -> Response:
    """`read` makes the verdict of a body, its sender and the server's time."""

    def end(holder: Holder) -> Message:
        address, body = requests.task_address(task_id), body_of(tasks.current_request)
        with _owner_first(address, body):
            verdict = read(body, holder, services().clock())
        if body.get("executor_id"):
            named, generation = str(body["executor_id"]), requests.generation_of(body)
            finish = lambda: services().tasks.finish(*address, verdict)  # noqa: E731
            services().tasks.work_as_executor.finish(*address, verdict, named, generation, finish)
        else:
            services().tasks.finish(*address, verdict)
        return Message(message=said)

    return answer_holder(tasks.current_request, end)


def _as_executor(
    asked: Request, request: ClaimRequest, claim: Callable[[ClaimRequest], Outcome], run_id: str | None
) -> Outcome:
    """The key was checked; its id says whose executor this may be."""
    from chalicelib.services.registry.who import Caller

    role, key_id = services().keyring.bearer(asked.headers.get("authorization"))
    caller, body = Caller(key_id, is_admin=role == "admin"), body_of(asked)
    active, retry = requests.read_active(body), requests.is_retry(body)
    claims = services().tasks.claim_as_executor
    if run_id is None:
        return claims.of_any(request, caller, claim, active=active, retry=retry)
    return claims.of_run(run_id, request, caller, claim, active=active, retry=retry)


def _renewed_both(address: tuple[str, int], beat: Beat, body: Mapping[str, Any]) -> HeartbeatReply:
    from benchfleet_contract.registry.executors import ExecutorHeartbeat

    from chalicelib.api.registry.bodies import read

    heartbeat = read(ExecutorHeartbeat, lambda: body.get("heartbeat") or {}, size=0)
    task = services().tasks.renew_lease.task(*address, beat)
    return services().tasks.work_as_executor.renew(task, str(body["executor_id"]), heartbeat)


def _claimed(run_id: str | None, request: ClaimRequest, claim: Callable[[], Outcome]) -> ClaimReply:
    """What makes tokens is asked for first: without it no task is taken for a request that wants one."""
    sign = services().keyring.signer() if request.bound else None
    outcome = services().tasks.note_runners(run_id, request, claim())
    return claimed(outcome, services().bucket.storage, sign)


@contextmanager
def _owner_first(address: tuple[str, int], body: Mapping[str, Any]) -> Iterator[None]:
    """A bad body is told only to the task's owner: 404 and 403 come before 400. A good one costs no extra read."""
    try:
        yield
    except BadRequest:
        services().tasks.check_owner(*address, runner_id=requests.runner_of(body))
        raise
