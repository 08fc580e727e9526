"""Routes of runs."""

from typing import TYPE_CHECKING

from benchfleet_contract.limits import TASKS_PAGE
from benchfleet_contract.message import Message
from benchfleet_contract.names import LAUNCH, run_id_of
from benchfleet_contract.tasks import TaskList
from chalice.app import Blueprint, Response

from chalicelib.api.endpoint import ADMIN, ANY_TYPE, ANYONE, RUNNER, answer, body_of, query_of
from chalicelib.api.json_suffix import without_format
from chalicelib.api.requests import read_launch_report, read_page, read_runs_cursor, read_wanted
from chalicelib.domain.errors import LaunchNotFound, RunNotFound
from chalicelib.wiring import services

if TYPE_CHECKING:
    from benchfleet_contract.runs import CreatedRun

runs = Blueprint(__name__)


@runs.route("/runs", methods=["POST"], content_types=ANY_TYPE)
def create_run() -> Response:
    return answer(runs.current_request, ADMIN, _create, status=201)


@runs.route("/run", methods=["POST"], content_types=ANY_TYPE)
@runs.route("/run/start", methods=["POST"], content_types=ANY_TYPE)
def create_run_alias() -> Response:
    return answer(runs.current_request, ADMIN, _create, status=201)


@runs.route("/runs", methods=["GET"], content_types=ANY_TYPE)
def list_runs() -> Response:
    query = query_of(runs.current_request)
    return answer(runs.current_request, ANYONE, lambda: services().runs.read.newest(cursor=read_runs_cursor(query)))


@runs.route("/runs/{run_id}", methods=["GET"], content_types=ANY_TYPE)
def show_run(run_id: str) -> Response:
    return answer(runs.current_request, ANYONE, lambda: services().runs.read.detail(known(without_format(run_id))))


@runs.route("/run/{run_id}", methods=["GET"], content_types=ANY_TYPE)
def show_run_alias(run_id: str) -> Response:
    return answer(runs.current_request, ANYONE, lambda: services().runs.read.detail(known(without_format(run_id))))


@runs.route("/runs/{run_id}/summary", methods=["GET"], content_types=ANY_TYPE)
def show_summary(run_id: str) -> Response:
    return answer(runs.current_request, ANYONE, lambda: services().runs.read.summary(known(run_id)))


@runs.route("/runs/{run_id}/tasks", methods=["GET"], content_types=ANY_TYPE)
def list_tasks(run_id: str) -> Response:
    def page() -> TaskList:
        query = query_of(runs.current_request)
        after, limit = read_page(query)
        return services().runs.read.task_page(known(run_id), read_wanted(query), after=after, limit=limit)

    return answer(runs.current_request, ANYONE, page)


@runs.route("/runs/{run_id}/runners", methods=["GET"], content_types=ANY_TYPE)
def list_runners(run_id: str) -> Response:
    return answer(runs.current_request, ANYONE, lambda: services().tasks.read_runners(known(run_id)))


@runs.route("/runs/{run_id}/launches", methods=["GET"], content_types=ANY_TYPE)
def list_launches(run_id: str) -> Response:
    return answer(runs.current_request, ANYONE, lambda: services().machines.read(known(run_id)))


@runs.route("/runs/{run_id}/launches/{name}", methods=["POST"], content_types=ANY_TYPE)
def report_launch(run_id: str, name: str) -> Response:
    def report() -> Message:
        said = read_launch_report(body_of(runs.current_request))
        services().machines.report(known(run_id), _launch(name), said)
        return Message(message="Report received")

    return answer(runs.current_request, RUNNER, report)


@runs.route("/runs/{run_id}/stop", methods=["POST"], content_types=ANY_TYPE)
@runs.route("/run/{run_id}/stop", methods=["POST"], content_types=ANY_TYPE)
def stop_run(run_id: str) -> Response:
    def stop() -> Message:
        services().runs.stop(known(run_id))
        return Message(message="Run cancelled successfully")

    return answer(runs.current_request, ADMIN, stop)


@runs.route("/runs/{run_id}", methods=["DELETE"], content_types=ANY_TYPE)
def delete_run(run_id: str) -> Response:
    def delete() -> Message:
        services().runs.delete(known(without_format(run_id)))
        return Message(message="Run is being deleted")

    return answer(runs.current_request, ADMIN, delete, status=202)


def known(run_id: str) -> str:
    """Raises RunNotFound for what cannot be a run's id."""
    if run_id_of(run_id) is None:
        raise RunNotFound
    return run_id


def _launch(name: str) -> str:
    """Raises LaunchNotFound for what cannot be a launch's name."""
    if LAUNCH.fullmatch(name := without_format(name)) is None:
        raise LaunchNotFound
    return name


def _create() -> "CreatedRun":
    from chalicelib.services.runs.present import created  # what shows runs is not loaded at a start

    body = body_of(runs.current_request)
    run, tasks = services().runs.create.with_tasks(body, most=TASKS_PAGE)
    return created(run, tasks)
