"""Routes of tasks: runners claim, keep and end them; anybody looks at one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from benchfleet_contract.message import Message
from benchfleet_contract.tasks import ClaimReply, HeartbeatReply, UploadUrls
from chalice.app import Blueprint, Response

from chalicelib.api import requests
from chalicelib.api.endpoint import ANY_TYPE, ANYONE, RUNNER, answer, answer_holder, body_of, query_of
from chalicelib.api.json_suffix import without_format
from chalicelib.api.runs.views import known
from chalicelib.domain.errors import BadRequest
from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.ports import Holder, Verdict
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
        services().tasks.finish(*address, verdict)
        return Message(message=said)

    return answer_holder(tasks.current_request, end)


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
